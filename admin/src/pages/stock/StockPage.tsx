import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { api } from '../../api/client';
import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { Dialog } from '../../ui/dialog';
import { FilterBar, SearchField, SelectFilter, StatusTabs } from '../../ui/filters';
import { Link } from '../../ui/link';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { EmptyState, ErrorNote, LoadingPage } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { DataTable, type Column } from '../../ui/table';
import { CodeText, Quantity } from '../../ui/values';
import { pathTo } from '../paths';
import { ActionDialog, type LevelAction } from './LevelActions';
import { LevelTable } from './LevelTable';
import { useExplanation, type Level, type Product } from './level';
import classes from './stock.module.css';

const t = texts.stock;

/** The products by their stock, the lowest first. */
export default function StockPage() {
  const can = useCan();
  const list = useListState('/inventory/products', { filters: ['q', 'stock_status', 'category'], sort: 'stock' });
  const products = api.useQuery('get', '/inventory/products', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const summary = api.useQuery('get', '/inventory/summary', {}, { placeholderData: keepPreviousData });
  const [shown, setShown] = useState<Product | null>(null);
  const { data } = summary;

  return (
    <>
      <PageHeader title={t.title} />
      <div className="panel">
        <StatusTabs
          list={list}
          label={t.states}
          tabs={[
            { label: t.all, filters: {}, count: data?.total_products },
            { label: t.low, filters: { stock_status: 'low_stock' }, count: data?.low_stock },
            { label: t.out, filters: { stock_status: 'out_of_stock' }, count: data?.out_of_stock },
            { label: t.enough, filters: { stock_status: 'in_stock' }, count: data?.in_stock },
          ]}
        />
        <FilterBar>
          <SearchField list={list} label={t.searchProducts} />
          <CategoryFilter list={list} />
        </FilterBar>
        <DataTable
          label={t.title}
          query={products}
          list={list}
          columns={columnsOf(setShown)}
          rowKey={(product) => String(product.id)}
          rowLink={(product) => pathTo.product(product.id)}
          empty={
            <EmptyState
              title={t.none}
              hint={can('products:write') ? t.noneHint : undefined}
              action={
                can('products:write') && (
                  <Button component={Link} to="/products" leftSection={<IconPlus size={16} aria-hidden />}>
                    {t.newProduct}
                  </Button>
                )
              }
            />
          }
        />
      </div>
      {shown && <PlacesDialog product={shown} onClose={() => setShown(null)} />}
    </>
  );
}

/**
 * The categories that active products have. Only accounts with `inventory:read` may read them; others have the category of
 * the address, which they can take away.
 */
export function CategoryFilter({ list }: { list: ReturnType<typeof useListState> }) {
  const can = useCan();
  const summary = api.useQuery('get', '/inventory/summary', {}, { enabled: can('inventory:read'), placeholderData: keepPreviousData });
  const categories = (summary.data?.by_category ?? []).flatMap(({ category }) => (category === null ? [] : [category]));
  const chosen = list.value('category');
  const all = chosen && !categories.includes(chosen) ? [...categories, chosen] : categories;
  if (all.length === 0) return null;
  return <SelectFilter list={list} name="category" label={t.category} options={all.map((value) => ({ value, label: value }))} />;
}

/** The name of a product, with its SKU below. */
export function ProductName({ product }: { product: Pick<Product, 'name' | 'sku' | 'low_sizes'> }) {
  return (
    <>
      <span className={classes.name}>{product.name}</span>
      <span className={classes.sku}>
        <CodeText>{product.sku}</CodeText>
        {product.low_sizes.length > 0 && <span> · {t.lowSizes(product.low_sizes.join(', '))}</span>}
      </span>
    </>
  );
}

function columnsOf(show: (product: Product) => void): Column<Product>[] {
  return [
    { title: t.product, sort: 'name', cell: (product) => <ProductName product={product} /> },
    { title: t.status, phone: 'side', cell: (product) => <StatusBadge of="stock" status={product.stock_status} /> },
    { title: t.available, sort: 'stock', align: 'right', cell: (product) => <Quantity value={product.available_quantity} /> },
    { title: t.reserved, align: 'right', cell: (product) => <Quantity value={product.reserved_quantity} /> },
    { title: t.inStock, align: 'right', cell: (product) => <Quantity value={product.stock_quantity} /> },
    { title: t.minimum, align: 'right', cell: (product) => <Quantity value={product.min_stock_level} /> },
    { title: t.category, phone: 'hidden', cell: (product) => product.category ?? texts.common.noValue },
    {
      title: t.actions,
      align: 'right',
      phone: 'side',
      isInteractive: true,
      cell: (product) => (
        <Button variant="default" size="compact-sm" aria-label={t.levelsOf(product.name)} onClick={() => show(product)}>
          {t.byPlace}
        </Button>
      ),
    },
  ];
}

/** The levels of a product, and then the dialog of what is done with one of them. */
function PlacesDialog({ product, onClose }: { product: Product; onClose: () => void }) {
  const explanation = useExplanation(product.id);
  const [action, setAction] = useState<{ action: LevelAction; level: Level } | null>(null);
  if (action) return <ActionDialog {...action} onClose={onClose} />;
  return (
    <Dialog title={t.levelsOf(product.name)} size="xl" onClose={onClose}>
      {explanation.error ? (
        <ErrorNote error={explanation.error} retry={() => void explanation.refetch()} />
      ) : explanation.data ? (
        <LevelTable
          label={t.levelsOf(product.name)}
          levels={explanation.data.levels}
          hasSizes={product.has_sizes}
          onAction={(chosen, level) => setAction({ action: chosen, level })}
        />
      ) : (
        <LoadingPage />
      )}
    </Dialog>
  );
}
