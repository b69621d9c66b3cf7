import { Group, Skeleton, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { keepPreviousData } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { Panel } from '../../ui/page';
import { usePageExists } from '../../ui/path';
import { ErrorNote } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { Ago } from '../../ui/values';
import { pathTo } from '../paths';
import classes from './today.module.css';

const t = texts.today;
const LIMIT = 5;
const KEEP = { placeholderData: keepPreviousData };

type Order = Schemas['OrderResponse'];

/** Orders that wait to be packed: new ones, and those of which a part was shipped. */
export function ToShip() {
  const { money } = useFormats();
  const query = (status: Order['status']) => ({ params: { query: { status, sort: 'created_at', limit: LIMIT } as const } });
  const started = api.useQuery('get', '/orders', query('processing'), KEEP);
  const fresh = api.useQuery('get', '/orders', query('pending'), KEEP);
  const isLoaded = started.data !== undefined && fresh.data !== undefined;
  const orders = [...(started.data?.items ?? []), ...(fresh.data?.items ?? [])].sort((a, b) => a.created_at.localeCompare(b.created_at));
  return (
    <List
      title={t.toShip}
      empty={t.toShipEmpty}
      total={isLoaded ? started.data.total + fresh.data.total : undefined}
      error={started.error ?? fresh.error}
      all={[
        ...(fresh.data?.total ? [{ to: '/orders?status=pending&sort=created_at', name: texts.status.order.pending }] : []),
        ...(started.data?.total ? [{ to: '/orders?status=processing&sort=created_at', name: texts.status.order.processing }] : []),
      ]}
      rows={orders.slice(0, LIMIT).map((order) => (
        <Row
          key={order.id}
          to={pathTo.order(order.order_number)}
          name={customerOf(order)}
          detail={<Ago at={order.created_at} />}
          value={money(order.net_total)}
          badge={<StatusBadge of="order" status={order.status} />}
        />
      ))}
    />
  );
}

/** Orders whose payment is awaited. At their deadline the stock goes back by itself. */
export function PaymentsRunningOut() {
  const { money } = useFormats();
  const orders = api.useQuery(
    'get',
    '/orders',
    { params: { query: { status: 'under_paying', sort: 'created_at', limit: LIMIT } } },
    { ...KEEP, refetchInterval: 30_000 },
  );
  return (
    <List
      title={t.paymentsRunningOut}
      empty={t.paymentsEmpty}
      total={orders.data?.total}
      error={orders.error}
      all={[{ to: '/orders?status=under_paying&sort=created_at' }]}
      rows={orders.data?.items.map((order) => (
        <Row
          key={order.id}
          to={pathTo.order(order.order_number)}
          name={customerOf(order)}
          detail={
            <>
              {t.runsOut} <Ago at={order.payment_expires_at} />
            </>
          }
          value={money(order.total_amount)}
        />
      ))}
    />
  );
}

export function RefundsDue() {
  const { money } = useFormats();
  const orders = api.useQuery('get', '/orders', { params: { query: { refund_due: true, sort: 'created_at', limit: LIMIT } } }, KEEP);
  return (
    <List
      title={t.refunds}
      empty={t.refundsEmpty}
      total={orders.data?.total}
      error={orders.error}
      all={[{ to: '/orders?refund_due=true&sort=created_at' }]}
      rows={orders.data?.items.map((order) => (
        <Row
          key={order.id}
          to={pathTo.order(order.order_number)}
          name={customerOf(order)}
          detail={order.order_number}
          value={money(order.refund_due_amount)}
          badge={<StatusBadge of="order" status={order.status} />}
        />
      ))}
    />
  );
}

export function LowStock() {
  const { quantity } = useFormats();
  const products = api.useQuery('get', '/inventory/products/low-stock', { params: { query: { limit: LIMIT } } }, KEEP);
  return (
    <List
      title={t.low}
      empty={t.lowEmpty}
      total={products.data?.total}
      error={products.error}
      all={[
        { to: '/stock?stock_status=out_of_stock', name: texts.status.stock.out_of_stock },
        { to: '/stock?stock_status=low_stock', name: texts.status.stock.low_stock },
      ]}
      rows={products.data?.items.map((product) => (
        <Row
          key={product.id}
          to={pathTo.product(product.id)}
          name={product.name}
          detail={product.low_sizes.length > 0 ? product.low_sizes.join(', ') : product.sku}
          value={t.lowOf(quantity(product.available_quantity), quantity(product.min_stock_level))}
          badge={<StatusBadge of="stock" status={product.stock_status} />}
        />
      ))}
    />
  );
}

export function Transfers() {
  const { quantity } = useFormats();
  const transfers = api.useQuery('get', '/transfers', { params: { query: { status: 'in_transit', sort: 'created_at', limit: LIMIT } } }, KEEP);
  return (
    <List
      title={t.transfers}
      empty={t.transfersEmpty}
      total={transfers.data?.total}
      error={transfers.error}
      all={[{ to: '/transfers?status=in_transit&sort=created_at' }]}
      rows={transfers.data?.items.map((transfer) => (
        <Row
          key={transfer.id}
          to={pathTo.transfer(transfer.transfer_number)}
          name={transfer.transfer_number}
          detail={<Expected on={transfer.expected_on} />}
          value={quantity(transfer.outstanding_quantity)}
        />
      ))}
    />
  );
}

export function Purchases() {
  const { money } = useFormats();
  const orders = api.useQuery('get', '/purchase-orders', { params: { query: { status: 'ordered', sort: 'created_at', limit: LIMIT } } }, KEEP);
  return (
    <List
      title={t.purchases}
      empty={t.purchasesEmpty}
      total={orders.data?.total}
      error={orders.error}
      all={[{ to: '/purchasing?status=ordered&sort=created_at' }]}
      rows={orders.data?.items.map((order) => (
        <Row
          key={order.id}
          to={pathTo.purchaseOrder(order.purchase_order_number)}
          name={order.supplier_name}
          detail={<Expected on={order.expected_on} />}
          value={money(order.total)}
        />
      ))}
    />
  );
}

function Expected({ on }: { on: string | null }) {
  const { day, today } = useFormats();
  if (on === null) return <>{t.noDate}</>;
  const isOverdue = on < today();
  return (
    <span data-overdue={isOverdue || undefined} className={classes.expected}>
      {isOverdue ? t.overdue : t.due} {day(on)}
    </span>
  );
}

function customerOf(order: Order): string {
  return order.customer_name ?? order.shipping_address?.full_name ?? order.customer_email ?? order.order_number;
}

interface ListProps {
  title: string;
  empty: string;
  total: number | undefined;
  error: unknown;
  /** The page with all of them, in the same order, or a page for each state that they have. */
  all: { to: string; name?: string }[];
  rows: ReactNode[] | undefined;
}

function List({ title, empty, total, error, all, rows }: ListProps) {
  const { quantity } = useFormats();
  const exists = usePageExists();
  const isLoaded = total !== undefined;
  return (
    <Panel
      isFlush
      title={
        <>
          {title}{' '}
          {isLoaded && total > 0 && <span className={classes.total}>{quantity(total)}</span>}
        </>
      }
      action={
        isLoaded && total > LIMIT ? (
          <Group gap="sm">
            {all
              .filter(({ to }) => exists(to))
              .map(({ to, name }) => (
                <Link key={to} to={to} className={classes.all}>
                  {name === undefined ? t.showAll(quantity(total)) : t.showAllOf(name)}
                </Link>
              ))}
          </Group>
        ) : undefined
      }
    >
      {error ? <ErrorNote error={error} /> : null}
      {!isLoaded && !error && (
        <div className={classes.loading}>
          {Array.from({ length: 3 }, (_, index) => (
            <Skeleton key={index} height={30} />
          ))}
        </div>
      )}
      {isLoaded && total === 0 && (
        <Text size="sm" c="dimmed" className={classes.empty}>
          <IconCircleCheck size={17} stroke={1.7} aria-hidden />
          {empty}
        </Text>
      )}
      {isLoaded && total > 0 && <ul className={classes.rows}>{rows}</ul>}
    </Panel>
  );
}

interface RowProps {
  to: string;
  name: string;
  detail: ReactNode;
  value: string;
  badge?: ReactNode;
}

function Row({ to, name, detail, value, badge }: RowProps) {
  const exists = usePageExists();
  const content = (
    <>
      <span className={classes.name}>
        <span className={classes.title}>{name}</span>
        <span className={classes.detail}>{detail}</span>
      </span>
      <span className={classes.value}>
        <span className="figures">{value}</span>
        {badge}
      </span>
    </>
  );
  return (
    <li>
      {exists(to) ? (
        <Link to={to} className={classes.row}>
          {content}
        </Link>
      ) : (
        <div className={classes.row}>{content}</div>
      )}
    </li>
  );
}
