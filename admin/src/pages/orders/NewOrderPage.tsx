import { Button, Checkbox, SegmentedControl, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm, type UseFormReturnType } from '@mantine/form';
import { useEffect, useState } from 'react';

import { useCan, useSession } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { placeFieldErrors, WriteProblem } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { MoneyInput } from '../../ui/inputs';
import { useGo } from '../../ui/link';
import { PageHeader, Panel } from '../../ui/page';
import { ProductPicker } from '../../ui/pickers';
import { useLocations } from '../../ui/places';
import { EmptyState } from '../../ui/states';
import { useKeptUnsaved, useUnsaved } from '../../ui/unsaved';
import { pathTo } from '../paths';
import { NewLines, withPicked, type NewLine } from './NewLines';
import { sum, sumOfMoney } from './order';

const t = texts.orders.create;

interface Values extends Record<string, unknown> {
  lines: NewLine[];
  customer_name: string;
  customer_phone: string;
  customer_email: string;
  how: string;
  delivery_address: string;
  pickup_location_id: string;
  payment_method: string;
  discount_amount: number | string;
  notes: string;
  allow_partial: boolean;
}

type OrderForm = UseFormReturnType<Values>;

/** What is being typed, of each account and store. Who looks at another page and comes back finds it again. */
const drafts = new Map<string, Values>();

function emptyOrder(methods: string[]): Values {
  return {
    lines: [],
    customer_name: '',
    customer_phone: '',
    customer_email: '',
    how: 'deliver',
    delivery_address: '',
    pickup_location_id: '',
    payment_method: methods.includes('cod') ? 'cod' : (methods[0] ?? ''),
    discount_amount: '',
    notes: '',
    allow_partial: false,
  };
}

/** Places an order for a customer who calls or stands at the counter. */
export default function NewOrderPage() {
  const { user, store } = useSession();
  const go = useGo();
  const owner = `${user.id} ${store.id}`;
  const empty = emptyOrder(Object.keys(store.payment_methods));
  const form: OrderForm = useForm<Values>({
    initialValues: drafts.get(owner) ?? empty,
    validate: { lines: (lines) => (lines.length === 0 ? t.nothing : null) },
  });
  const write = useWrite('post', '/orders', {
    done: (order) => t.done(order.order_number),
    invalidates: ['/orders', '/inventory'],
    onDone: (order) => go(pathTo.order(order.order_number)),
  });
  const [unplaced, setUnplaced] = useState<string[]>([]);
  useEffect(() => setUnplaced(write.problem ? placeFieldErrors(form, write.problem) : []), [write.problem]);
  useEffect(() => {
    // An order that was sent may have been placed, so it is not offered again.
    if (write.state === 'idle') drafts.set(owner, form.values);
    else drafts.delete(owner);
  }, [owner, form.values, write.state]);
  const isUnsaved = JSON.stringify(form.values) !== JSON.stringify(empty);
  useKeptUnsaved(`new order ${owner}`, isUnsaved && write.state === 'idle');
  useUnsaved(write.isSending || write.state === 'unknown');
  const count = sum(form.values.lines.map(({ quantity }) => Number(quantity) || 0));
  // After the answer, this page stays until the code of the order's page is loaded.
  const isSending = write.isSending || write.state === 'done';
  const isLocked = isSending || write.state === 'unknown';

  return (
    <form onSubmit={form.onSubmit((values) => void write.send({ body: bodyOf(values) }))} noValidate>
      <PageHeader
        title={t.title}
        back={{ to: '/orders', label: texts.orders.back }}
        actions={
          isUnsaved && (
            <Button variant="default" disabled={isLocked} onClick={() => (write.reset(), form.setValues(empty))}>
              {t.startOver}
            </Button>
          )
        }
      />
      <fieldset disabled={isLocked} className="plain-fieldset">
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
          <Goods form={form} />
          <Stack gap="md">
            <Customer form={form} />
            <Terms form={form} />
          </Stack>
        </SimpleGrid>
      </fieldset>
      <WriteProblem write={write} unplaced={unplaced} />
      {write.state === 'unknown' ? (
        <Button mt="md" onClick={() => void write.retry()}>
          {texts.common.checkAgain}
        </Button>
      ) : (
        <Button mt="md" type="submit" loading={isSending}>
          {t.submit(count)}
        </Button>
      )}
    </form>
  );
}

