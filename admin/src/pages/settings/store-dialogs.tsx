import { NumberInput, Select, Switch, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { client, type Schemas } from '../../api/client';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog } from '../../ui/dialog';
import { MoneyInput, QuantityInput } from '../../ui/inputs';
import { pick, useCheckedWrite } from './checked-write';
import { Changes, orNull } from './parts';

const t = texts.settings;
const { fields } = t;

export type Store = Schemas['StoreResponse'];
type Patch = Schemas['StorePatchRequest'];

export interface StoreDialogProps {
  store: Store;
  onClose: () => void;
  /** The frame shows the store's name, currency and time zone, too. */
  onSaved: () => void;
}

/** Writes some settings of the store, if nobody else changed them meanwhile. */
export function useStoreWrite(store: Store, names: readonly (keyof Store)[], onSaved: () => void) {
  const write = useWrite('patch', '/stores/{id}', { done: texts.common.saved, onDone: onSaved });
  return useCheckedWrite(write, pick(store, names) as Partial<Store>, () => readStore(store.id));
}

export async function readStore(id: number): Promise<Store> {
  const { data } = await client.GET('/stores/{id}', { params: { path: { id: String(id) } } });
  return data as Store;
}

const requestOf = (store: Store, body: Patch) => ({ params: { path: { id: String(store.id) } }, body });

const GENERAL = ['name', 'currency', 'language', 'time_zone'] as const;

export function GeneralDialog({ store, onClose, onSaved }: StoreDialogProps) {
  const write = useStoreWrite(store, GENERAL, onSaved);
  const form = useForm({ initialValues: pick(store, GENERAL) });
  // The zones and currencies that the browser knows, and the store's own.
  const zones = [...new Set([store.time_zone, 'UTC', ...Intl.supportedValuesOf('timeZone')])];
  const currencies = [...new Set([store.currency, ...Intl.supportedValuesOf('currency')])];
  return (
    <FormDialog
      title={t.general}
      form={form}
      write={write}
      submit={texts.common.save}
      request={(values) => requestOf(store, changed(values, store))}
      onClose={onClose}
    >
      <TextInput label={fields.name} data-autofocus {...form.getInputProps('name')} />
      <Select
        label={fields.currency}
        description={t.currencyHint}
        data={currencies}
        searchable
        allowDeselect={false}
        {...form.getInputProps('currency')}
      />
      <TextInput label={fields.language} description={t.languageHint} {...form.getInputProps('language')} />
      <Select
        label={fields.time_zone}
        description={t.timeZoneHint}
        data={zones}
        searchable
        allowDeselect={false}
        limit={100}
        {...form.getInputProps('time_zone')}
      />
      <Changes changes={write.changes} />
    </FormDialog>
  );
}

/** The values that differ: the currency of a store with products is refused even if it stays the same. */
function changed<T extends object>(values: T, store: Store): Partial<T> {
  const names = Object.keys(values) as (keyof T)[];
  return pick(values, names.filter((name) => values[name] !== (store as unknown as T)[name]));
}

const PRICES = ['prices_include_tax', 'tax_rate', 'shipping_flat_rate', 'shipping_tax'] as const;

export function PricesDialog({ store, onClose, onSaved }: StoreDialogProps) {
  const write = useStoreWrite(store, PRICES, onSaved);
  const form = useForm({ initialValues: pick(store, PRICES) });
  return (
    <FormDialog title={t.prices} form={form} write={write} submit={texts.common.save} request={(values) => requestOf(store, values)} onClose={onClose}>
      <Switch
        label={fields.prices_include_tax}
        description={t.pricesIncludeTaxHint}
        {...form.getInputProps('prices_include_tax', { type: 'checkbox' })}
      />
      <NumberInput label={fields.tax_rate} description={t.taxRateHint} suffix=" %" min={0} max={100} decimalScale={4} {...form.getInputProps('tax_rate')} />
      <MoneyInput label={fields.shipping_flat_rate} {...form.getInputProps('shipping_flat_rate')} />
      <Select
        label={fields.shipping_tax}
        data={Object.entries(t.shippingTaxes).map(([value, label]) => ({ value, label }))}
        allowDeselect={false}
        {...form.getInputProps('shipping_tax')}
      />
      <Changes changes={write.changes} />
    </FormDialog>
  );
}

const ORDERS = ['order_mails', 'guest_orders', 'hold_cart_items', 'return_window_days'] as const;

export function OrdersDialog({ store, onClose, onSaved }: StoreDialogProps) {
  const write = useStoreWrite(store, ORDERS, onSaved);
  const form = useForm({ initialValues: { ...pick(store, ORDERS), return_window_days: (store.return_window_days ?? '') as number | string } });
  return (
    <FormDialog
      title={t.orders}
      form={form}
      write={write}
      submit={texts.common.save}
      request={(values) => requestOf(store, { ...values, return_window_days: orNull(values.return_window_days) })}
      onClose={onClose}
    >
      <Switch label={fields.order_mails} description={t.orderMailsHint} {...form.getInputProps('order_mails', { type: 'checkbox' })} />
      <Switch label={fields.guest_orders} description={t.guestOrdersHint} {...form.getInputProps('guest_orders', { type: 'checkbox' })} />
      <Switch label={fields.hold_cart_items} description={t.holdCartItemsHint} {...form.getInputProps('hold_cart_items', { type: 'checkbox' })} />
      <QuantityInput label={fields.return_window_days} description={t.returnWindowHint} {...form.getInputProps('return_window_days')} />
      <Changes changes={write.changes} />
    </FormDialog>
  );
}

const STOCK = ['service_level', 'over_receipt_percent', 'count_tolerance'] as const;

export function StockDialog({ store, onClose, onSaved }: StoreDialogProps) {
  const write = useStoreWrite(store, STOCK, onSaved);
  const form = useForm({ initialValues: structuredClone(pick(store, STOCK)) });
  return (
    <FormDialog title={t.stock} form={form} write={write} submit={texts.common.save} request={(values) => requestOf(store, values)} onClose={onClose}>
      <QuantityInput label={fields.service_level} description={t.serviceLevelHint} suffix=" %" min={50} max={99} {...form.getInputProps('service_level')} />
      <QuantityInput label={fields.over_receipt_percent} description={t.overReceiptHint} suffix=" %" max={100} {...form.getInputProps('over_receipt_percent')} />
      <QuantityInput label={t.toleranceUnits} description={t.toleranceHint} {...form.getInputProps('count_tolerance.units')} />
      <MoneyInput label={t.toleranceValue} {...form.getInputProps('count_tolerance.value')} />
      <Changes changes={write.changes} />
    </FormDialog>
  );
}
