import { Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog, useFrozen } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { ReasonDialog } from '../../ui/reason-dialog';
import type { PurchaseOrder } from '../inbound/document';

const t = texts.purchasing;

interface Props {
  order: PurchaseOrder;
  onClose: () => void;
}

export function PlaceOrder({ order, onClose }: Props) {
  const { quantity, money } = useFormats();
  const version = useFrozen(order.version);
  const write = useWrite('post', '/purchase-orders/{id}/order', { done: t.isOrdered });
  const units = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  return (
    <ConfirmDialog
      title={t.order}
      write={write}
      request={{ params: { path: { id: order.id } }, body: { expected_version: version } }}
      confirm={t.order}
      onClose={onClose}
    >
      {t.orderText(quantity(units), order.supplier_name, money(order.total))}
    </ConfirmDialog>
  );
}

export function BackToDraft({ order, onClose }: Props) {
  const version = useFrozen(order.version);
  const write = useWrite('post', '/purchase-orders/{id}/draft', { done: t.isDraft });
  return (
    <ConfirmDialog
      title={t.toDraft}
      write={write}
      request={{ params: { path: { id: order.id } }, body: { expected_version: version } }}
      confirm={t.toDraft}
      onClose={onClose}
    >
      {t.toDraftText}
    </ConfirmDialog>
  );
}

export function CancelOrder({ order, onClose }: Props) {
  const version = useFrozen(order.version);
  const write = useWrite('post', '/purchase-orders/{id}/cancel', { done: t.cancelled });
  return (
    <ReasonDialog
      title={t.cancel}
      write={write}
      submit={t.cancel}
      onClose={onClose}
      request={(reason) => ({ params: { path: { id: order.id } }, body: { expected_version: version, reason: reason || null } })}
    >
      {t.cancelText}
    </ReasonDialog>
  );
}

/** What is still outstanding will not arrive. */
export function CloseOrder({ order, onClose }: Props) {
  const { quantity } = useFormats();
  const version = useFrozen(order.version);
  const write = useWrite('post', '/purchase-orders/{id}/close', { done: t.isClosed });
  const units = order.lines.reduce((sum, line) => sum + line.outstanding_quantity, 0);
  return (
    <ReasonDialog
      title={t.close}
      write={write}
      submit={t.close}
      isRequired
      onClose={onClose}
      request={(reason) => ({ params: { path: { id: order.id } }, body: { expected_version: version, reason } })}
    >
      {t.closeText(quantity(units))}
    </ReasonDialog>
  );
}

/** The supplier named another day, or a reference: these change after ordering, too. */
export function DetailsDialog({ order, onClose }: Props) {
  const version = useFrozen(order.version);
  const form = useForm({ initialValues: { expected_on: order.expected_on ?? '', reference: order.reference ?? '', notes: order.notes ?? '' } });
  const write = useWrite('patch', '/purchase-orders/{id}', { done: texts.common.saved });
  return (
    <FormDialog
      title={t.editDetails}
      size="sm"
      form={form}
      write={write}
      submit={texts.common.save}
      onClose={onClose}
      request={({ expected_on, reference, notes }) => ({
        params: { path: { id: order.id } },
        body: {
          expected_version: version,
          expected_on: expected_on || null,
          reference: reference.trim() || null,
          notes: notes.trim() || null,
        },
      })}
    >
      <TextInput type="date" label={t.expectedOn} data-autofocus {...form.getInputProps('expected_on')} />
      <TextInput label={t.reference} {...form.getInputProps('reference')} />
      <Textarea label={t.notes} autosize minRows={2} {...form.getInputProps('notes')} />
    </FormDialog>
  );
}
