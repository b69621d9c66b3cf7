import { Alert, List } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';

import { api } from '../../../api/client';
import { texts } from '../../../texts';
import { useFormats, type Formats } from '../../../ui/format';
import { nameWithSize } from '../../../ui/product';
import type { Order } from '../order';

const t = texts.orders.changed;

/** Says what someone else did to the order since the dialog was opened. Nothing if nobody did anything. */
export function Changes({ since }: { since: Order }) {
  const formats = useFormats();
  const { data } = api.useQuery('get', '/orders/{id}', { params: { path: { id: since.order_number } } });
  if (!data || data.updated_at === since.updated_at) return null;
  return (
    <Alert color="yellow" title={t.title} icon={<IconUsers size={18} />} role="alert">
      <List size="sm" spacing={2}>
        {changesOf(since, data, formats).map((change) => (
          <List.Item key={change}>{change}</List.Item>
        ))}
      </List>
      {t.hint}
    </Alert>
  );
}

function changesOf(before: Order, after: Order, { money }: Formats): string[] {
  const changes: string[] = [];
  const status = texts.status.order;
  if (before.status !== after.status) changes.push(t.status(status[before.status], status[after.status]));
  for (const item of after.items) {
    const old = before.items.find(({ id }) => id === item.id);
    if (!old) continue;
    const name = nameWithSize(item);
    if (item.shipped_quantity > old.shipped_quantity) changes.push(t.shipped(item.shipped_quantity - old.shipped_quantity, name));
    if (item.cancelled_quantity > old.cancelled_quantity) changes.push(t.cancelled(item.cancelled_quantity - old.cancelled_quantity, name));
    if (item.returned_quantity > old.returned_quantity) changes.push(t.returned(item.returned_quantity - old.returned_quantity, name));
    if (placesOf(item) !== placesOf(old) && item.cancelled_quantity === old.cancelled_quantity) changes.push(t.moved(name));
  }
  if (after.received_amount > before.received_amount) changes.push(t.received(money(after.received_amount - before.received_amount)));
  if (after.refunded_amount > before.refunded_amount) changes.push(t.refunded(money(after.refunded_amount - before.refunded_amount)));
  if (after.credited_amount > before.credited_amount) changes.push(t.credited(money(after.credited_amount - before.credited_amount)));
  if (after.notes !== before.notes) changes.push(t.notes);
  return changes.length > 0 ? changes : [t.other];
}

function placesOf(item: Order['items'][number]): string {
  return JSON.stringify(item.allocations.map(({ location_id, quantity }) => [location_id, quantity]));
}
