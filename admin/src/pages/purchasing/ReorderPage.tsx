import { Alert, Anchor, Button, Text } from '@mantine/core';
import { IconCircleCheck, IconShoppingCart } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog } from '../../ui/dialog';
import { FilterBar, SelectFilter } from '../../ui/filters';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { keepPreviousData, useListState, type ListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { usePageExists } from '../../ui/path';
import { useLocationName, useLocations } from '../../ui/places';
import { nameWithSize } from '../../ui/product';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { Day, Money, Quantity } from '../../ui/values';
import { SideFigure } from '../inbound/SideFigure';
import { pathTo } from '../paths';
import { useSuppliers } from './suppliers';

const t = texts.purchasing;

type Item = Schemas['ReorderResponse'];
type Made = Schemas['PurchaseOrderSummaryResponse'][];

/** What to order next, and one click that makes the drafts. */
export default function ReorderPage() {
  const can = useCan();
  const list = useListState('/inventory/reorder', { filters: ['supplier', 'location'], sort: '-needed' });
  const items = api.useQuery('get', '/inventory/reorder', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const locations = useLocations();
  const suppliers = useSuppliers();
  const [isAsking, setIsAsking] = useState(false);
  const [made, setMade] = useState<Made>([]);
  const hasSome = items.data?.items.some((item) => item.quantity > 0 && item.supplier_id !== null);
  const mayMake = can('purchasing:manage');

  return (
    <>
      <PageHeader
        title={t.reorder}
        actions={
          mayMake && (
            <Button leftSection={<IconShoppingCart size={16} aria-hidden />} disabled={!hasSome} onClick={() => setIsAsking(true)}>
              {t.makeOrders}
            </Button>
          )
        }
      >
        {t.reorderHint}
      </PageHeader>
      {made.length > 0 && <MadeNote made={made} />}
      <div className="panel">
        <FilterBar>
          <SelectFilter list={list} name="supplier" label={t.supplier} options={suppliers.map(({ id, name }) => ({ value: String(id), label: name }))} />
          <SelectFilter list={list} name="location" label={texts.common.location} options={locations.map(({ id, name }) => ({ value: String(id), label: name }))} />
        </FilterBar>
        <DataTable
          label={t.reorder}
          query={items}
          list={list}
          columns={useColumns()}
          rowKey={(item) => String(item.variant_id)}
          empty={<EmptyState title={t.nothingToOrder} hint={t.nothingToOrderHint} icon={<IconCircleCheck size={24} stroke={1.6} />} />}
        />
      </div>
      {isAsking && <MakeDialog list={list} onMade={setMade} onClose={() => setIsAsking(false)} />}
    </>
  );
}

function useColumns(): Column<Item>[] {
  const suppliers = useSuppliers();
  const exists = usePageExists();
  // Accounts without `purchasing:manage` may not read the names of suppliers, and the list has the first hundred.
  const supplierOf = ({ supplier_id }: Item) =>
    supplier_id === null ? null : (suppliers.find(({ id }) => id === supplier_id)?.name ?? t.supplierOf(String(supplier_id)));
  return [
    {
      title: texts.common.product,
      sort: 'sku',
      cell: (item) => (
        <div>
          {exists(pathTo.product(item.product_id)) ? <Anchor component={Link} to={pathTo.product(item.product_id)}>{nameWithSize(item)}</Anchor> : nameWithSize(item)}
          <Text size="xs" c="dimmed" className="code">
            {item.sku}
          </Text>
        </div>
      ),
    },
    { title: t.available, align: 'right', cell: (item) => <Quantity value={item.available_quantity} /> },
    { title: t.incoming, align: 'right', cell: (item) => <Quantity value={item.incoming_quantity} /> },
    { title: t.reorderPoint, align: 'right', cell: (item) => <Quantity value={item.reorder_point} /> },
    { title: t.soldIn30, align: 'right', phone: 'hidden', cell: (item) => <Quantity value={item.sold_quantity} /> },
    { title: t.runsOut, cell: (item) => <Day day={item.stock_out_on} /> },
    { title: t.needed, sort: 'needed', align: 'right', cell: (item) => <Quantity value={item.needed} /> },
    { title: t.inDrafts, align: 'right', phone: 'hidden', cell: (item) => <Quantity value={item.draft_quantity} /> },
    { title: t.toOrder, align: 'right', phone: 'side', cell: (item) => <SideFigure label={t.toOrder} value={item.quantity} /> },
    { title: t.cost, align: 'right', cell: (item) => <Money amount={item.cost} /> },
    { title: t.supplier, cell: (item) => supplierOf(item) ?? <Text span size="sm" c="var(--mantine-color-error)">{t.noSupplier}</Text> },
  ];
}

function MakeDialog({ list, onMade, onClose }: { list: ListState<unknown>; onMade: (made: Made) => void; onClose: () => void }) {
  const nameOf = useLocationName();
  const write = useWrite('post', '/inventory/reorder', {
    done: ({ purchase_orders }) => (purchase_orders.length === 0 ? t.noneMade : t.ordersMade(String(purchase_orders.length))),
    onDone: ({ purchase_orders }) => onMade(purchase_orders),
  });
  const supplier = list.value('supplier');
  const location = list.value('location');
  return (
    <ConfirmDialog
      title={t.makeOrders}
      write={write}
      request={{ body: { supplier_id: supplier ? Number(supplier) : null, location_id: location ? Number(location) : null } }}
      confirm={t.makeOrders}
      onClose={onClose}
    >
      {location ? t.makeOrdersAt(nameOf(Number(location))) : t.makeOrdersText}
    </ConfirmDialog>
  );
}

function MadeNote({ made }: { made: Made }) {
  const { money } = useFormats();
  return (
    <Alert color="teal" mb="md" icon={<IconCircleCheck size={18} />} title={t.ordersMade(String(made.length))}>
      {made.map((order) => (
        <div key={order.id}>
          <Anchor component={Link} to={pathTo.purchaseOrder(order.purchase_order_number)}>{order.purchase_order_number}</Anchor> · {order.supplier_name} · {money(order.total)}
        </div>
      ))}
    </Alert>
  );
}
