import { Badge } from '@mantine/core';

import type { Schemas } from '../api/client';
import { texts } from '../texts';

interface States {
  order: Schemas['OrderStatus'];
  payment: Schemas['PaymentStatus'];
  fulfilment: Schemas['FulfilmentStatus'];
  inbound: Schemas['InboundStatus'];
  stock: Schemas['StockStatus'];
  count: Schemas['CountStatus'];
  return: Schemas['ReturnStatus'];
  shipment: Schemas['ShipmentStatus'];
  product: Schemas['ProductStatus'];
  location: Schemas['LocationStatus'];
  delivery: Schemas['DeliveryState'];
  reservation: Schemas['ReservationState'];
}

/** Blue: someone has to act. Yellow: waits for others. Green: done. Red: went wrong. Grey: nothing to do. */
const COLORS: { [K in keyof States]: Record<States[K], string> } = {
  order: { under_paying: 'yellow', pending: 'blue', processing: 'blue', shipped: 'teal', delivered: 'teal', cancelled: 'gray' },
  payment: { pending: 'yellow', paid: 'teal', refunded: 'gray', failed: 'red', expired: 'gray' },
  fulfilment: { none: 'gray', partial: 'yellow', full: 'teal' },
  inbound: {
    draft: 'gray',
    ready: 'blue',
    ordered: 'yellow',
    in_transit: 'yellow',
    partially_received: 'blue',
    received: 'teal',
    cancelled: 'gray',
  },
  stock: { in_stock: 'teal', low_stock: 'yellow', out_of_stock: 'red' },
  count: { open: 'blue', submitted: 'yellow', posted: 'teal', cancelled: 'gray' },
  return: {
    requested: 'blue',
    approved: 'yellow',
    partially_received: 'yellow',
    received: 'teal',
    rejected: 'gray',
    cancelled: 'gray',
  },
  shipment: { in_transit: 'yellow', delivered: 'teal', lost: 'red' },
  product: { active: 'teal', archived: 'gray' },
  location: { active: 'teal', paused: 'yellow', closed: 'gray' },
  delivery: { pending: 'yellow', succeeded: 'teal', failed: 'red' },
  reservation: { active: 'blue', confirmed: 'teal', released: 'gray', expired: 'gray' },
};

/** `<StatusBadge of="order" status={order.status} />` */
export function StatusBadge<K extends keyof States>({ of, status }: { of: K; status: States[K] }) {
  // A badge in a narrow column stays whole.
  return <Badge miw="max-content" color={(COLORS[of] as Record<States[K], string>)[status]}>{statusText(of, status)}</Badge>;
}

export function statusText<K extends keyof States>(of: K, status: States[K]): string {
  return (texts.status[of] as Record<States[K], string>)[status];
}
