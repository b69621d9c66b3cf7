import { Select, Text } from '@mantine/core';
import { useForm } from '@mantine/form';

import { api } from '../../../api/client';
import { useCan } from '../../../api/session';
import { useWrite } from '../../../api/use-write';
import { texts } from '../../../texts';
import { FormDialog } from '../../../ui/dialog';
import { useFormats } from '../../../ui/format';
import { QuantityInput } from '../../../ui/inputs';
import { nameWithSize } from '../../../ui/product';
import { unshippedByPlace } from '../order';
import { usePlaceName, usePlaces } from '../places';
import { Changes } from './Changes';
import type { OrderDialogProps } from './LifeDialogs';
import { Consequences } from './units-table';
import { useFresh } from './use-fresh';

const t = texts.orders.reroute;
const RULES = 'rules';

/** Takes units that are not shipped from another place. */
export default function RerouteDialog({ order, onClose }: OrderDialogProps) {
  const placeName = usePlaceName(order);
  const parts = unshippedByPlace(order).map((part) => ({ ...part, key: `${part.item.id}@${part.placeId}` }));
  const form = useForm({ initialValues: { part: parts[0]?.key ?? '', quantity: (parts[0]?.quantity ?? 0) as number | string, to: RULES } });
  const part = parts.find(({ key }) => key === form.values.part) ?? parts[0];
  const quantity = Number(form.values.quantity) || 0;
  const write = useFresh(order, useWrite('post', '/orders/{id}/reroute', { done: t.done(quantity), invalidates: ['/orders', '/inventory'] }));
  const targets = useTargets(order, part);
  if (!part) return null;

  return (
    <FormDialog
      title={t.title}
      form={form}
      write={write}
      submit={texts.orders.steps.rerouteOf(quantity)}
      fieldNames={{ 'lines[0].quantity': 'quantity', 'lines[0].to_location_id': 'to' }}
      onClose={onClose}
      request={(values) => ({
        params: { path: { id: order.order_number } },
        body: {
          lines: [
            {
              item_id: part.item.id,
              quantity: Number(values.quantity),
              from_location_id: part.placeId,
              to_location_id: values.to === RULES ? null : Number(values.to),
            },
          ],
        },
      })}
    >
      <Changes since={order} />
      <Text size="sm">{t.text}</Text>
      <Select
        label={t.what}
        data={parts.map(({ key, item, placeId, quantity: units }) => ({
          value: key,
          label: `${nameWithSize(item)} · ${texts.orders.items.comesFrom(String(units), placeName(placeId))}`,
        }))}
        value={part.key}
        onChange={(key) => form.setValues({ part: key ?? '', quantity: parts.find((one) => one.key === key)?.quantity ?? 0, to: RULES })}
        data-autofocus
      />
      <QuantityInput min={1} max={part.quantity} {...form.getInputProps('quantity')} />
      <Select label={t.to} data={[{ value: RULES, label: t.byRules }, ...targets]} {...form.getInputProps('to')} />
      {quantity > 0 && (
        <Consequences>
          {[t.consequence(quantity, placeName(part.placeId), form.values.to === RULES ? t.byRules.toLowerCase() : placeName(Number(form.values.to)))]}
        </Consequences>
      )}
    </FormDialog>
  );
}

/** The other places, with what is available there if the account may read it. */
function useTargets(order: OrderDialogProps['order'], part: ReturnType<typeof unshippedByPlace>[number] | undefined) {
  const can = useCan();
  const { quantity } = useFormats();
  const places = usePlaces(order);
  const { data } = api.useQuery(
    'get',
    '/inventory/products/{id}/stock',
    { params: { path: { id: String(part?.item.product_id) }, query: part?.item.size ? { size: part.item.size } : {} } },
    { enabled: part !== undefined && can('inventory:read') },
  );
  return places
    .filter(({ id }) => id !== part?.placeId)
    .map(({ id, name }) => {
      const level = data?.locations.find(({ location_id }) => location_id === id);
      return { value: String(id), label: level ? t.available(name, quantity(level.available_quantity)) : name };
    });
}
