import { Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { useWrite } from '../../../api/use-write';
import { texts } from '../../../texts';
import { ConfirmDialog, FormDialog } from '../../../ui/dialog';
import { nameWithSize } from '../../../ui/product';
import { returnableOf, sum, type Order, type Return } from '../order';
import { Changes } from './Changes';
import { linesOf } from './LifeDialogs';
import { totalOf, UnitsTable, validateUnits, type Units } from './units-table';
import { useFresh } from './use-fresh';

const t = texts.orders.returns;
const AFTER = { invalidates: ['/orders', '/returns'] };

/** Makes a return. Staff approve it with that. */
export function NewReturnDialog({ order, returns, onClose }: { order: Order; returns: Return[]; onClose: () => void }) {
  const lines = order.items
    .map((item) => ({ key: String(item.id), name: nameWithSize(item), max: returnableOf(item, returns) }))
    .filter(({ max }) => max > 0);
  const form = useForm({
    initialValues: { units: {} as Units, reason: '', note: '' },
    validate: { units: validateUnits(lines, texts.orders.ship.tooMany, texts.orders.ship.none) },
  });
  const write = useFresh(order, useWrite('post', '/orders/{id}/returns', { done: ({ return_number }) => t.done(return_number), ...AFTER }));
  const { units } = form.values;
  return (
    <FormDialog
      title={t.requestTitle}
      form={form}
      write={write}
      submit={texts.orders.steps.returnOf(totalOf(units))}
      fieldNames={{ 'lines[0].reason': 'reason' }}
      onClose={onClose}
      request={({ reason, note }) => ({
        params: { path: { id: order.order_number } },
        body: { lines: linesOf(units).map((line) => ({ ...line, reason: reason.trim() })), note: note.trim() || null },
      })}
    >
      <Changes since={order} />
      <Text size="sm">{t.requestText}</Text>
      <UnitsTable label={t.requestTitle} lines={lines} units={units} error={form.errors.units} onChange={(next) => form.setFieldValue('units', next)} />
      <TextInput label={t.reason} description={t.reasonHint} required maxLength={500} {...form.getInputProps('reason')} />
      <Textarea label={t.note} autosize minRows={2} maxLength={2000} {...form.getInputProps('note')} />
    </FormDialog>
  );
}

interface ReturnDialogProps {
  /** The return as it was when the dialog was opened. Its version is sent with the request. */
  back: Return;
  onClose: () => void;
}

const expectedOf = (back: Return) => sum(back.lines.map(({ outstanding_quantity }) => outstanding_quantity));

export function ApproveReturnDialog({ back, onClose }: ReturnDialogProps) {
  const write = useWrite('post', '/returns/{id}/approve', { done: t.approved(back.return_number), ...AFTER });
  return (
    <ConfirmDialog
      title={`${texts.orders.steps.approve}: ${back.return_number}`}
      write={write}
      request={{ params: { path: { id: back.id } }, body: { expected_version: back.version } }}
      confirm={texts.orders.steps.approve}
      onClose={onClose}
    >
      {t.approveText(expectedOf(back))}
    </ConfirmDialog>
  );
}

export function RejectReturnDialog({ back, onClose }: ReturnDialogProps) {
  const form = useForm({ initialValues: { reason: '' } });
  const write = useWrite('post', '/returns/{id}/reject', { done: t.rejected(back.return_number), ...AFTER });
  return (
    <FormDialog
      title={t.rejectTitle}
      form={form}
      write={write}
      submit={t.rejectTitle}
      isDangerous
      onClose={onClose}
      request={({ reason }) => ({ params: { path: { id: back.id } }, body: { reason: reason.trim(), expected_version: back.version } })}
    >
      <Text size="sm">{t.rejectText}</Text>
      <TextInput label={texts.common.reason} required maxLength={500} data-autofocus {...form.getInputProps('reason')} />
    </FormDialog>
  );
}

export function CancelReturnDialog({ back, onClose }: ReturnDialogProps) {
  const form = useForm({ initialValues: { reason: '' } });
  const write = useWrite('post', '/returns/{id}/cancel', { done: t.cancelledDone(back.return_number), ...AFTER });
  return (
    <FormDialog
      title={texts.orders.steps.cancelReturn}
      form={form}
      write={write}
      submit={texts.orders.steps.cancelReturn}
      isDangerous
      onClose={onClose}
      request={({ reason }) => ({ params: { path: { id: back.id } }, body: { reason: reason.trim() || null, expected_version: back.version } })}
    >
      <Text size="sm">{t.cancelText}</Text>
      <TextInput label={texts.common.reason} maxLength={500} data-autofocus {...form.getInputProps('reason')} />
    </FormDialog>
  );
}
