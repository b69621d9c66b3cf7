import { ActionIcon, Badge, Button, Select, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { findCode } from '../../api/scan';
import { useCan } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { useOpenScanned, useScan } from '../../shell/scanner';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { QuantityInput } from '../../ui/inputs';
import { Panel } from '../../ui/page';
import { ErrorNote } from '../../ui/states';
import { CodeText } from '../../ui/values';
import type { Product } from '../stock/level';
import { isFilled, isNumber } from '../stock/stock-dialogs';
import classes from './products.module.css';

const t = texts.stock;
type Barcode = Schemas['BarcodeResponse'];

/** The barcodes of a product. A code that is scanned here and is nobody's is proposed as a new one. */
export function Barcodes({ product }: { product: Product }) {
  const { quantity } = useFormats();
  const canWrite = useCan()('products:write');
  const barcodes = api.useQuery('get', '/inventory/products/{id}/barcodes', {
    params: { path: { id: String(product.id) }, query: { limit: 100 } },
  });
  const [adding, setAdding] = useState<string | null>(null);
  const [removing, setRemoving] = useState<Barcode | null>(null);
  const items = barcodes.data?.items ?? [];
  return (
    <Panel
      title={t.barcodes}
      action={
        canWrite && (
          <Button variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setAdding('')}>
            {t.addBarcode}
          </Button>
        )
      }
    >
      {canWrite && <ProposeScanned isBusy={adding !== null} onNew={setAdding} />}
      {barcodes.error && <ErrorNote error={barcodes.error} retry={() => void barcodes.refetch()} />}
      {barcodes.data && items.length === 0 && (
        <Text size="sm" c="dimmed">
          {t.barcodesNone}
        </Text>
      )}
      <ul className={classes.codes}>
        {items.map((barcode) => (
          <li key={barcode.code}>
            <CodeText>{barcode.code}</CodeText>
            {product.has_sizes && <Badge color="gray">{barcode.size ?? t.allSizes}</Badge>}
            {barcode.units > 1 && <Badge>{t.caseOf(quantity(barcode.units))}</Badge>}
            {barcode.first && !product.has_sizes && <Badge color="teal">{t.first}</Badge>}
            {canWrite && (
              <ActionIcon size="md" aria-label={t.removeBarcode(barcode.code)} onClick={() => setRemoving(barcode)}>
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      {adding !== null && <AddDialog product={product} code={adding} onClose={() => setAdding(null)} />}
      {removing && <RemoveDialog product={product} barcode={removing} onClose={() => setRemoving(null)} />}
    </Panel>
  );
}

/** Takes scans of unknown codes. A known code opens what it names, as everywhere. */
function ProposeScanned({ isBusy, onNew }: { isBusy: boolean; onNew: (code: string) => void }) {
  const open = useOpenScanned();
  useScan((code) => {
    if (isBusy) return false;
    void findCode(code)
      .then((found) => (found ? open(code) : onNew(code)))
      .catch(() => open(code));
    return true;
  });
  return null;
}

function AddDialog({ product, code, onClose }: { product: Product; code: string; onClose: () => void }) {
  const form = useForm({
    initialValues: { code, size: '', units: 1 as number | string },
    validate: { code: isFilled, units: isNumber, ...(product.has_sizes ? { size: isFilled } : {}) },
  });
  const write = useWrite('post', '/inventory/products/{id}/barcodes', { done: t.barcodeAdded });
  return (
    <FormDialog
      title={t.addBarcode}
      size="sm"
      form={form}
      write={write}
      submit={texts.common.add}
      onClose={onClose}
      request={(values) => ({
        params: { path: { id: String(product.id) } },
        body: { code: values.code.trim(), units: Number(values.units), ...(product.has_sizes ? { size: values.size } : {}) },
      })}
    >
      <TextInput label={t.code} required data-autofocus data-scan="field" maxLength={100} {...form.getInputProps('code')} />
      {product.has_sizes && (
        <Select
          label={t.size}
          required
          data={product.variants.flatMap(({ size }) => (size === null ? [] : [size]))}
          comboboxProps={{ shadow: 'md' }}
          {...form.getInputProps('size')}
        />
      )}
      <QuantityInput label={t.units} description={t.unitsHint} min={1} {...form.getInputProps('units')} />
    </FormDialog>
  );
}

function RemoveDialog({ product, barcode, onClose }: { product: Product; barcode: Barcode; onClose: () => void }) {
  const write = useWrite('delete', '/inventory/products/{id}/barcodes/{code}', { done: t.barcodeRemoved });
  return (
    <ConfirmDialog
      title={t.removeBarcode(barcode.code)}
      write={write}
      request={{ params: { path: { id: String(product.id), code: barcode.code } } }}
      confirm={texts.common.remove}
      isDangerous
      onClose={onClose}
    >
      {t.removeBarcodeText}
    </ConfirmDialog>
  );
}
