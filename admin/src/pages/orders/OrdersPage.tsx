import { Button, Group } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { keepPreviousData } from '@tanstack/react-query';
import { useMemo } from 'react';

import { api } from '../../api/client';
import { useCan } from '../../api/session';
import { useShortcut } from '../../shell/shortcuts';
import { texts } from '../../texts';
import { DayFilter, FilterBar, SearchField, SelectFilter, StatusTabs } from '../../ui/filters';
import { addDays, isDay, useFormats } from '../../ui/format';
import { Link, useGo } from '../../ui/link';
import { useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { usePageExists } from '../../ui/path';
import { EmptyState } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { DataTable, type Column } from '../../ui/table';
import { Ago, Money, Quantity } from '../../ui/values';
import { pathTo } from '../paths';
import { BulkBar, useChosenOrders } from './bulk';
import { customerOf, type Order } from './order';
import { PickupBadge } from './PickupBadge';
import classes from './orders.module.css';

const t = texts.orders.list;
const FILTERS = ['status', 'refund_due', 'payment_status', 'user_id', 'q', 'from', 'to'];
const STATES = ['pending', 'processing', 'under_paying', 'shipped', 'delivered', 'cancelled'] as const;

export default function OrdersPage() {
  const list = useListState('/orders', { filters: FILTERS, sort: '-created_at' });
  const query = useOrdersQuery(list.query);
  const orders = api.useQuery('get', '/orders', { params: { query } }, { placeholderData: keepPreviousData });
  const chosen = useChosenOrders(orders.data?.items);
  const columns = useColumns();
  const customer = list.value('user_id');

  return (
    <>
      <PageHeader title={texts.orders.title} actions={<NewOrderButton />} />
      <div className="panel">
        <StatusTabs list={list} label={t.states} tabs={useTabs()} />
        <FilterBar>
          <SearchField list={list} label={t.search} />
          <SelectFilter list={list} name="payment_status" label={t.payment} options={PAYMENTS} />
          <DayFilter list={list} name="from" label={t.from} />
          <DayFilter list={list} name="to" label={t.to} />
          {customer && (
            <Button
              variant="light"
              rightSection={<IconX size={14} aria-hidden />}
              aria-label={`${t.customerFilter(customer)}. ${t.showAllCustomers}`}
              onClick={() => list.set({ user_id: '' })}
            >
              {t.customerFilter(customer)}
            </Button>
          )}
        </FilterBar>
        <BulkBar chosen={chosen} />
        <DataTable
          label={texts.orders.title}
          query={orders}
          list={list}
          columns={columns}
          rowKey={(order) => String(order.id)}
          rowLink={(order) => pathTo.order(order.order_number)}
          rowName={(order) => order.order_number}
          selection={chosen.selection}
          empty={<EmptyState title={t.none} hint={t.noneHint} action={<NewOrderButton />} />}
        />
      </div>
    </>
  );
}

const PAYMENTS = (['pending', 'paid', 'refunded', 'failed', 'expired'] as const).map((value) => ({ value, label: texts.status.payment[value] }));

/** The days of the URL as moments of the store: `to` includes its day. */
function useOrdersQuery<Q extends { from?: string | null; to?: string | null }>(query: Q): Q {
  const { startOfDay } = useFormats();
  return useMemo(
    () => ({
      ...query,
      ...(isDay(query.from) ? { from: startOfDay(query.from) } : {}),
      ...(isDay(query.to) ? { to: startOfDay(addDays(query.to, 1)) } : {}),
    }),
    [query, startOfDay],
  );
}

function useTabs(): { label: string; filters: Record<string, string>; count?: number }[] {
  const { data } = api.useQuery('get', '/orders/statistics', {}, { placeholderData: keepPreviousData });
  const refunds = api.useQuery('get', '/orders', { params: { query: { refund_due: true, limit: 1 } } }, { placeholderData: keepPreviousData });
  const counts = data?.by_status as Record<string, number> | undefined;
  return [
    { label: t.all, filters: {}, count: data?.total_orders },
    ...STATES.map((status) => ({ label: texts.status.order[status], filters: { status }, count: counts?.[status] })),
    { label: t.refundDue, filters: { refund_due: 'true' }, count: refunds.data?.total },
  ];
}

function useColumns(): Column<Order>[] {
  return useMemo(
    () => [
      { title: t.number, cell: (order) => <span className="figures">{order.order_number}</span> },
      { title: t.placed, sort: 'created_at', cell: (order) => <span className={classes.whole}><Ago at={order.created_at} /></span> },
      { title: t.customer, cell: (order) => <span className={classes.customer}>{customerOf(order)}</span> },
      {
        title: t.state,
        cell: (order) => (
          <Group gap={4}>
            <StatusBadge of="order" status={order.status} />
            {order.status === 'processing' && order.fulfilment_status === 'partial' && <StatusBadge of="fulfilment" status="partial" />}
            <PickupBadge order={order} />
          </Group>
        ),
      },
      {
        title: t.payment,
        cell: (order) => <StatusBadge of="payment" status={order.payment_status} />,
      },
      { title: t.units, align: 'right', cell: (order) => <Quantity value={order.total_items} /> },
      { title: t.total, align: 'right', phone: 'side', sort: 'total_amount', cell: (order) => <Money amount={order.total_amount} /> },
    ],
    [],
  );
}

function NewOrderButton() {
  const can = useCan();
  const exists = usePageExists();
  const go = useGo();
  const isShown = can('orders:create') && exists('/orders/new');
  useShortcut({ keys: isShown ? 'n' : null, label: texts.orders.create.button, run: () => go('/orders/new') });
  if (!isShown) return null;
  return (
    <Button component={Link} to="/orders/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {texts.orders.create.button}
    </Button>
  );
}
