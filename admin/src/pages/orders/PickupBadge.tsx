import { Badge } from '@mantine/core';

import { texts } from '../../texts';
import type { Order } from './order';

const t = texts.orders;

/** Says that the customer collects the order, and whether it is ready. Nothing for orders that are delivered. */
export function PickupBadge({ order }: { order: Order }) {
  if (order.pickup_location_id === null) return null;
  if (order.pickup_status === 'ready') return <Badge miw="max-content" color="blue">{t.list.ready}</Badge>;
  return <Badge miw="max-content" color="gray">{order.pickup_status === 'collected' ? t.pickup.collectedAlready : t.list.pickup}</Badge>;
}
