import { Button } from '@mantine/core';
import { IconPrinter } from '@tabler/icons-react';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useFormats, type Formats } from '../../ui/format';
import { PageHeader } from '../../ui/page';
import { usePathParam } from '../../ui/path';
import { nameWithSize } from '../../ui/product';
import { ErrorState, LoadingPage } from '../../ui/states';
import { pathTo } from '../paths';
import { addressLines } from './address';
import { usePrintShortcut } from './print';
import classes from './paper.module.css';

const t = texts.orders.invoice;

type Invoice = Schemas['InvoiceResponse'];

/** The invoice of an order as it was issued, to print it. */
export default function InvoicePage() {
  const number = usePathParam('number');
  const { data, error, refetch } = api.useQuery('get', '/orders/{id}/invoice', {
    params: { path: { id: number } },
    headers: { Accept: 'application/json' },
  });
  usePrintShortcut(t.print, data !== undefined);
  return (
    <>
      <div className="no-print">
        <PageHeader
          title={data ? t.title(data.invoice_number) : t.panel}
          back={{ to: pathTo.order(number), label: number }}
          actions={
            data && (
              <Button leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
                {t.print}
              </Button>
            )
          }
        />
      </div>
      {data ? <Sheet invoice={data} /> : error ? <ErrorState error={error} retry={() => void refetch()} /> : <LoadingPage />}
    </>
  );
}

function Sheet({ invoice }: { invoice: Invoice }) {
  const { date } = useFormats();
  const billing = invoice.billing_address ?? invoice.shipping_address;
  const billTo = billing ? addressLines(billing) : [invoice.customer_name, invoice.delivery_address, invoice.customer_phone];
  const shipTo = invoice.shipping_address && JSON.stringify(invoice.shipping_address) !== JSON.stringify(billing) ? addressLines(invoice.shipping_address) : null;
  const facts: [string, string][] = [
    [t.billTo, billTo.filter(Boolean).join('\n')],
    ...(shipTo ? [[t.shipTo, shipTo.join('\n')] as [string, string]] : []),
    [t.issued, date(invoice.issued_at)],
    [t.order, `${invoice.order_number}\n${date(invoice.ordered_at)}`],
    [t.method, invoice.payment_method],
  ];
  return (
    <article className={classes.sheet} aria-label={t.title(invoice.invoice_number)}>
      <div className={classes.head}>
        <div className={classes.seller}>{invoice.seller_name}</div>
        <h2 className={classes.seller}>{t.title(invoice.invoice_number)}</h2>
      </div>
      <dl className={classes.facts}>
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <Lines invoice={invoice} />
      <Sums invoice={invoice} />
    </article>
  );
}

function Lines({ invoice }: { invoice: Invoice }) {
  const { money, quantity } = useFormats();
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">{t.item}</th>
          <th scope="col" data-align="right">
            {t.quantity}
          </th>
          <th scope="col" data-align="right">
            {t.price}
          </th>
          <th scope="col" data-align="right">
            {t.amount}
          </th>
        </tr>
      </thead>
      <tbody>
        {invoice.items.map((item, index) => (
          <tr key={index}>
            <td>
              {nameWithSize(item)}
              <div className={classes.sku}>{item.sku}</div>
            </td>
            <td data-align="right">{quantity(item.quantity)}</td>
            <td data-align="right">{money(item.unit_price)}</td>
            <td data-align="right">{money(item.total_price)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Sums({ invoice }: { invoice: Invoice }) {
  const formats = useFormats();
  return (
    <dl className={classes.sums}>
      {sumsOf(invoice, formats).map(({ name, value, isStrong }) => (
        <Row key={name} name={name} value={value} isStrong={isStrong} />
      ))}
    </dl>
  );
}

function Row({ name, value, isStrong }: { name: string; value: string; isStrong?: boolean }) {
  return (
    <>
      <dt data-strong={isStrong || undefined}>{name}</dt>
      <dd data-strong={isStrong || undefined}>{value}</dd>
    </>
  );
}

function sumsOf(invoice: Invoice, { money, number }: Formats): { name: string; value: string; isStrong?: boolean }[] {
  const p = texts.orders.payment;
  const some = (name: string, amount: number) => (amount === 0 ? [] : [{ name, value: money(amount) }]);
  const taxes = invoice.tax_lines.map((tax) => {
    const percent = `${number(tax.percent, 4)} %`;
    const name = tax.included ? t.taxIncludedOf(tax.name, percent) : t.taxOf(tax.name, percent);
    return { name: `${name} ${t.onBase(money(tax.base))}`, value: money(tax.tax), isIncluded: tax.included };
  });
  return [
    { name: p.subtotal, value: money(invoice.subtotal) },
    ...some(p.discount, -invoice.discount_amount),
    ...some(p.delivery, invoice.shipping_amount),
    ...taxes.filter(({ isIncluded }) => !isIncluded),
    { name: p.total, value: money(invoice.total_amount), isStrong: true },
    ...taxes.filter(({ isIncluded }) => isIncluded),
    ...invoice.credits.map((credit) => ({ name: t.credit(credit.number), value: money(-credit.total) })),
    ...(invoice.credits.length > 0 ? [{ name: t.net, value: money(invoice.net_total), isStrong: true }] : []),
  ];
}
