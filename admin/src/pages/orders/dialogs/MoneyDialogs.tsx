import { Alert, Checkbox, Select, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { useWrite } from '../../../api/use-write';
import { texts } from '../../../texts';
import { FormDialog } from '../../../ui/dialog';
import { useFormats } from '../../../ui/format';
import { MoneyInput } from '../../../ui/inputs';
import { nameWithSize } from '../../../ui/product';
import { outstandingOf, refundableOf, sumOfMoney, unshipped, type Credit } from '../order';
import { Changes } from './Changes';
import type { OrderDialogProps } from './LifeDialogs';
import { Consequences } from './units-table';
import { useFresh } from './use-fresh';

const t = texts.orders;
const AFTER = { invalidates: ['/orders', '/inventory'] };

/** Records the payment of an order. If its stock was only held, it is sold by that. */
export function ConfirmPaymentDialog({ order, onClose }: OrderDialogProps) {
  const { money, moneyDigits } = useFormats();
  const due = outstandingOf(order, moneyDigits);
  const form = useForm({ initialValues: { payment_reference: '', amount: due as number | string, accept_reused: false } });
  const confirm = useWrite('post', '/orders/{id}/payment/confirm', { done: t.payment.confirmed(money(due)), ...AFTER });
  // That refusal itself records the money at the order.
  const isReused = confirm.problem?.code === 'PAYMENT_REFERENCE_USED' || form.values.accept_reused;
  const write = useFresh(order, confirm, isReused);
  return (
    <FormDialog
      title={t.payment.confirmTitle}
      form={form}
      write={write}
      submit={t.steps.confirm(money(Number(form.values.amount) || 0))}
      onClose={onClose}
      request={({ payment_reference, amount, accept_reused }) => ({
        params: { path: { id: order.order_number } },
        body: { payment_reference: payment_reference.trim(), ...(amount === '' ? {} : { amount: String(amount) }), ...(accept_reused ? { accept_reused } : {}) },
      })}
    >
      {!isReused && <Changes since={order} />}
      <Text size="sm">{t.payment.confirmText}</Text>
      <TextInput
        label={t.payment.referenceLabel}
        description={t.payment.referenceHint}
        required
        maxLength={255}
        data-autofocus
        data-scan="field"
        {...form.getInputProps('payment_reference')}
      />
      <MoneyInput label={t.payment.amount} description={t.payment.amountHint} {...form.getInputProps('amount')} />
      {isReused && (
        <Alert color="yellow" title={t.payment.reusedTitle}>
          <Text size="sm" mb="xs">
            {t.payment.reusedText}
          </Text>
          <Checkbox label={t.payment.acceptReused} {...form.getInputProps('accept_reused', { type: 'checkbox' })} />
        </Alert>
      )}
      {order.status === 'under_paying' && <Consequences>{[t.payment.confirmSold(unshipped(order))]}</Consequences>}
    </FormDialog>
  );
}

/** Records that a payment failed: the order is cancelled. */
export function FailPaymentDialog({ order, onClose }: OrderDialogProps) {
  const form = useForm({ initialValues: { reason: '' } });
  const write = useFresh(order, useWrite('post', '/orders/{id}/payment/fail', { done: t.payment.failDone, ...AFTER }));
  return (
    <FormDialog
      title={t.payment.failTitle}
      form={form}
      write={write}
      submit={t.payment.failConfirm}
      isDangerous
      onClose={onClose}
      request={({ reason }) => ({ params: { path: { id: order.order_number } }, body: { reason: reason.trim() || null } })}
    >
      <Changes since={order} />
      <TextInput label={texts.common.reason} maxLength={500} data-autofocus {...form.getInputProps('reason')} />
      <Consequences>{[t.payment.failText(unshipped(order))]}</Consequences>
    </FormDialog>
  );
}

/** Records money that was sent back. */
export function RefundDialog({ order, credits, onClose }: OrderDialogProps & { credits: Credit[] }) {
  const { money, moneyDigits } = useFormats();
  const due = order.refund_due_amount;
  const most = refundableOf(order, moneyDigits);
  const open = credits.filter((credit) => credit.total > credit.refunded_amount + credit.used_amount);
  const form = useForm({
    initialValues: { refund_reference: '', amount: (due || '') as number | string, credit_id: open.length === 1 ? String(open[0]?.id) : '' },
    validate: { amount: (amount) => (Number(amount) > most ? t.refund.tooMuch(money(most)) : null) },
  });
  const amount = Number(form.values.amount) || 0;
  const write = useFresh(
    order,
    useWrite('post', '/orders/{id}/refund', {
      done: (after) => t.refund.done(money(sumOfMoney([after.refunded_amount, -order.refunded_amount], moneyDigits))),
      invalidates: ['/orders'],
    }),
  );
  return (
    <FormDialog
      title={t.refund.title}
      form={form}
      write={write}
      submit={t.steps.refund(money(amount))}
      onClose={onClose}
      request={(values) => ({
        params: { path: { id: order.order_number } },
        body: {
          refund_reference: values.refund_reference.trim(),
          ...(values.amount === '' ? {} : { amount: String(values.amount) }),
          ...(values.credit_id ? { credit_id: Number(values.credit_id) } : {}),
        },
      })}
    >
      <Changes since={order} />
      <Text size="sm">
        {t.refund.text} {due > 0 && t.refund.due(money(due))}
      </Text>
      <TextInput label={t.refund.reference} required maxLength={255} data-autofocus data-scan="field" {...form.getInputProps('refund_reference')} />
      <MoneyInput label={t.refund.amount} required {...form.getInputProps('amount')} />
      {open.length > 0 && (
        <Select
          label={t.refund.credit}
          data={[{ value: '', label: t.refund.noCredit }, ...open.map((credit) => ({ value: String(credit.id), label: `${credit.number} · ${money(credit.total)}` }))]}
          {...form.getInputProps('credit_id')}
        />
      )}
      <Consequences>
        {[
          amount > due && due > 0 && t.refund.above(money(due)),
          amount < due ? t.refund.rest(money(sumOfMoney([due, -amount], moneyDigits))) : t.refund.settled,
        ]}
      </Consequences>
    </FormDialog>
  );
}

/** Forgives an amount of the goods, of one item, or of the delivery. */
export function CreditDialog({ order, onClose }: OrderDialogProps) {
  const { money, moneyDigits } = useFormats();
  const kinds = [
    { value: 'goods', label: t.credits.goods },
    { value: 'line', label: t.credits.line },
    ...(order.shipping_amount > 0 ? [{ value: 'shipping', label: t.credits.shipping }] : []),
  ];
  const form = useForm({ initialValues: { what: 'goods', item_id: String(order.items[0]?.id ?? ''), amount: '' as number | string, reason: '' } });
  const { what, amount } = form.values;
  const value = Number(amount) || 0;
  const write = useFresh(
    order,
    useWrite('post', '/orders/{id}/credits', { done: (credit) => t.credits.done(money(credit.total)), invalidates: ['/orders'] }),
  );
  const net = sumOfMoney([order.net_total, -value], moneyDigits);
  const overpaid = sumOfMoney([order.received_amount, -order.refunded_amount, -order.credit_used_amount, -net], moneyDigits);
  return (
    <FormDialog
      title={t.credits.forgiveTitle}
      form={form}
      write={write}
      submit={t.steps.forgiveOf(what === 'shipping' && amount === '' ? t.credits.wholeDelivery : money(value))}
      fieldNames={{ 'lines[0].amount': 'amount', 'lines[0].item_id': 'item_id' }}
      onClose={onClose}
      request={(values) => ({ params: { path: { id: order.order_number } }, body: { ...creditBody(values), reason: values.reason.trim() } })}
    >
      <Changes since={order} />
      <Text size="sm">{t.credits.forgiveText}</Text>
      <Select label={t.credits.what} data={kinds} {...form.getInputProps('what')} />
      {what === 'line' && (
        <Select
          label={t.credits.item}
          data={order.items.map((item) => ({ value: String(item.id), label: nameWithSize(item) }))}
          {...form.getInputProps('item_id')}
        />
      )}
      <MoneyInput
        label={t.credits.amount}
        description={what === 'shipping' ? t.credits.shippingHint : undefined}
        required={what !== 'shipping'}
        data-autofocus
        {...form.getInputProps('amount')}
      />
      <TextInput label={texts.common.reason} required maxLength={500} {...form.getInputProps('reason')} />
      {value > 0 && net >= 0 && <Consequences>{[overpaid > 0 ? t.credits.paid(money(overpaid)) : t.credits.unpaid(money(-overpaid))]}</Consequences>}
    </FormDialog>
  );
}

function creditBody({ what, item_id, amount }: { what: string; item_id: string; amount: number | string }) {
  const value = String(amount);
  if (what === 'line') return { lines: [{ item_id: Number(item_id), amount: value }] };
  const isWhole = what === 'shipping' && value === '';
  return { kind: what === 'shipping' ? ('shipping' as const) : ('goodwill' as const), ...(isWhole ? {} : { amount: value }) };
}
