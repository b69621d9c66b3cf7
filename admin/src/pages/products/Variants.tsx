import { ActionIcon, Badge, Button, Menu, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import type { Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog, useFrozen } from '../../ui/dialog';
import { MoneyInput, QuantityInput } from '../../ui/inputs';
import { Panel } from '../../ui/page';
import { StatusBadge } from '../../ui/status';
import { CodeText, Money, Quantity } from '../../ui/values';
import type { Product } from '../stock/level';
import { isFilled } from '../stock/stock-dialogs';
import classes from './products.module.css';

const t = texts.stock;
type Variant = Product['variants'][number];
type ChangedSize = Schemas['ChangedSizeRequest'];

interface VariantsProps {
  product: Product;
}

/** The sizes of a product with their prices. A product without sizes gets its first one here too. */
export function Variants({ product }: VariantsProps) {
  const canWrite = useCan()('products:write');
  const [dialog, setDialog] = useState<{ kind: 'add' } | { kind: 'edit' | 'status'; variant: Variant } | null>(null);
  const close = () => setDialog(null);
  if (!product.has_sizes) return null;
  return (
    <Panel
      title={t.variants}
      isFlush
      action={
        canWrite && (
          <Button variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setDialog({ kind: 'add' })}>
            {t.addSize}
          </Button>
        )
      }
    >
      <ul className={classes.variants}>
        {product.variants.map((variant) => (
          <li key={variant.id}>
            <div className={classes.variantName}>
              <strong>{variant.size}</strong> <CodeText>{variant.sku}</CodeText>
              <div className={classes.variantFacts}>
                {t.available} <Quantity value={variant.available_quantity} />
                {variant.min_stock_level !== null && (
                  <>
                    {' · '}
                    {t.minimum} <Quantity value={variant.min_stock_level} />
                  </>
                )}
              </div>
            </div>
            {variant.status === 'archived' ? (
              <Badge color="gray">{texts.status.product.archived}</Badge>
            ) : (
              variant.stock_status !== 'in_stock' && <StatusBadge of="stock" status={variant.stock_status} />
            )}
            <Money amount={variant.price} />
            {canWrite && <VariantMenu variant={variant} onChoose={(kind) => setDialog({ kind, variant })} />}
          </li>
        ))}
      </ul>
      {dialog?.kind === 'add' && <SizeDialog product={product} onClose={close} />}
      {dialog?.kind === 'edit' && <SizeDialog product={product} variant={dialog.variant} onClose={close} />}
      {dialog?.kind === 'status' && <SizeStatusDialog product={product} variant={dialog.variant} onClose={close} />}
    </Panel>
  );
}

function VariantMenu({ variant, onChoose }: { variant: Variant; onChoose: (kind: 'edit' | 'status') => void }) {
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon size="md" aria-label={t.editSize(variant.size ?? '')}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => onChoose('edit')}>{t.editProduct}</Menu.Item>
        <Menu.Item onClick={() => onChoose('status')}>{variant.status === 'archived' ? t.sizeOn : t.sizeOff}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Adds a size, or edits one. Only what was changed is sent. */
function SizeDialog({ product, variant, onClose }: VariantsProps & { variant?: Variant; onClose: () => void }) {
  const before = useFrozen({
    size: variant?.size ?? '',
    sku: variant?.sku ?? '',
    price: (variant && variant.price !== product.price ? variant.price : '') as number | string,
    min_stock_level: (variant?.min_stock_level ?? '') as number | string,
    barcode: variant?.barcode ?? '',
  });
  const form = useForm({ initialValues: { ...before, initial_stock: '' as number | string }, validate: { size: isFilled } });
  const write = useWrite('patch', '/inventory/products/{id}', { done: variant ? t.sizeSaved : t.sizeAdded });
  const names = ['size', 'sku', 'price', 'min_stock_level', 'barcode', 'initial_stock'];
  const request = (values: typeof form.values) => {
    const changes: Record<string, unknown> = { size: values.size.trim() };
    for (const name of ['sku', 'price', 'min_stock_level', 'barcode'] as const) {
      if (values[name] === before[name]) continue;
      // A SKU cannot be cleared: an empty one is the one that the server makes.
      if (values[name] !== '' || name !== 'sku') changes[name] = values[name] === '' ? null : values[name];
    }
    if (!variant && values.initial_stock !== '') changes.initial_stock = values.initial_stock;
    return { params: { path: { id: String(product.id) } }, body: { sizes: [changes as ChangedSize] } };
  };
  return (
    <FormDialog
      title={variant ? t.editSize(before.size) : t.addSize}
      form={form}
      write={write}
      submit={variant ? texts.common.save : t.addSize}
      fieldNames={Object.fromEntries(names.map((name) => [`sizes[0].${name}`, name]))}
      request={request}
      onClose={onClose}
    >
      {!variant && <TextInput label={t.size} required data-autofocus maxLength={50} {...form.getInputProps('size')} />}
      <TextInput label={t.sku} description={variant ? undefined : t.ownSkuHint} maxLength={100} {...form.getInputProps('sku')} />
      <MoneyInput label={t.ownPrice} description={t.ownPriceHint} data-autofocus={variant ? true : undefined} {...form.getInputProps('price')} />
      <QuantityInput label={t.ownMinimum} description={t.ownMinimumHint} {...form.getInputProps('min_stock_level')} />
      <TextInput label={t.barcode} maxLength={100} data-scan="field" {...form.getInputProps('barcode')} />
      {!variant && <QuantityInput label={t.initialStock} {...form.getInputProps('initial_stock')} />}
    </FormDialog>
  );
}

function SizeStatusDialog({ product, variant, onClose }: VariantsProps & { variant: Variant; onClose: () => void }) {
  const isOff = variant.status === 'archived';
  const size = variant.size ?? '';
  const write = useWrite('patch', '/inventory/products/{id}', { done: t.sizeSaved });
  return (
    <ConfirmDialog
      title={isOff ? t.sizeOnTitle(size) : t.sizeOffTitle(size)}
      write={write}
      request={{
        params: { path: { id: String(product.id) } },
        body: { sizes: [{ size, status: isOff ? ('active' as const) : ('archived' as const) }] },
      }}
      confirm={isOff ? t.sizeOn : t.sizeOff}
      isDangerous={!isOff}
      onClose={onClose}
    >
      {isOff ? t.sizeOnText : t.sizeOffText}
    </ConfirmDialog>
  );
}
