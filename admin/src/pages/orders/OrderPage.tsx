import { Anchor, Stack } from '@mantine/core';

import { api } from '../../api/client';
import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { Link } from '../../ui/link';
import { PageHeader } from '../../ui/page';
import { usePathParam } from '../../ui/path';
import { ErrorState, LoadingPage } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { DateTime } from '../../ui/values';
import { pathTo } from '../paths';
import { CreditsPanel } from './Credits';
import { CustomerPanel, NotesPanel, PickupPanel } from './Customer';
import { HistoryPanel } from './History';
import { ItemsPanel } from './Items';
import { customerOf, type Order } from './order';
import { DialogHost } from './open-dialog';
import { InvoicePanel, PaymentPanel } from './Payment';
import { PickupBadge } from './PickupBadge';
import { ReturnsPanel } from './Returns';
import { ShipmentsPanel } from './Shipments';
import { Steps } from './Steps';
import classes from './order.module.css';

const t = texts.orders;

/** An order: what it is, what happened with it, and every step that can be done next. */
export default function OrderPage() {
  const number = usePathParam('number');
  const { data: order, error, refetch } = api.useQuery('get', '/orders/{id}', { params: { path: { id: number } } });
  if (order) {
    return (
      <DialogHost>
        <OrderView order={order} />
      </DialogHost>
    );
  }
  return (
    <>
      <PageHeader title={number} back={{ to: '/orders', label: t.back }} />
      {error ? <ErrorState error={error} retry={() => void refetch()} /> : <LoadingPage />}
    </>
  );
}

function OrderView({ order }: { order: Order }) {
  const can = useCan();
  const path = { params: { path: { id: order.order_number } } };
  const returns = api.useQuery('get', '/orders/{id}/returns', path);
  const credits = api.useQuery('get', '/orders/{id}/credits', path, { enabled: can('orders:update') });
  return (
    <>
      <PageHeader
        title={order.order_number}
        back={{ to: '/orders', label: t.back }}
        badges={
          <>
            <StatusBadge of="order" status={order.status} />
            <StatusBadge of="payment" status={order.payment_status} />
            {order.fulfilment_status === 'partial' && <StatusBadge of="fulfilment" status="partial" />}
            <PickupBadge order={order} />
          </>
        }
        actions={<Steps order={order} />}
      >
        <DateTime at={order.created_at} />, {t.placedBy(customerOf(order))}
        {order.exchange_of !== null && (
          <>
            {' · '}
            {t.exchangeOf} · <Anchor size="sm" component={Link} to={pathTo.order(String(order.exchange_of))}>{t.exchangeOfLink}</Anchor>
          </>
        )}
      </PageHeader>
      <div className={classes.columns}>
        <Stack gap="md">
          <ItemsPanel order={order} returns={returns.data} />
          <ShipmentsPanel order={order} />
          <ReturnsPanel order={order} returns={returns.data} error={returns.error} />
          <HistoryPanel order={order} />
        </Stack>
        <Stack gap="md">
          <PaymentPanel order={order} credits={credits.data ?? []} />
          {order.pickup_location_id !== null && <PickupPanel order={order} />}
          <CustomerPanel order={order} />
          <CreditsPanel order={order} credits={credits.data} error={credits.error} />
          <NotesPanel order={order} />
          <InvoicePanel order={order} />
        </Stack>
      </div>
    </>
  );
}
