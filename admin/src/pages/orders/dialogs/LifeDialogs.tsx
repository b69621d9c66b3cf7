import { Checkbox, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { useWrite } from '../../../api/use-write';
import { texts } from '../../../texts';
import { ConfirmDialog, FormDialog } from '../../../ui/dialog';
import { useFormats } from '../../../ui/format';
import { nameWithSize } from '../../../ui/product';
import { priceOf, sum, sumOfMoney, unshipped, unshippedByPlace, unshippedOf, type Order } from '../order';
import { usePlaceName } from '../places';
import { Changes } from './Changes';
import { Consequences, totalOf, unitsOf, UnitsTable, validateUnits, type Units } from './units-table';
import { useFresh } from './use-fresh';

const t = texts.orders;
const AFTER = { invalidates: ['/orders', '/inventory'] };

export interface OrderDialogProps {
  /** The order as it was when the dialog was opened. */
  order: Order;
  onClose: () => void;
}

const pathOf = (order: Order) => ({ path: { id: order.order_number } });

export function PackDialog({ order, onClose }: OrderDialogProps) {
  const write = useFresh(order, useWrite('put', '/orders/{id}', { done: t.pack.done, ...AFTER }));
  return (
    <ConfirmDialog title={t.steps.pack} write={write} request={{ params: pathOf(order), body: { status: 'processing' } }} confirm={t.steps.pack} onClose={onClose}>
      {t.pack.text}
      <Changes since={order} />
    </ConfirmDialog>
  );
}

export function DeliveredAllDialog({ order, onClose }: OrderDialogProps) {
  const write = useFresh(order, useWrite('put', '/orders/{id}', { done: t.deliveredAll.done, ...AFTER }));
  const open = order.shipments.filter(({ status }) => status === 'in_transit').length;
  return (
    <ConfirmDialog
      title={t.steps.deliveredAll}
      write={write}
      request={{ params: pathOf(order), body: { status: 'delivered' } }}
      confirm={t.steps.deliveredAll}
      onClose={onClose}
    >
      {t.deliveredAll.text(open)}
      <Changes since={order} />
    </ConfirmDialog>
  );
}

export function ReadyDialog({ order, onClose }: OrderDialogProps) {
  const placeName = usePlaceName(order);
  const write = useFresh(order, useWrite('post', '/orders/{id}/ready', { done: t.pickup.readyDone, ...AFTER }));
  return (
    <ConfirmDialog title={t.pickup.readyTitle} write={write} request={{ params: pathOf(order) }} confirm={t.steps.ready} onClose={onClose}>
      {t.pickup.readyText(placeName(order.pickup_location_id ?? 0))}
      <Changes since={order} />
    </ConfirmDialog>
  );
}

export function CollectedDialog({ order, onClose }: OrderDialogProps) {
  const placeName = usePlaceName(order);
  const { money } = useFormats();
  const count = unshipped(order);
  const write = useFresh(order, useWrite('post', '/orders/{id}/collected', { done: t.pickup.collectedDone(count), ...AFTER }));
  return (
    <ConfirmDialog title={t.pickup.collectedTitle} write={write} request={{ params: pathOf(order) }} confirm={t.steps.collected(count)} onClose={onClose}>
      {t.pickup.collectedText(count, placeName(order.pickup_location_id ?? 0))}
      {order.payment_status === 'pending' && <Text size="sm">{t.ship.unpaid(money(order.net_total))}</Text>}
      <Changes since={order} />
    </ConfirmDialog>
  );
}

/** Cancels the whole order. What was paid is due back. */
export function CancelDialog({ order, onClose }: OrderDialogProps) {
  const placeName = usePlaceName(order);
  const { money, moneyDigits } = useFormats();
  const form = useForm({ initialValues: { reason: '' } });
  const write = useFresh(
    order,
    useWrite('post', '/orders/{id}/cancel', {
      done: (after) => (after.refund_due ? t.cancel.doneRefund(money(after.refund_due_amount)) : t.cancel.done),
      ...AFTER,
    }),
  );
  const paid = sumOfMoney([order.received_amount, -order.refunded_amount, -order.credit_used_amount], moneyDigits);
  const byPlace = new Map<number, number>();
  for (const { placeId, quantity } of unshippedByPlace(order)) byPlace.set(placeId, (byPlace.get(placeId) ?? 0) + quantity);
  return (
    <FormDialog
      title={t.cancel.title(order.order_number)}
      form={form}
      write={write}
      submit={t.steps.cancel}
      isDangerous
      onClose={onClose}
      request={({ reason }) => ({ params: pathOf(order), body: { reason: reason.trim() || null } })}
    >
      <Changes since={order} />
      <TextInput label={t.cancel.reason} maxLength={500} data-autofocus {...form.getInputProps('reason')} />
      <Consequences>
        {[
          ...(order.status === 'under_paying'
            ? [t.cancel.held(unshipped(order))]
            : [...byPlace].map(([placeId, quantity]) => t.cancel.back(quantity, placeName(placeId)))),
          paid > 0 ? t.cancel.refund(money(paid)) : t.cancel.noMoney,
          t.cancel.final,
        ]}
      </Consequences>
    </FormDialog>
  );
}

/** Cancels units that are not shipped. They are credited. */
export function CancelLinesDialog({ order, onClose }: OrderDialogProps) {
  const { money } = useFormats();
  const lines = order.items.filter((item) => unshippedOf(item) > 0).map((item) => ({ key: String(item.id), name: nameWithSize(item), max: unshippedOf(item) }));
  const form = useForm({
    initialValues: { units: {} as Units, reason: '', refund_shipping: false },
    validate: { units: validateUnits(lines, t.ship.tooMany, t.ship.none) },
  });
  const { units } = form.values;
  const total = totalOf(units);
  const write = useFresh(
    order,
    useWrite('post', '/orders/{id}/cancel-lines', {
      done: (after) => t.cancelLines.done(total, money(after.credited_amount - order.credited_amount)),
      ...AFTER,
    }),
  );
  return (
    <FormDialog
      title={t.cancelLines.title}
      form={form}
      write={write}
      submit={t.steps.cancelLinesOf(total)}
      isDangerous
      onClose={onClose}
      request={({ reason, refund_shipping }) => ({
        params: pathOf(order),
        body: { lines: linesOf(units), reason: reason.trim(), refund_shipping },
      })}
    >
      <Changes since={order} />
      <Text size="sm">{t.cancelLines.text}</Text>
      <UnitsTable label={t.cancelLines.title} lines={lines} units={units} error={form.errors.units} onChange={(next) => form.setFieldValue('units', next)} />
      <TextInput label={t.cancel.reason} required maxLength={500} {...form.getInputProps('reason')} />
      {order.shipping_amount > 0 && (
        <Checkbox label={t.cancelLines.refundShipping} {...form.getInputProps('refund_shipping', { type: 'checkbox' })} />
      )}
      <CancelLinesConsequences order={order} units={units} />
    </FormDialog>
  );
}

export function linesOf(units: Units): { item_id: number; quantity: number }[] {
  return Object.keys(units)
    .map((key) => ({ item_id: Number(key), quantity: unitsOf(units, key) }))
    .filter(({ quantity }) => quantity > 0);
}

function CancelLinesConsequences({ order, units }: { order: Order; units: Units }) {
  const { money, moneyDigits } = useFormats();
  const total = totalOf(units);
  if (total === 0) return null;
  const credit = sumOfMoney(
    order.items.map((item) => priceOf(item, unitsOf(units, String(item.id)), moneyDigits)),
    moneyDigits,
  );
  const left = unshipped(order) - total;
  const wasShipped = sum(order.items.map(({ shipped_quantity }) => shipped_quantity)) > 0;
  return (
    <Consequences>
      {[
        t.cancelLines.about(money(credit)),
        order.received_amount > 0 ? t.cancelLines.paid : t.cancelLines.unpaid,
        left > 0 ? t.ship.leftOver(left) : wasShipped ? t.cancelLines.rest : t.cancelLines.all,
      ]}
    </Consequences>
  );
}

export function NotesDialog({ order, onClose }: OrderDialogProps) {
  const form = useForm({ initialValues: { notes: order.notes ?? '' } });
  const write = useFresh(order, useWrite('put', '/orders/{id}', { done: t.notes.done, invalidates: ['/orders'] }));
  return (
    <FormDialog
      title={t.steps.notes}
      form={form}
      write={write}
      submit={t.notes.save}
      onClose={onClose}
      request={({ notes }) => ({ params: pathOf(order), body: { notes: notes.trim() || null } })}
    >
      <Changes since={order} />
      <Textarea label={t.notes.label} autosize minRows={4} maxLength={2000} data-autofocus {...form.getInputProps('notes')} />
    </FormDialog>
  );
}

/** Issues the invoice of a sold order, once and for ever. */
export function InvoiceDialog({ order, onClose }: OrderDialogProps) {
  const write = useFresh(order, useWrite('post', '/orders/{id}/invoice', { done: ({ invoice_number }) => t.invoice.done(invoice_number), invalidates: ['/orders'] }));
  return (
    <ConfirmDialog title={t.invoice.issueTitle} write={write} request={{ params: pathOf(order) }} confirm={t.steps.invoice} onClose={onClose}>
      {t.invoice.issueText}
      <Changes since={order} />
    </ConfirmDialog>
  );
}
