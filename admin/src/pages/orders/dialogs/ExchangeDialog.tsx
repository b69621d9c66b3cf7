import { Select, Text } from '@mantine/core';
import { useForm } from '@mantine/form';

import { useSession } from '../../../api/session';
import { useWrite } from '../../../api/use-write';
import { texts } from '../../../texts';
import { FormDialog } from '../../../ui/dialog';
import { useFormats } from '../../../ui/format';
import { useGo } from '../../../ui/link';
import { ProductPicker } from '../../../ui/pickers';
import { nameWithSize } from '../../../ui/product';
import { pathTo } from '../../paths';
import { NewLines, withPicked, type NewLine } from '../NewLines';
import { priceOf, returnableOf, sum, sumOfMoney, unshippedOf, type Order, type Return } from '../order';
import { Changes } from './Changes';
import { Consequences, totalOf, unitsOf, UnitsTable, validateUnits, type Units, type UnitsLine } from './units-table';
import { useFresh } from './use-fresh';

const t = texts.orders.exchange;

/** Cancels or takes back units, and places a new order that their credit pays for. */
export default function ExchangeDialog({ order, returns, onClose }: { order: Order; returns: Return[]; onClose: () => void }) {
  const { store } = useSession();
  const go = useGo();
  const lines = goingLines(order, returns);
  const form = useForm({
    initialValues: { units: {} as Units, items: [] as NewLine[], payment_method: order.payment_method },
    validate: {
      units: validateUnits(lines, texts.orders.ship.tooMany, t.nothing),
      items: (items) => (items.length === 0 ? t.nothing : null),
    },
  });
  const { units, items } = form.values;
  const write = useFresh(
    order,
    useWrite('post', '/orders/{id}/exchange', {
      done: (answer) => t.done(answer.order.order_number),
      invalidates: ['/orders', '/returns', '/inventory'],
      onDone: (answer) => go(pathTo.order(answer.order.order_number)),
    }),
  );
  const chosen = (kind: string) =>
    lines
      .filter(({ key }) => key.startsWith(kind) && unitsOf(units, key) > 0)
      .map(({ key }) => ({ item_id: Number(key.split(':')[1]), quantity: unitsOf(units, key) }));

  return (
    <FormDialog
      title={t.title}
      size="lg"
      form={form}
      write={write}
      submit={texts.orders.steps.exchangeOf(totalOf(units))}
      onClose={onClose}
      request={(values) => ({
        params: { path: { id: order.order_number } },
        body: {
          cancel: chosen('cancel'),
          return: chosen('return'),
          items: values.items.map(({ sku, quantity, price }) => ({ product_id: sku, quantity: Number(quantity) || 0, unit_price: price })),
          payment_method: values.payment_method,
        },
      })}
    >
      <Changes since={order} />
      <Text size="sm">{t.text}</Text>
      <Text size="sm" fw={600}>
        {t.giveUp}
      </Text>
      <UnitsTable label={t.giveUp} lines={lines} units={units} error={form.errors.units} onChange={(next) => form.setFieldValue('units', next)} />
      <ProductPicker label={t.instead} placeholder={t.pick} takesScans error={form.errors.items} onPick={(picked) => form.setFieldValue('items', withPicked(items, picked))} />
      <NewLines lines={items} onChange={(next) => form.setFieldValue('items', next)} />
      <Select label={t.method} data={Object.keys(store.payment_methods)} {...form.getInputProps('payment_method')} />
      <ExchangeConsequences order={order} units={units} items={items} />
    </FormDialog>
  );
}

function goingLines(order: Order, returns: Return[]): UnitsLine[] {
  const cancels = order.items.map((item) => ({ key: `cancel:${item.id}`, name: nameWithSize(item), detail: t.cancelUnits, max: order.status === 'cancelled' ? 0 : unshippedOf(item) }));
  const backs = order.items.map((item) => ({ key: `return:${item.id}`, name: nameWithSize(item), detail: t.returnUnits, max: returnableOf(item, returns) }));
  return [...cancels, ...backs].filter(({ max }) => max > 0);
}

function ExchangeConsequences({ order, units, items }: { order: Order; units: Units; items: NewLine[] }) {
  const { money, moneyDigits } = useFormats();
  const going = Object.keys(units).filter((key) => unitsOf(units, key) > 0);
  if (going.length === 0 || items.length === 0) return null;
  const credits = going.map((key) => {
    const item = order.items.find(({ id }) => String(id) === key.split(':')[1]);
    return item ? priceOf(item, unitsOf(units, key), moneyDigits) : 0;
  });
  const total = items.map(({ price, quantity }) => price * (Number(quantity) || 0));
  return (
    <Consequences>
      {[
        t.about(money(sumOfMoney(credits, moneyDigits)), money(sumOfMoney(total, moneyDigits))),
        going.some((key) => key.startsWith('return')) && t.later,
        t.sold(sum(items.map(({ quantity }) => Number(quantity) || 0))),
      ]}
    </Consequences>
  );
}
