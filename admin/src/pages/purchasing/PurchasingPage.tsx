import { Button } from '@mantine/core';
import { IconPlus, IconShoppingCart } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { useShortcut } from '../../shell/shortcuts';
import { texts } from '../../texts';
import { FilterBar, SelectFilter, StatusTabs } from '../../ui/filters';
import { useFormats } from '../../ui/format';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { Link } from '../../ui/link';
import { PageHeader } from '../../ui/page';
import { useLocationName, useLocations } from '../../ui/places';
import { EmptyState } from '../../ui/states';
import { StatusBadge, statusText } from '../../ui/status';
import { DataTable, type Column } from '../../ui/table';
import { DateTime, Money } from '../../ui/values';
import { Expected } from '../inbound/Expected';
import classes from '../inbound/inbound.module.css';
import { pathTo } from '../paths';
import { OrderDialog } from './OrderDialog';
import { useSuppliers } from './suppliers';

const t = texts.purchasing;
const STATES: Schemas['InboundStatus'][] = ['draft', 'ordered', 'partially_received', 'received', 'cancelled'];

type Order = Schemas['PurchaseOrderSummaryResponse'];

export default function PurchasingPage() {
  const list = useListState('/purchase-orders', { filters: ['status', 'supplier', 'location'], sort: '-created_at' });
  const orders = api.useQuery('get', '/purchase-orders', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const suppliers = useSuppliers();
  const locations = useLocations();
  const nameOf = useLocationName();
  const { quantity } = useFormats();
  const [isMaking, setIsMaking] = useState(false);
  const make = () => setIsMaking(true);
  useShortcut({ keys: 'n', label: t.make, run: make });

  const columns: Column<Order>[] = [
    { title: t.number, cell: (order) => <span className={`code ${classes.number}`}>{order.purchase_order_number}</span> },
    { title: t.status, phone: 'side', cell: (order) => <StatusBadge of="inbound" status={order.status} /> },
    { title: t.supplier, cell: (order) => order.supplier_name },
    { title: texts.common.location, cell: (order) => nameOf(order.location_id) },
    { title: t.outstanding, align: 'right', cell: (order) => t.leftOf(quantity(order.outstanding_quantity), quantity(order.quantity)) },
    { title: t.total, align: 'right', cell: (order) => <Money amount={order.total} /> },
    { title: t.expectedOn, cell: (order) => <Expected on={order.expected_on} isOpen={order.outstanding_quantity > 0} /> },
    { title: t.made, sort: 'created_at', phone: 'hidden', cell: (order) => <DateTime at={order.created_at} /> },
  ];

  return (
    <>
      <PageHeader
        title={t.ordersTitle}
        actions={
          <>
            <Button variant="default" component={Link} to="/purchasing/reorder">
              {t.reorder}
            </Button>
            <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={make}>
              {t.make}
            </Button>
          </>
        }
      />
      <div className="panel">
        <StatusTabs
          list={list}
          label={t.states}
          tabs={[
            { label: texts.common.all, filters: {} },
            ...STATES.map((status) => ({ label: statusText('inbound', status), filters: { status } })),
          ]}
        />
        <FilterBar>
          <SelectFilter list={list} name="supplier" label={t.supplier} options={suppliers.map(({ id, name }) => ({ value: String(id), label: name }))} />
          <SelectFilter list={list} name="location" label={texts.common.location} options={locations.map(({ id, name }) => ({ value: String(id), label: name }))} />
        </FilterBar>
        <DataTable
          label={t.ordersTitle}
          query={orders}
          list={list}
          columns={columns}
          rowKey={(order) => String(order.id)}
          rowLink={(order) => pathTo.purchaseOrder(order.purchase_order_number)}
          empty={<EmptyState title={t.none} hint={t.noneHint} icon={<IconShoppingCart size={24} stroke={1.6} />} action={<Button onClick={make}>{t.make}</Button>} />}
        />
      </div>
      {isMaking && <OrderDialog onClose={() => setIsMaking(false)} />}
    </>
  );
}
