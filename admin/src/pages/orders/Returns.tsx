import { Anchor, Button, Skeleton, Text } from '@mantine/core';

import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { Panel } from '../../ui/page';
import { nameWithSize } from '../../ui/product';
import { ErrorNote } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { CodeText, DateTime } from '../../ui/values';
import { pathTo } from '../paths';
import { ApproveReturnDialog, CancelReturnDialog, ReceiveReturnDialog, RejectReturnDialog } from './dialogs';
import { sum, type Order, type Return } from './order';
import { useOpenDialog } from './open-dialog';
import { usePlaceName } from './places';
import classes from './order.module.css';

const t = texts.orders.returns;

export function ReturnsPanel({ order, returns, error }: { order: Order; returns: Return[] | undefined; error: unknown }) {
  // An order that has not left has no returns: nothing is shown about them.
  if (order.fulfilment_status === 'none' && returns?.length === 0) return null;
  return (
    <Panel title={t.title} isFlush>
      {error ? <ErrorNote error={error} /> : null}
      {!returns && !error && <Skeleton height={20} m={16} />}
      {returns?.length === 0 && (
        <Text size="sm" c="dimmed" px={16} pb={14}>
          {t.none}
        </Text>
      )}
      {returns && returns.length > 0 && (
        <ul className={classes.list} aria-label={t.title}>
          {returns.map((back) => (
            <ReturnRow key={back.id} order={order} back={back} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function ReturnRow({ order, back }: { order: Order; back: Return }) {
  const { quantity } = useFormats();
  return (
    <li>
      <div className={classes.head}>
        <span className={classes.headName}>
          <CodeText>{back.return_number}</CodeText>
          <StatusBadge of="return" status={back.status} />
        </span>
        <span className={classes.small}>
          <DateTime at={back.created_at} />
        </span>
      </div>
      <ul className={classes.lines}>
        {back.lines.map((line) => (
          <li key={line.id}>
            <span className="figures">{quantity(line.quantity)} ×</span> {nameWithSize(line)} <span className={classes.small}>{[line.reason, conditionsOf(line, quantity)].filter(Boolean).join(' · ')}</span>
          </li>
        ))}
      </ul>
      {(back.note || back.reason) && <div className={classes.small}>{[back.note, back.reason].filter(Boolean).join(' · ')}</div>}
      <Receipts order={order} back={back} />
      {back.exchange_order_id !== null && (
        <div className={classes.small}>
          {t.exchangeOrder} · <Anchor size="xs" component={Link} to={pathTo.order(String(back.exchange_order_id))}>{t.exchangeOrderLink}</Anchor>
        </div>
      )}
      <ReturnSteps order={order} back={back} />
    </li>
  );
}

function conditionsOf(line: Return['lines'][number], quantity: (value: number) => string): string {
  const parts: [number, (count: string) => string][] = [
    [line.outstanding_quantity, t.outstanding],
    [line.restocked_quantity, t.restocked],
    [line.quarantined_quantity, t.quarantined],
    [line.scrapped_quantity, t.scrapped],
    [line.missing_quantity, t.missing],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, text]) => text(quantity(count)))
    .join(', ');
}

function Receipts({ order, back }: { order: Order; back: Return }) {
  const { money } = useFormats();
  const placeName = usePlaceName(order);
  return (
    <>
      {back.receipts.map((receipt) => (
        <div key={receipt.number} className={classes.small}>
          {t.receipts} <DateTime at={receipt.created_at} /> · {placeName(receipt.location_id)}
          {receipt.credit && ` · ${t.credited(money(receipt.credit.total))}`}
        </div>
      ))}
    </>
  );
}

function ReturnSteps({ order, back }: { order: Order; back: Return }) {
  const can = useCan();
  const open = useOpenDialog();
  const expected = sum(back.lines.map(({ outstanding_quantity }) => outstanding_quantity));
  const isRequested = back.status === 'requested';
  const isExpected = back.status === 'approved' || back.status === 'partially_received';
  if (!can('orders:update') || (!isRequested && !isExpected)) return null;
  const steps = texts.orders.steps;
  return (
    <div className={`${classes.rowButtons} no-print`}>
      {isRequested && (
        <Button size="xs" onClick={() => open((close) => <ApproveReturnDialog back={back} onClose={close} />)}>
          {steps.approve}
        </Button>
      )}
      {isExpected && (
        <Button size="xs" onClick={() => open((close) => <ReceiveReturnDialog order={order} back={back} onClose={close} />)}>
          {steps.receive(expected)}
        </Button>
      )}
      {(isRequested || back.status === 'approved') && (
        <>
          <Button size="xs" variant="default" onClick={() => open((close) => <RejectReturnDialog back={back} onClose={close} />)}>
            {steps.reject}
          </Button>
          <Button size="xs" variant="default" onClick={() => open((close) => <CancelReturnDialog back={back} onClose={close} />)}>
            {steps.cancelReturn}
          </Button>
        </>
      )}
    </div>
  );
}
