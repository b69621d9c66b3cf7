import { Button, Skeleton, Stack } from '@mantine/core';
import { useState } from 'react';

import { api } from '../../api/client';
import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Facts, PageHeader, Panel } from '../../ui/page';
import { usePathParam } from '../../ui/path';
import { ErrorNote, ErrorState } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { CodeText, DateTime } from '../../ui/values';
import { useLevelAction } from '../stock/LevelActions';
import { LevelTable } from '../stock/LevelTable';
import { useExplanation, type Product } from '../stock/level';
import { Barcodes } from './Barcodes';
import { Explanation } from './Explanation';
import { History } from './History';
import { ProductMovements } from './ProductMovements';
import { ActivateDialog, ArchiveDialog, EditProductDialog } from './product-dialogs';
import classes from './products.module.css';
import { Variants } from './Variants';

const t = texts.stock;

/** A product: what it is, where its units are, why, and how that came about. */
export default function ProductPage() {
  const id = usePathParam('id');
  const can = useCan();
  const product = api.useQuery('get', '/inventory/products/{id}', { params: { path: { id } } });
  const { data } = product;
  if (product.error && !data) {
    return (
      <>
        <PageHeader title={t.product} back={{ to: '/products', label: t.products }} />
        <ErrorState error={product.error} retry={() => void product.refetch()} />
      </>
    );
  }
  if (!data) return <LoadingProduct />;
  return (
    <>
      <Head product={data} />
      <div className={classes.columns}>
        <Stack gap="md">
          {can('inventory:read') && <Stock product={data} />}
          {can('inventory:read') && <History product={data} />}
        </Stack>
        <Stack gap="md">
          <Details product={data} />
          <Variants product={data} />
          <Barcodes product={data} />
        </Stack>
        {can('inventory:read') && <ProductMovements product={data} />}
      </div>
    </>
  );
}

function LoadingProduct() {
  return (
    <>
      <PageHeader title={t.product} back={{ to: '/products', label: t.products }} />
      <div className={classes.columns}>
        <Skeleton height={260} />
        <Skeleton height={260} />
      </div>
    </>
  );
}

function Head({ product }: { product: Product }) {
  const can = useCan();
  const [dialog, setDialog] = useState<'edit' | 'archive' | 'activate' | null>(null);
  const close = () => setDialog(null);
  const isArchived = product.status === 'archived';
  return (
    <>
      <PageHeader
        title={product.name}
        back={{ to: '/products', label: t.products }}
        badges={
          <>
            {isArchived && <StatusBadge of="product" status={product.status} />}
            <StatusBadge of="stock" status={product.stock_status} />
          </>
        }
        actions={
          can('products:write') && (
            <>
              <Button variant="default" onClick={() => setDialog(isArchived ? 'activate' : 'archive')}>
                {isArchived ? t.activate : t.archive}
              </Button>
              <Button onClick={() => setDialog('edit')}>{t.editProduct}</Button>
            </>
          )
        }
      >
        <CodeText>{product.sku}</CodeText>
        {product.category && ` · ${product.category}`}
        {product.brand && ` · ${product.brand}`}
      </PageHeader>
      {dialog === 'edit' && <EditProductDialog product={product} onClose={close} />}
      {dialog === 'archive' && <ArchiveDialog product={product} onClose={close} />}
      {dialog === 'activate' && <ActivateDialog product={product} onClose={close} />}
    </>
  );
}

function Stock({ product }: { product: Product }) {
  const explanation = useExplanation(product.id);
  const action = useLevelAction();
  const { data } = explanation;
  return (
    <>
      <Panel title={t.levelsPanel}>
        {explanation.error && <ErrorNote error={explanation.error} retry={() => void explanation.refetch()} />}
        {!data && !explanation.error && <Skeleton height={90} />}
        {data && <LevelTable label={t.levelsPanel} levels={data.levels} hasSizes={product.has_sizes} onAction={action.open} />}
      </Panel>
      {data && <Explanation explanation={data} hasSizes={product.has_sizes} />}
      {action.dialog}
    </>
  );
}

function Details({ product }: { product: Product }) {
  const { money, quantity, date } = useFormats();
  const can = useCan();
  return (
    <Panel title={t.facts}>
      <Facts
        facts={[
          [t.price, money(product.price)],
          [t.mrp, money(product.mrp)],
          ...(can('inventory:read') ? ([[t.cost, money(product.cost_price)]] as [string, string][]) : []),
          [t.unit, product.unit ?? texts.common.noValue],
          [t.minimum, quantity(product.min_stock_level)],
          [t.maximum, quantity(product.max_stock_level)],
          [t.createdOn, date(product.created_at)],
          [t.updatedOn, <DateTime key="updated" at={product.updated_at} />],
        ]}
      />
      {product.description && <p className={classes.description}>{product.description}</p>}
    </Panel>
  );
}

