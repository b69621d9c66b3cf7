import { Button, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { Panel } from '../../ui/page';
import { Ago, CodeText, DateTime } from '../../ui/values';
import { pathTo } from '../paths';
import { ConfirmPaymentDialog, CreditDialog, FailPaymentDialog, InvoiceDialog, RefundDialog } from './dialogs';
import { outstandingOf, refundableOf, type Credit, type Order } from './order';
import { useOpenDialog } from './open-dialog';
import classes from './order.module.css';

const t = texts.orders.payment;

export function PaymentPanel({ order, credits }: { order: Order; credits: Credit[] }) {
  return (
    <Panel title={t.title}>
      <Sums order={order} />
      <PaymentSteps order={order} credits={credits} />
    </Panel>
  );
}

type Row = { name: ReactNode; value: ReactNode; kind?: 'strong' | 'due' | 'minor' };

function Sums({ order }: { order: Order }) {
  const { money, moneyDigits } = useFormats();
  const outstanding = outstandingOf(order, moneyDigits);
  const amount = (name: string, value: number, kind?: Row['kind']): Row[] => (value === 0 ? [] : [{ name, value: money(value), kind }]);
  const rows: Row[] = [
    { name: t.subtotal, value: money(order.subtotal) },
    ...amount(t.discount, -order.discount_amount),
    ...amount(t.delivery, order.shipping_amount),
    ...amount(t.tax, order.tax_amount),
    { name: t.total, value: money(order.total_amount), kind: 'strong' },
    ...amount(t.includedTax, order.included_tax_amount, 'minor'),
    ...amount(t.credits, -order.credited_amount),
    ...(order.credited_amount === 0 ? [] : [{ name: t.net, value: money(order.net_total), kind: 'strong' as const }]),
    ...amount(t.received, order.received_amount),
    ...amount(t.unapplied, order.unapplied_amount),
    ...amount(t.usedForExchange, -order.credit_used_amount),
    ...amount(t.refunded, -order.refunded_amount),
    ...(order.status === 'cancelled' || order.payment_status === 'refunded' ? [] : amount(t.outstanding, outstanding, 'strong')),
    ...amount(t.refundDue, order.refund_due_amount, 'due'),
    { name: t.method, value: order.payment_method },
    ...(order.payment_reference ? [{ name: t.reference, value: <CodeText>{order.payment_reference}</CodeText> }] : []),
    ...(order.paid_at ? [{ name: t.paidAt, value: <DateTime at={order.paid_at} /> }] : []),
    ...(order.status === 'under_paying' && order.payment_expires_at ? [{ name: texts.orders.deadline, value: <Ago at={order.payment_expires_at} /> }] : []),
  ];
  return (
    <dl className={classes.sums}>
      {rows.map(({ name, value, kind }, index) => (
        <div key={index} data-strong={kind === 'strong' || undefined} data-due={kind === 'due' || undefined} data-minor={kind === 'minor' || undefined}>
          <dt>{name}</dt>
          <dd className="figures">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function PaymentSteps({ order, credits }: { order: Order; credits: Credit[] }) {
  const can = useCan();
  const open = useOpenDialog();
  const { money, moneyDigits } = useFormats();
  const outstanding = outstandingOf(order, moneyDigits);
  const isAwaited = order.status === 'under_paying';
  const isUnpaid = order.payment_status === 'pending' && order.status !== 'cancelled' && outstanding > 0;
  const canForgive = order.status !== 'cancelled' && !isAwaited && order.net_total > 0;
  const steps = texts.orders.steps;
  return (
    <div className={`${classes.panelButtons} no-print`}>
      {can('orders:update') && refundableOf(order, moneyDigits) > 0 && (
        <Button
          size="xs"
          variant={order.refund_due ? 'filled' : 'default'}
          onClick={() => open((close) => <RefundDialog order={order} credits={credits} onClose={close} />)}
        >
          {order.refund_due ? steps.refund(money(order.refund_due_amount)) : texts.orders.refund.title}
        </Button>
      )}
      {can('payments:confirm') && isUnpaid && !isAwaited && (
        <Button size="xs" variant="default" onClick={() => open((close) => <ConfirmPaymentDialog order={order} onClose={close} />)}>
          {steps.confirm(money(outstanding))}
        </Button>
      )}
      {can('payments:confirm') && isAwaited && (
        <Button size="xs" variant="default" onClick={() => open((close) => <FailPaymentDialog order={order} onClose={close} />)}>
          {steps.fail}
        </Button>
      )}
      {can('orders:update') && canForgive && (
        <Button size="xs" variant="default" onClick={() => open((close) => <CreditDialog order={order} onClose={close} />)}>
          {steps.forgive}
        </Button>
      )}
    </div>
  );
}

export function InvoicePanel({ order }: { order: Order }) {
  const can = useCan();
  const open = useOpenDialog();
  const isSold = order.status !== 'under_paying' && order.status !== 'cancelled';
  const i = texts.orders.invoice;
  if (!order.invoice_number && !isSold) return null;
  return (
    <Panel title={i.panel}>
      <Text size="sm" c={order.invoice_number ? undefined : 'dimmed'}>
        {order.invoice_number ? <CodeText>{order.invoice_number}</CodeText> : i.none}
      </Text>
      <div className={`${classes.panelButtons} no-print`}>
        {order.invoice_number ? (
          <Button size="xs" variant="default" component={Link} to={pathTo.invoice(order.order_number)}>
            {texts.orders.steps.printInvoice}
          </Button>
        ) : (
          can('orders:update') && (
            <Button size="xs" variant="default" onClick={() => open((close) => <InvoiceDialog order={order} onClose={close} />)}>
              {texts.orders.steps.invoice}
            </Button>
          )
        )}
      </div>
    </Panel>
  );
}
