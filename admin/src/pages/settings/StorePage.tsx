import { SimpleGrid } from '@mantine/core';
import { useState, type ComponentType } from 'react';

import { api, type Schemas } from '../../api/client';
import { useSession } from '../../api/session';
import { texts } from '../../texts';
import { formatsOf, useFormats } from '../../ui/format';
import { Facts, PageHeader, Panel } from '../../ui/page';
import { ErrorState, LoadingPage } from '../../ui/states';
import { EditButton } from './parts';
import { GeneralDialog, OrdersDialog, PricesDialog, StockDialog, type StoreDialogProps } from './store-dialogs';

const t = texts.settings;
const { fields } = t;

type Store = Schemas['StoreResponse'];
type Part = 'general' | 'prices' | 'orders' | 'stock';

const DIALOGS: Record<Part, ComponentType<StoreDialogProps>> = {
  general: GeneralDialog,
  prices: PricesDialog,
  orders: OrdersDialog,
  stock: StockDialog,
};

export default function StorePage() {
  const session = useSession();
  const query = api.useQuery('get', '/stores/{id}', { params: { path: { id: String(session.store.id) } } }, { staleTime: 0 });
  const [editing, setEditing] = useState<Part | null>(null);
  const { data: store } = query;
  if (!store) {
    return (
      <>
        <PageHeader title={t.store} />
        {query.error ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : <LoadingPage />}
      </>
    );
  }

  const Dialog = editing && DIALOGS[editing];
  return (
    <>
      <PageHeader title={t.store}>{`${store.name} · ${store.code}`}</PageHeader>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <General store={store} onEdit={() => setEditing('general')} />
        <Prices store={store} onEdit={() => setEditing('prices')} />
        <Orders store={store} onEdit={() => setEditing('orders')} />
        <Stock store={store} onEdit={() => setEditing('stock')} />
      </SimpleGrid>
      {Dialog && <Dialog store={store} onClose={() => setEditing(null)} onSaved={() => void session.refresh()} />}
    </>
  );
}

interface PartProps {
  store: Store;
  onEdit: () => void;
}

const yesOrNo = (value: boolean) => (value ? texts.common.yes : texts.common.no);

function General({ store, onEdit }: PartProps) {
  const formats = formatsOf(store.language, store.currency, store.time_zone);
  return (
    <Panel title={t.general} action={<EditButton label={t.editOf(t.general)} onClick={onEdit} />}>
      <Facts
        facts={[
          [fields.name, store.name],
          [fields.code, store.code],
          [fields.currency, store.currency],
          [fields.language, store.language],
          [fields.time_zone, store.time_zone],
          [t.example, t.exampleOf(formats.money(1_234_567.5), formats.dateTime(new Date().toISOString()))],
        ]}
      />
    </Panel>
  );
}

function Prices({ store, onEdit }: PartProps) {
  const { money, number } = useFormats();
  return (
    <Panel title={t.prices} action={<EditButton label={t.editOf(t.prices)} onClick={onEdit} />}>
      <Facts
        facts={[
          [fields.prices_include_tax, yesOrNo(store.prices_include_tax)],
          [fields.tax_rate, t.percent(number(store.tax_rate, 4))],
          [fields.shipping_flat_rate, money(store.shipping_flat_rate)],
          [fields.shipping_tax, t.shippingTaxes[store.shipping_tax]],
        ]}
      />
    </Panel>
  );
}

function Orders({ store, onEdit }: PartProps) {
  const { quantity } = useFormats();
  const days = store.return_window_days;
  return (
    <Panel title={t.orders} action={<EditButton label={t.editOf(t.orders)} onClick={onEdit} />}>
      <Facts
        facts={[
          [fields.order_mails, yesOrNo(store.order_mails)],
          [fields.guest_orders, yesOrNo(store.guest_orders)],
          [fields.hold_cart_items, yesOrNo(store.hold_cart_items)],
          [fields.return_window_days, days === null ? t.noEnd : days === 0 ? t.noReturns : t.days(quantity(days))],
        ]}
      />
    </Panel>
  );
}

function Stock({ store, onEdit }: PartProps) {
  const { money, quantity } = useFormats();
  return (
    <Panel title={t.stock} action={<EditButton label={t.editOf(t.stock)} onClick={onEdit} />}>
      <Facts
        facts={[
          [fields.service_level, t.percent(quantity(store.service_level))],
          [fields.over_receipt_percent, t.percent(quantity(store.over_receipt_percent))],
          [fields.count_tolerance, t.tolerance(quantity(store.count_tolerance.units), money(store.count_tolerance.value))],
        ]}
      />
    </Panel>
  );
}
