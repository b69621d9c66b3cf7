import { Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { useWrite } from '../../../api/use-write';
import { texts } from '../../../texts';
import { ConfirmDialog, FormDialog } from '../../../ui/dialog';
import { sum, unshipped, type Order, type Shipment } from '../order';
import { Consequences } from './units-table';

const t = texts.orders.shipments;
const AFTER = { invalidates: ['/orders', '/shipments', '/inventory'] };

interface ShipmentDialogProps {
  order: Order;
  /** The shipment as it was when the dialog was opened. Its version is sent, so a colleague's change is not overwritten. */
  shipment: Shipment;
  onClose: () => void;
}

export function DeliveredDialog({ order, shipment, onClose }: ShipmentDialogProps) {
  const write = useWrite('post', '/shipments/{id}/delivered', { done: t.deliveredDone(shipment.shipment_number), ...AFTER });
  const isLast = unshipped(order) === 0 && order.shipments.every(({ id, status }) => id === shipment.id || status !== 'in_transit');
  return (
    <ConfirmDialog
      title={t.deliveredTitle}
      write={write}
      request={{ params: { path: { id: shipment.id } }, body: { expected_version: shipment.version } }}
      confirm={t.deliveredConfirm}
      onClose={onClose}
    >
      {t.deliveredText(shipment.shipment_number)} {isLast && t.deliveredLast}
    </ConfirmDialog>
  );
}

export function LostDialog({ shipment, onClose }: ShipmentDialogProps) {
  const form = useForm({ initialValues: { reason: '' } });
  const write = useWrite('post', '/shipments/{id}/lost', { done: t.lostDone(shipment.shipment_number), ...AFTER });
  return (
    <FormDialog
      title={t.lostTitle}
      form={form}
      write={write}
      submit={t.lostConfirm}
      isDangerous
      onClose={onClose}
      request={({ reason }) => ({
        params: { path: { id: shipment.id } },
        body: { reason: reason.trim(), expected_version: shipment.version },
      })}
    >
      <TextInput label={texts.common.reason} required maxLength={500} data-autofocus {...form.getInputProps('reason')} />
      <Consequences>{[t.lostText(sum(shipment.lines.map(({ quantity }) => quantity)))]}</Consequences>
    </FormDialog>
  );
}

export function TrackingDialog({ shipment, onClose }: ShipmentDialogProps) {
  const form = useForm({
    initialValues: { carrier: shipment.carrier ?? '', tracking_number: shipment.tracking_number ?? '', tracking_url: shipment.tracking_url ?? '' },
  });
  const write = useWrite('patch', '/shipments/{id}', { done: t.trackingDone, ...AFTER });
  return (
    <FormDialog
      title={t.trackingTitle(shipment.shipment_number)}
      form={form}
      write={write}
      submit={t.trackingSave}
      onClose={onClose}
      request={(values) => ({
        params: { path: { id: shipment.id } },
        body: {
          carrier: values.carrier.trim() || null,
          tracking_number: values.tracking_number.trim() || null,
          tracking_url: values.tracking_url.trim() || null,
          expected_version: shipment.version,
        },
      })}
    >
      <TextInput label={texts.orders.ship.carrier} maxLength={100} data-autofocus {...form.getInputProps('carrier')} />
      <TextInput label={texts.orders.ship.tracking} maxLength={100} data-scan="field" {...form.getInputProps('tracking_number')} />
      <TextInput label={texts.orders.ship.trackingUrl} type="url" placeholder="https://" maxLength={500} {...form.getInputProps('tracking_url')} />
      <Text size="xs" c="dimmed" className="figures">
        {shipment.shipment_number}
      </Text>
    </FormDialog>
  );
}
