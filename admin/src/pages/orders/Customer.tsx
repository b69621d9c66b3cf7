import { Anchor, Button, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { Link } from '../../ui/link';
import { Facts, Panel } from '../../ui/page';
import { DateTime } from '../../ui/values';
import { useLocations } from '../../ui/places';
import { NotesDialog } from './dialogs';
import type { Order } from './order';
import { useOpenDialog } from './open-dialog';
import { usePlaceName } from './places';
import { addressLines } from './address';
import classes from './order.module.css';

const t = texts.orders.customer;

export function CustomerPanel({ order }: { order: Order }) {
  const shipping = order.shipping_address;
  const billing = order.billing_address;
  const isSame = JSON.stringify(billing) === JSON.stringify(shipping);
  const address = shipping ? addressLines(shipping).join('\n') : order.delivery_address;
  const facts: [string, ReactNode][] = [
    ...(order.customer_name ? [[t.name, order.customer_name] as [string, ReactNode]] : []),
    ...(order.customer_phone ? [[t.phone, <Anchor size="sm" href={`tel:${order.customer_phone}`}>{order.customer_phone}</Anchor>] as [string, ReactNode]] : []),
    ...(order.customer_email ? [[t.email, <Anchor size="sm" href={mailTo(order.customer_email)}>{order.customer_email}</Anchor>] as [string, ReactNode]] : []),
    ...(order.pickup_location_id === null || address ? [[t.deliveryAddress, <Address text={address ?? t.none} />] as [string, ReactNode]] : []),
    ...(billing && !isSame ? [[t.billing, <Address text={addressLines(billing).join('\n')} />] as [string, ReactNode]] : []),
  ];
  return (
    <Panel title={t.title}>
      <Facts facts={facts} />
      <Text size="sm" mt="sm">
        {order.user_id !== null ? (
          <Anchor size="sm" component={Link} to={`/orders?user_id=${order.user_id}`}>{t.all}</Anchor>
        ) : (
          <Text span size="xs" c="dimmed">
            {order.created_by === null ? t.guest : t.byStaff}
          </Text>
        )}
      </Text>
    </Panel>
  );
}

/** A buyer chooses the address, and a mail program would read what follows a `?` as further receivers. */
function mailTo(address: string): string {
  return `mailto:${encodeURIComponent(address).replace('%40', '@')}`;
}

function Address({ text }: { text: string }) {
  return <address className={classes.address}>{text}</address>;
}

/** Where and whether the customer collects the order. */
export function PickupPanel({ order }: { order: Order }) {
  const p = texts.orders.pickup;
  const placeName = usePlaceName(order);
  const place = useLocations().find(({ id }) => id === order.pickup_location_id);
  const state = order.pickup_status === 'collected' ? p.collectedAlready : order.ready_at ? <DateTime at={order.ready_at} /> : p.notReady;
  return (
    <Panel title={p.title}>
      <Facts
        facts={[
          [texts.common.location, placeName(order.pickup_location_id ?? 0)],
          [p.readySince, state],
          ...(place?.pickup.instructions ? [['', place.pickup.instructions] as [string, ReactNode]] : []),
        ]}
      />
    </Panel>
  );
}

export function NotesPanel({ order }: { order: Order }) {
  const can = useCan();
  const open = useOpenDialog();
  const n = texts.orders.notes;
  return (
    <Panel
      title={n.title}
      action={
        can('orders:update') && (
          <Button size="compact-sm" variant="subtle" aria-label={texts.orders.steps.notes} onClick={() => open((close) => <NotesDialog order={order} onClose={close} />)}>
            {texts.common.edit}
          </Button>
        )
      }
    >
      <Text size="sm" c={order.notes ? undefined : 'dimmed'} className={classes.notes}>
        {order.notes ?? n.none}
      </Text>
    </Panel>
  );
}
