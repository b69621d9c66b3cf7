import { Badge, Button, Group, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';

import type { Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { Actor } from '../../ui/actor';
import { FormDialog, useFrozen } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { MoneyInput } from '../../ui/inputs';
import { Panel } from '../../ui/page';
import { nameWithSize } from '../../ui/product';
import { ReasonDialog } from '../../ui/reason-dialog';
import { DateTime } from '../../ui/values';
import type { Inbound, InboundLine, PurchaseOrder } from './document';
import classes from './inbound.module.css';

const t = texts.inbound;

type Receipt = Schemas['ReceiptResponse'];
type Open = { kind: 'reverse' | 'costs'; receipt: Receipt };

/** What arrived, receipt by receipt. Nothing of it is edited: a mistake is reversed, a cost corrected by another entry. */
export function Receipts({ document }: { document: Inbound }) {
  const can = useCan();
  const [open, setOpen] = useState<Open | null>(null);
  const isPurchase = 'purchase_order_number' in document;
  const lineOf = new Map<number, InboundLine>(document.lines.map((line) => [line.id, line]));
  if (document.receipts.length === 0) return null;
  const close = () => setOpen(null);
  return (
    <Panel title={t.receipts} isFlush>
      <ul className={classes.receipts}>
        {[...document.receipts].reverse().map((receipt) => (
          <li key={receipt.receipt_number}>
            <ReceiptText receipt={receipt} lineOf={lineOf} isPurchase={isPurchase} />
            {!receipt.reverses && !receipt.reversed_by && (
              <Group gap={6} mt={8} className="no-print">
                {isPurchase && can('purchasing:manage') && (
                  <Button size="compact-sm" variant="default" aria-label={`${t.correctCosts}: ${receipt.receipt_number}`} onClick={() => setOpen({ kind: 'costs', receipt })}>
                    {t.correctCosts}
                  </Button>
                )}
                {can('inventory:update') && (
                  <Button size="compact-sm" variant="default" aria-label={`${t.reverse}: ${receipt.receipt_number}`} onClick={() => setOpen({ kind: 'reverse', receipt })}>
                    {t.reverse}
                  </Button>
                )}
              </Group>
            )}
          </li>
        ))}
      </ul>
      {open?.kind === 'reverse' && isPurchase && <ReversePurchase order={document} receipt={open.receipt} onClose={close} />}
      {open?.kind === 'reverse' && !isPurchase && <ReverseTransfer document={document} receipt={open.receipt} onClose={close} />}
      {open?.kind === 'costs' && isPurchase && <CostsDialog order={document} receipt={open.receipt} onClose={close} />}
    </Panel>
  );
}

function ReceiptText({ receipt, lineOf, isPurchase }: { receipt: Receipt; lineOf: Map<number, InboundLine>; isPurchase: boolean }) {
  const { quantity, money } = useFormats();
  return (
    <>
      <div className={classes.receiptHead}>
        <span>
          <span className="code">{receipt.receipt_number}</span>{' '}
          {receipt.reversed_by && <Badge color="gray">{t.reversed}</Badge>}
          {receipt.reverses && <Badge color="gray">{t.reverses(receipt.reverses)}</Badge>}
        </span>
        <span className={classes.dim}>
          <DateTime at={receipt.created_at} /> · <Actor actor={receipt.actor} />
          {receipt.reference && ` · ${receipt.reference}`}
        </span>
      </div>
      {receipt.reason && (
        <Text size="sm" c="dimmed">
          {receipt.reason}
        </Text>
      )}
      <ul className={classes.receiptLines}>
        {receipt.lines.map((line) => {
          const of = lineOf.get(line.line_id);
          const corrected = isPurchase && line.entered_unit_cost !== line.unit_cost;
          return (
            <li key={line.line_id}>
              <span>
                {of ? nameWithSize(of) : texts.common.noValue}
                {line.rejected_quantity > 0 && (
                  <small>
                    {line.quarantined_quantity > 0 ? t.rejectedKept(quantity(line.rejected_quantity)) : t.rejectedAtDoor(quantity(line.rejected_quantity))}
                    {line.reject_reason && `: ${line.reject_reason}`}
                  </small>
                )}
              </span>
              <span className={`${classes.receiptFigures} figures`}>
                {quantity(line.accepted_quantity)}
                {isPurchase && (
                  <small>
                    {money(line.unit_cost)}
                    {corrected && ` (${t.entered(money(line.entered_unit_cost))})`}
                  </small>
                )}
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}

interface ReverseProps {
  receipt: Receipt;
  onClose: () => void;
}

function ReverseTransfer({ document, receipt, onClose }: ReverseProps & { document: Inbound }) {
  const version = useFrozen(document.version);
  const write = useWrite('post', '/transfers/{id}/receipts/{number}/reverse', { done: t.reversedDone });
  const path = { id: document.id, number: receipt.receipt_number };
  return (
    <ReasonDialog
      title={t.reverseOf(receipt.receipt_number)}
      write={write}
      submit={t.reverse}
      onClose={onClose}
      request={(reason) => ({ params: { path }, body: { expected_version: version, reason } })}
    >
      {t.reverseText}
    </ReasonDialog>
  );
}

function ReversePurchase({ order, receipt, onClose }: ReverseProps & { order: PurchaseOrder }) {
  const version = useFrozen(order.version);
  const write = useWrite('post', '/purchase-orders/{id}/receipts/{number}/reverse', { done: t.reversedDone });
  const path = { id: order.id, number: receipt.receipt_number };
  return (
    <ReasonDialog
      title={t.reverseOf(receipt.receipt_number)}
      write={write}
      submit={t.reverse}
      onClose={onClose}
      request={(reason) => ({ params: { path }, body: { expected_version: version, reason } })}
    >
      {t.reverseText}
    </ReasonDialog>
  );
}

/** The supplier's bill differs from what was entered with the receipt. */
function CostsDialog({ order, receipt, onClose }: ReverseProps & { order: PurchaseOrder }) {
  const version = useFrozen(order.version);
  const form = useForm<{ costs: Record<string, number | ''> }>({
    initialValues: { costs: Object.fromEntries(receipt.lines.map(({ line_id, unit_cost }) => [String(line_id), unit_cost ?? ''])) },
  });
  const write = useWrite('post', '/purchase-orders/{id}/receipts/{number}/costs', { done: t.costsDone });
  const changed = receipt.lines.filter(({ line_id, unit_cost }) => {
    const cost = form.values.costs[String(line_id)];
    return cost !== '' && cost !== unit_cost;
  });
  return (
    <FormDialog
      title={t.correctCosts}
      size="sm"
      form={form}
      write={write}
      submit={t.correctCosts}
      isDisabled={changed.length === 0}
      fieldNames={Object.fromEntries(changed.map(({ line_id }, index) => [`lines[${index}].unit_cost`, `costs.${line_id}`]))}
      onClose={onClose}
      request={({ costs }) => ({
        params: { path: { id: order.id, number: receipt.receipt_number } },
        body: {
          expected_version: version,
          lines: changed.map(({ line_id }) => ({ line_id, unit_cost: costs[String(line_id)] as number })),
        },
      })}
    >
      <Text size="sm">{t.costsText}</Text>
      {receipt.lines.map(({ line_id }) => {
        const line = order.lines.find(({ id }) => id === line_id);
        return line && <MoneyInput key={line_id} label={nameWithSize(line)} {...form.getInputProps(`costs.${line_id}`)} />;
      })}
    </FormDialog>
  );
}
