import { Button } from '@mantine/core';
import { IconFileImport, IconPlus, IconTable } from '@tabler/icons-react';
import { useState } from 'react';

import { api } from '../../api/client';
import { useCan } from '../../api/session';
import { useShortcut } from '../../shell/shortcuts';
import { texts } from '../../texts';
import { FilterBar, SearchField, StatusTabs } from '../../ui/filters';
import { Link } from '../../ui/link';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { EmptyState } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { DataTable, type Column } from '../../ui/table';
import { Money, Quantity } from '../../ui/values';
import { pathTo } from '../paths';
import type { Product } from '../stock/level';
import { CategoryFilter, ProductName } from '../stock/StockPage';
import { NewProductDialog } from './NewProductDialog';

const t = texts.stock;

const COLUMNS: Column<Product>[] = [
  { title: t.product, sort: 'name', cell: (product) => <ProductName product={product} /> },
  { title: t.price, sort: 'price', align: 'right', phone: 'side', cell: (product) => <Money amount={product.price} /> },
  { title: t.available, sort: 'stock', align: 'right', cell: (product) => <Quantity value={product.available_quantity} /> },
  { title: t.status, phone: 'hidden', cell: (product) => <StatusBadge of="stock" status={product.stock_status} /> },
  { title: t.sizes, cell: (product) => (product.has_sizes ? product.variants.map(({ size }) => size).join(', ') : texts.common.noValue) },
  { title: t.category, cell: (product) => product.category ?? texts.common.noValue },
  { title: t.brand, phone: 'hidden', cell: (product) => product.brand ?? texts.common.noValue },
];

/** The catalogue: what is on sale, and what was archived. */
export default function ProductsPage() {
  const can = useCan();
  const list = useListState('/inventory/products', { filters: ['q', 'status', 'category'], sort: 'name' });
  const products = api.useQuery('get', '/inventory/products', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const [isMaking, setIsMaking] = useState(false);
  const canWrite = can('products:write');
  useShortcut({ keys: canWrite ? 'n' : null, label: t.newProduct, run: () => setIsMaking(true) });

  return (
    <>
      <PageHeader title={t.products} actions={canWrite && <Actions onMake={() => setIsMaking(true)} />} />
      <div className="panel">
        <StatusTabs
          list={list}
          label={t.productStates}
          tabs={[
            { label: t.onSale, filters: {} },
            { label: t.archivedTab, filters: { status: 'archived' } },
          ]}
        />
        <FilterBar>
          <SearchField list={list} label={t.searchProducts} />
          <CategoryFilter list={list} />
        </FilterBar>
        <DataTable
          label={t.products}
          query={products}
          list={list}
          columns={COLUMNS}
          rowKey={(product) => String(product.id)}
          rowLink={(product) => pathTo.product(product.id)}
          empty={<EmptyState title={t.none} hint={canWrite ? t.noneHint : undefined} />}
        />
      </div>
      {isMaking && <NewProductDialog onClose={() => setIsMaking(false)} />}
    </>
  );
}

function Actions({ onMake }: { onMake: () => void }) {
  return (
    <>
      <Button variant="default" component={Link} to="/products/import" leftSection={<IconFileImport size={16} aria-hidden />}>
        {t.import}
      </Button>
      <Button variant="default" component={Link} to="/products/edit" leftSection={<IconTable size={16} aria-hidden />}>
        {t.bulkEdit}
      </Button>
      <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={onMake}>
        {t.newProduct}
      </Button>
    </>
  );
}
