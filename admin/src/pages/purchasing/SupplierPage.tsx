import { ActionIcon, Button, Group, Text } from '@mantine/core';
import { IconPackage, IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog } from '../../ui/dialog';
import { Link } from '../../ui/link';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { Facts, PageHeader, Panel } from '../../ui/page';
import { usePathParam } from '../../ui/path';
import { ProductCell, nameWithSize } from '../../ui/product';
import { EmptyState, ErrorState, LoadingPage } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { Money, Quantity } from '../../ui/values';
import classes from '../inbound/inbound.module.css';
import { ItemDialog } from './ItemDialog';
import { SupplierDialog } from './SupplierDialog';
import { ActiveBadge } from './SuppliersPage';

const t = texts.purchasing;

type Supplier = Schemas['SupplierResponse'];
type Item = Schemas['SupplierItemResponse'];

export default function SupplierPage() {
  const id = Number(usePathParam('id'));
  const supplier = api.useQuery('get', '/suppliers/{id}', { params: { path: { id } } });
  const [isEditing, setIsEditing] = useState(false);
  const back = { to: '/purchasing/suppliers', label: t.suppliers };
  if (!supplier.data) {
    return (
      <>
        <PageHeader title={t.supplier} back={back} />
        {supplier.error ? <ErrorState error={supplier.error} retry={() => void supplier.refetch()} /> : <LoadingPage />}
      </>
    );
  }
  const data = supplier.data;
  return (
    <>
      <PageHeader
        title={data.name}
        back={back}
        badges={<ActiveBadge isActive={data.active} />}
        actions={
          <>
            <Button variant="default" component={Link} to={`/purchasing?supplier=${data.id}`}>
              {t.ordersOf}
            </Button>
            <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setIsEditing(true)}>
              {texts.common.edit}
            </Button>
          </>
        }
      >
        <span className="code">{data.code}</span>
      </PageHeader>
      <div className={classes.columns}>
        <Items supplier={data} />
        <Details supplier={data} />
      </div>
      {isEditing && <SupplierDialog supplier={data} onClose={() => setIsEditing(false)} />}
    </>
  );
}

function Details({ supplier }: { supplier: Supplier }) {
  const none = texts.common.noValue;
  return (
    <Panel title={t.details}>
      <Facts
        facts={[
          [t.leadTime, supplier.lead_time_days === null ? none : t.days(String(supplier.lead_time_days))],
          [t.email, supplier.email ?? none],
          [t.phone, supplier.phone ?? none],
        ]}
      />
      {supplier.notes && (
        <Text size="sm" mt="sm">
          {supplier.notes}
        </Text>
      )}
    </Panel>
  );
}

/** What the supplier sells, and on what terms. */
function Items({ supplier }: { supplier: Supplier }) {
  const list = useListState('/suppliers/{id}/items', { sort: 'sku' });
  const items = api.useQuery(
    'get',
    '/suppliers/{id}/items',
    { params: { path: { id: supplier.id }, query: list.query } },
    { placeholderData: keepPreviousData },
  );
  const [open, setOpen] = useState<{ kind: 'edit' | 'remove'; item: Item } | { kind: 'add' } | null>(null);
  const close = () => setOpen(null);
  return (
    <Panel
      title={t.items}
      isFlush
      action={
        <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => setOpen({ kind: 'add' })}>
          {t.addItem}
        </Button>
      }
    >
      <DataTable
        label={t.items}
        query={items}
        list={list}
        columns={itemColumns(supplier, (kind, item) => setOpen({ kind, item }))}
        rowKey={(item) => String(item.id)}
        empty={<EmptyState title={t.noItems} hint={t.noItemsHint} icon={<IconPackage size={24} stroke={1.6} />} />}
      />
      {open?.kind === 'add' && <ItemDialog supplier={supplier} onClose={close} />}
      {open?.kind === 'edit' && <ItemDialog supplier={supplier} item={open.item} onClose={close} />}
      {open?.kind === 'remove' && <RemoveItem supplier={supplier} item={open.item} onClose={close} />}
    </Panel>
  );
}

function itemColumns(supplier: Supplier, open: (kind: 'edit' | 'remove', item: Item) => void): Column<Item>[] {
  const none = texts.common.noValue;
  const days = (item: Item) => item.lead_time_days ?? supplier.lead_time_days;
  return [
    {
      title: texts.common.product,
      sort: 'sku',
      cell: (item) => <ProductCell line={item} />,
    },
    { title: t.supplierSku, cell: (item) => (item.supplier_sku ? <span className="code">{item.supplier_sku}</span> : none) },
    { title: t.unitCost, sort: 'unit_cost', align: 'right', cell: (item) => <Money amount={item.unit_cost} /> },
    { title: t.pack, align: 'right', cell: (item) => <Quantity value={item.pack_quantity} /> },
    { title: t.minimum, align: 'right', cell: (item) => <Quantity value={item.min_quantity} /> },
    { title: t.leadTime, align: 'right', cell: (item) => (days(item) === null ? none : t.days(String(days(item)))) },
    {
      title: t.actions,
      align: 'right',
      phone: 'side',
      isInteractive: true,
      cell: (item) => (
        <Group gap={2} wrap="nowrap" justify="flex-end">
          <ActionIcon aria-label={`${texts.common.edit}: ${nameWithSize(item)}`} onClick={() => open('edit', item)}>
            <IconPencil size={17} stroke={1.7} />
          </ActionIcon>
          <ActionIcon aria-label={`${texts.common.remove}: ${nameWithSize(item)}`} onClick={() => open('remove', item)}>
            <IconTrash size={17} stroke={1.7} />
          </ActionIcon>
        </Group>
      ),
    },
  ];
}

function RemoveItem({ supplier, item, onClose }: { supplier: Supplier; item: Item; onClose: () => void }) {
  const write = useWrite('delete', '/suppliers/{id}/items/{item_id}', { done: t.itemRemoved, invalidates: ['/suppliers', '/inventory'] });
  return (
    <ConfirmDialog
      title={t.removeItem}
      write={write}
      request={{ params: { path: { id: supplier.id, item_id: item.id } } }}
      confirm={t.removeItem}
      isDangerous
      onClose={onClose}
    >
      {t.removeItemText(supplier.name, nameWithSize(item))}
    </ConfirmDialog>
  );
}
