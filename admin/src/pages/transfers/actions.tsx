import { SegmentedControl, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { useCan } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog, useFrozen } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { QuantityInput } from '../../ui/inputs';
import { useLocationName } from '../../ui/places';
import { nameWithSize } from '../../ui/product';
import { ReasonDialog } from '../../ui/reason-dialog';
import { ChangedMeanwhile } from '../inbound/ChangedMeanwhile';
import { useSeen, type Transfer } from '../inbound/document';
import classes from '../inbound/inbound.module.css';

const t = texts.transfers;

interface Props {
  transfer: Transfer;
  onClose: () => void;
}

export function ReadyDialog({ transfer, onClose }: Props) {
  const nameOf = useLocationName();
  const version = useFrozen(transfer.version);
  const write = useWrite('post', '/transfers/{id}/ready', { done: t.isReady });
  return (
    <ConfirmDialog
      title={t.ready}
      write={write}
      request={{ params: { path: { id: transfer.id } }, body: { expected_version: version } }}
      confirm={t.ready}
      onClose={onClose}
    >
      {t.readyText(nameOf(transfer.from_location_id))}
    </ConfirmDialog>
  );
}

export function BackToDraft({ transfer, onClose }: Props) {
  const version = useFrozen(transfer.version);
  const write = useWrite('post', '/transfers/{id}/draft', { done: t.isDraft });
  return (
    <ConfirmDialog
      title={t.toDraft}
      write={write}
      request={{ params: { path: { id: transfer.id } }, body: { expected_version: version } }}
      confirm={t.toDraft}
      onClose={onClose}
    >
      {t.toDraftText}
    </ConfirmDialog>
  );
}

export function CancelTransfer({ transfer, onClose }: Props) {
  const version = useFrozen(transfer.version);
  const write = useWrite('post', '/transfers/{id}/cancel', { done: t.cancelled });
  return (
    <ReasonDialog
      title={t.cancel}
      write={write}
      submit={t.cancel}
      onClose={onClose}
      request={(reason) => ({ params: { path: { id: transfer.id } }, body: { expected_version: version, reason: reason || null } })}
    >
      {t.cancelText}
    </ReasonDialog>
  );
}

/** Sends the planned units, or fewer. What stays behind leaves the transfer. */
export function SendDialog({ transfer, onClose }: Props) {
  const { quantity } = useFormats();
  const version = useFrozen(transfer.version);
  const lines = useFrozen(transfer.lines);
  const form = useForm<{ tracking: string; units: Record<string, number | ''> }>({
    initialValues: { tracking: '', units: Object.fromEntries(lines.map((line) => [String(line.id), line.quantity])) },
  });
  const write = useWrite('post', '/transfers/{id}/send', { done: t.isSent });
  const total = Object.values(form.values.units).reduce<number>((sum, units) => sum + Number(units || 0), 0);
  const sent = lines.filter((line) => Number(form.values.units[String(line.id)] || 0) > 0);
  return (
    <FormDialog
      title={t.send}
      form={form}
      write={write}
      submit={t.sendUnits(quantity(total))}
      isDisabled={total === 0}
      fieldNames={Object.fromEntries(sent.map(({ id }, index) => [`lines[${index}].quantity`, `units.${id}`]))}
      onClose={onClose}
      request={({ tracking, units }) => ({
        params: { path: { id: transfer.id } },
        body: {
          expected_version: version,
          tracking: tracking.trim() || null,
          lines: sent.map(({ id }) => ({ line_id: id, quantity: Number(units[String(id)]) })),
        },
      })}
    >
      <TextInput label={t.tracking} description={t.trackingHint} data-autofocus {...form.getInputProps('tracking')} />
      {lines.map((line) => (
        <QuantityInput
          key={line.id}
          label={nameWithSize(line)}
          description={t.plannedOf(quantity(line.quantity))}
          {...form.getInputProps(`units.${line.id}`)}
        />
      ))}
      {sent.some((line) => Number(form.values.units[String(line.id)]) < line.quantity) || sent.length < lines.length ? (
        <Text size="sm" c="dimmed">
          {t.sendLess}
        </Text>
      ) : null}
    </FormDialog>
  );
}

interface SettleValues extends Record<string, unknown> {
  outcome: 'returned' | 'lost';
  units: Record<string, number | ''>;
  reason: string;
}

/** Units that do not arrive: they went back, or they are lost. The server never decides this itself. */
export function SettleDialog({ transfer, onClose }: Props) {
  const can = useCan();
  const { quantity } = useFormats();
  const write = useWrite('post', '/transfers/{id}/settle', { done: t.settled });
  const { seen, isStale, accept } = useSeen(transfer, write.problem);
  const open = seen.lines.filter((line) => line.outstanding_quantity > 0);
  const form = useForm<SettleValues>({
    initialValues: { outcome: 'returned', reason: '', units: Object.fromEntries(seen.lines.map(({ id }) => [String(id), ''])) },
    validate: { reason: (reason) => (reason.trim() ? null : texts.common.required) },
  });
  const settled = open.filter((line) => Number(form.values.units[String(line.id)] || 0) > 0);
  return (
    <FormDialog
      title={t.settle}
      form={form}
      write={write}
      submit={form.values.outcome === 'lost' ? t.settleLost : t.settleReturned}
      isDisabled={settled.length === 0}
      isDangerous={form.values.outcome === 'lost'}
      fieldNames={Object.fromEntries(settled.map(({ id }, index) => [`lines[${index}].quantity`, `units.${id}`]))}
      onClose={onClose}
      request={({ outcome, units, reason }) => ({
        params: { path: { id: seen.id } },
        body: {
          expected_version: seen.version,
          reason: reason.trim(),
          lines: settled.map(({ id }) => ({ line_id: id, quantity: Number(units[String(id)]), outcome })),
        },
      })}
    >
      {isStale && !write.isSending && write.state !== 'done' && (
        <ChangedMeanwhile seen={seen} current={transfer} onAccept={() => (write.reset(), accept())} />
      )}
      <Text size="sm">{t.settleText}</Text>
      {can('inventory:approve') && (
        <SegmentedControl
          aria-label={t.outcome}
          data={[
            { value: 'returned', label: t.outcomeReturned },
            { value: 'lost', label: t.outcomeLost },
          ]}
          {...form.getInputProps('outcome')}
        />
      )}
      <div className={classes.rows}>
        {open.map((line) => (
          <QuantityInput
            key={line.id}
            label={nameWithSize(line)}
            description={t.outstandingOf(quantity(line.outstanding_quantity))}
            {...form.getInputProps(`units.${line.id}`)}
          />
        ))}
      </div>
      <Textarea label={texts.common.reason} autosize minRows={2} {...form.getInputProps('reason')} />
    </FormDialog>
  );
}