function bodyOf(values: Values) {
  const text = (value: string) => value.trim() || null;
  const isCollected = values.how === 'collect';
  return {
    // The price is a guard: if it changed meanwhile, the order is refused.
    items: values.lines.map(({ sku, quantity, price }) => ({ product_id: sku, quantity: Number(quantity) || 0, unit_price: price })),
    customer_name: text(values.customer_name),
    customer_phone: text(values.customer_phone),
    customer_email: text(values.customer_email),
    delivery_address: isCollected ? null : text(values.delivery_address),
    pickup_location_id: isCollected ? Number(values.pickup_location_id) : null,
    payment_method: values.payment_method,
    notes: text(values.notes),
    allow_partial: values.allow_partial,
    ...(Number(values.discount_amount) > 0 ? { discount_amount: String(values.discount_amount) } : {}),
  };
}

function Goods({ form }: { form: OrderForm }) {
  const { money, moneyDigits } = useFormats();
  const { lines } = form.values;
  const total = sumOfMoney(lines.map(({ price, quantity }) => price * (Number(quantity) || 0)), moneyDigits);
  return (
    <Panel title={t.products}>
      <Stack gap="sm">
        <ProductPicker
          label={t.pick}
          description={t.pickHint}
          takesScans
          autoFocus
          error={form.errors.lines}
          onPick={(picked) => form.setFieldValue('lines', withPicked(form.getValues().lines, picked))}
        />
        {lines.length === 0 ? (
          <EmptyState title={t.empty} hint={t.emptyHint} />
        ) : (
          <>
            <NewLines lines={lines} onChange={(next) => form.setFieldValue('lines', next)} />
            <Text ta="right" fw={600}>
              {t.sum} <span className="figures">{money(total)}</span>
            </Text>
            <Text size="xs" c="dimmed" ta="right">
              {t.sumHint}
            </Text>
          </>
        )}
        <Checkbox label={t.partial} description={t.partialHint} {...form.getInputProps('allow_partial', { type: 'checkbox' })} />
      </Stack>
    </Panel>
  );
}

function Customer({ form }: { form: OrderForm }) {
  const pickups = useLocations().filter(({ pickup, status }) => pickup.enabled && status === 'active');
  const isCollected = form.values.how === 'collect';
  return (
    <Panel title={t.customer}>
      <Stack gap="sm">
        <TextInput label={t.name} maxLength={255} {...form.getInputProps('customer_name')} />
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <TextInput label={t.phone} type="tel" maxLength={50} {...form.getInputProps('customer_phone')} />
          <TextInput label={t.email} type="email" maxLength={254} {...form.getInputProps('customer_email')} />
        </SimpleGrid>
        {pickups.length > 0 && (
          <SegmentedControl
            aria-label={t.delivery}
            data={[
              { value: 'deliver', label: t.deliver },
              { value: 'collect', label: t.collect },
            ]}
            value={form.values.how}
            onChange={(how) => form.setValues({ how, pickup_location_id: form.values.pickup_location_id || String(pickups[0]?.id ?? '') })}
          />
        )}
        {isCollected ? (
          <Select label={t.place} data={pickups.map(({ id, name }) => ({ value: String(id), label: name }))} {...form.getInputProps('pickup_location_id')} />
        ) : (
          <Textarea label={t.address} autosize minRows={3} maxLength={1000} {...form.getInputProps('delivery_address')} />
        )}
      </Stack>
    </Panel>
  );
}

function Terms({ form }: { form: OrderForm }) {
  const { store } = useSession();
  const can = useCan();
  const methods = Object.entries(store.payment_methods).map(([method, sellAt]) => ({ value: method, label: `${method}: ${t.sellAt[sellAt]}` }));
  return (
    <Panel title={texts.orders.payment.title}>
      <Stack gap="sm">
        <Select label={t.method} data={methods} {...form.getInputProps('payment_method')} />
        {can('orders:discount') && <MoneyInput label={t.discount} {...form.getInputProps('discount_amount')} />}
        <Textarea label={t.notes} autosize minRows={2} maxLength={2000} {...form.getInputProps('notes')} />
      </Stack>
    </Panel>
  );
}
