import { useForm } from '@mantine/form';
import { useEffect } from 'react';

import type { ApiProblem } from '../../api/problem';
import { useWrite, type Write } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { ChangedMeanwhile } from './ChangedMeanwhile';
import { useSeen, type Inbound, type PurchaseOrder, type Transfer } from './document';
import { arrivedIn, arrivedLines, checkRows, fieldNames, startOf, type ReceiveForm, type ReceiveValues } from './receive';
import { ReceiveFields } from './ReceiveFields';

const t = texts.inbound;

export function ReceiveTransferDialog({ transfer, onClose }: { transfer: Transfer; onClose: () => void }) {
  const write = useWrite('post', '/transfers/{id}/receive', { done: (answer) => doneText(answer) });
  return (
    <ReceiveDialog
      current={transfer}
      write={write}
      onClose={onClose}
      request={(values, seen) => ({
        params: { path: { id: seen.id } },
        body: {
          expected_version: seen.version,
          reference: values.reference.trim() || null,
          allow_over: values.allow_over,
          lines: arrivedLines(seen.lines, values).map(({ line, row }) => ({
            line_id: line.id,
            accepted: Number(row.accepted || 0),
            rejected: Number(row.rejected || 0),
            reject_reason: row.reject_reason.trim() || null,
          })),
        },
      })}
    />
  );
}

export function ReceivePurchaseDialog({ order, onClose }: { order: PurchaseOrder; onClose: () => void }) {
  const write = useWrite('post', '/purchase-orders/{id}/receive', { done: (answer) => doneText(answer) });
  return (
    <ReceiveDialog
      current={order}
      write={write}
      isPurchase
      onClose={onClose}
      request={(values, seen) => ({
        params: { path: { id: seen.id } },
        body: {
          expected_version: seen.version,
          reference: values.reference.trim() || null,
          allow_over: values.allow_over,
          lines: arrivedLines(seen.lines, values).map(({ line, row }) => ({
            line_id: line.id,
            accepted: Number(row.accepted || 0),
            rejected: Number(row.rejected || 0),
            reject_reason: row.reject_reason.trim() || null,
            keep_rejected: row.keep_rejected,
            unit_cost: row.unit_cost === '' ? null : row.unit_cost,
          })),
        },
      })}
    />
  );
}

function doneText({ lines }: Inbound): string {
  const left = lines.reduce((sum, line) => sum + line.outstanding_quantity, 0);
  return left === 0 ? t.receivedAll : t.receivedPart(String(left));
}

interface Props<D extends Inbound, R, T> {
  current: D;
  write: Write<R, T>;
  request: (values: ReceiveValues, seen: D) => R;
  isPurchase?: boolean;
  onClose: () => void;
}

function ReceiveDialog<D extends Inbound, R, T>({ current, write, request, isPurchase = false, onClose }: Props<D, R, T>) {
  const { quantity } = useFormats();
  const { seen, isStale, accept } = useSeen(current, write.problem as ApiProblem | null);
  const form: ReceiveForm = useForm<ReceiveValues>({
    initialValues: startOf(seen.lines),
    validate: (values) => checkRows(values.rows, texts.common.required),
  });
  const units = Object.values(form.values.rows).reduce((sum, row) => sum + arrivedIn(row), 0);
  useEffect(() => {
    // A line that a colleague added has a row of its own.
    for (const line of seen.lines) {
      if (!form.getValues().rows[String(line.id)]) form.setFieldValue(`rows.${line.id}`, startOf([line]).rows[String(line.id)]!);
    }
  }, [seen]);

  return (
    <FormDialog
      title={t.receive}
      size="lg"
      form={form}
      write={write}
      submit={units === 0 ? t.receive : t.receiveUnits(quantity(units))}
      isDisabled={units === 0}
      fieldNames={fieldNames(arrivedLines(seen.lines, form.values))}
      onClose={onClose}
      request={(values) => request(values, seen)}
    >
      {isStale && !write.isSending && write.state !== 'done' && (
        <ChangedMeanwhile
          seen={seen}
          current={current}
          onAccept={() => {
            write.reset();
            accept();
          }}
        />
      )}
      <ReceiveFields form={form} lines={seen.lines} isPurchase={isPurchase} />
    </FormDialog>
  );
}
