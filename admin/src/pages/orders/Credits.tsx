import { Badge } from '@mantine/core';

import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Panel } from '../../ui/page';
import { nameWithSize } from '../../ui/product';
import { ErrorNote } from '../../ui/states';
import { CodeText, DateTime } from '../../ui/values';
import type { Credit, Order } from './order';
import classes from './order.module.css';

const t = texts.orders.credits;

/** The credits of an order. Nothing if there is none. */
export function CreditsPanel({ credits, error }: { order: Order; credits: Credit[] | undefined; error: unknown }) {
  const { money, quantity } = useFormats();
  if (error) return <ErrorNote error={error} />;
  if (!credits || credits.length === 0) return null;
  return (
    <Panel title={t.title} isFlush>
      <ul className={classes.list} aria-label={t.title}>
        {credits.map((credit) => (
          <li key={credit.id}>
            <div className={classes.head}>
              <Badge color="gray">{t.kind[credit.kind]}</Badge>
              <span className="figures">{money(credit.total)}</span>
            </div>
            <div className={classes.small}>
              <CodeText>{credit.number}</CodeText> · <DateTime at={credit.created_at} />
            </div>
            {credit.lines
              .filter((line) => line.quantity > 0)
              .map((line) => (
                <div key={line.item_id} className={classes.small}>
                  <span className="figures">{quantity(line.quantity)} ×</span> {nameWithSize(line)}
                </div>
              ))}
            <div className={classes.small}>
              {[
                credit.reason,
                credit.fee > 0 && t.fee(money(credit.fee)),
                credit.fee < 0 && t.feeBack(money(-credit.fee)),
                credit.refunded_amount > 0 && t.refunded(money(credit.refunded_amount)),
                credit.used_amount > 0 && t.used(money(credit.used_amount)),
              ]
                .filter(Boolean)
                .join(' · ')}
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
