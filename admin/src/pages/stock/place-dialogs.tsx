import { Select, Text } from '@mantine/core';
import { useForm } from '@mantine/form';

import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog, useFrozen } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { QuantityInput } from '../../ui/inputs';
import { useGo } from '../../ui/link';
import { usePageExists } from '../../ui/path';
import { useLocations } from '../../ui/places';
import { nameWithSize } from '../../ui/product';
import { pathTo } from '../paths';
import { addressOf, usePlaceName, type Level } from './level';
import { isFilled, isNumber, PresentFigures, ReasonInput, type LevelDialogProps } from './stock-dialogs';

const t = texts.stock;
type Move = keyof typeof t.moves;

/** Moves units between the shelf of a place and its quarantine, or scraps them. */
export function MoveDialog({ level, onClose }: LevelDialogProps) {
  const { quantity } = useFormats();
  const frozen = useFrozen(level);
  const form = useForm({
    initialValues: { move: 'sellable-quarantine' as Move, quantity: '' as number | string, reason: '' },
    validate: { quantity: isNumber, reason: isFilled },
  });
  const write = useWrite('post', '/inventory/products/{id}/move', { done: t.moveDone });
  const { path, where } = addressOf(frozen);
  return (
    <FormDialog
      title={t.moveTitle(nameWithSize(frozen))}
      form={form}
      write={write}
      submit={t.moveSubmit}
      onClose={onClose}
      request={(values) => {
        const [from, to] = values.move.split('-') as ['sellable' | 'quarantine', 'sellable' | 'quarantine' | 'scrap'];
        return { params: { path }, body: { ...where, from, to, quantity: Number(values.quantity), reason: values.reason.trim() } };
      }}
    >
      <PresentFigures level={frozen}>{t.moveHint(quantity(level.available_quantity), quantity(level.quarantined_quantity)).replace(/\.$/, '')}</PresentFigures>
      <Select
        label={t.movePath}
        data={Object.entries(t.moves).map(([value, label]) => ({ value, label }))}
        comboboxProps={{ shadow: 'md' }}
        {...form.getInputProps('move')}
      />
      <QuantityInput data-autofocus min={1} required {...form.getInputProps('quantity')} />
      <ReasonInput reasons={t.removeReasons} {...form.getInputProps('reason')} />
    </FormDialog>
  );
}

/** Plans a transfer to another place. Its own page readies and sends it. */
export function SendDialog({ level, onClose }: LevelDialogProps) {
  const { quantity } = useFormats();
  const go = useGo();
  const exists = usePageExists();
  const frozen = useFrozen(level);
  const others = useOtherPlaces(frozen);
  const form = useForm({
    initialValues: { to_location_id: '', quantity: '' as number | string },
    validate: { to_location_id: isFilled, quantity: isNumber },
  });
  const write = useWrite('post', '/transfers', {
    done: (transfer) => t.sendDone(transfer.transfer_number),
    onDone: (transfer) => {
      const path = pathTo.transfer(transfer.transfer_number);
      if (exists(path)) go(path);
    },
  });
  return (
    <FormDialog
      title={t.sendTitle(nameWithSize(frozen))}
      form={form}
      write={write}
      submit={t.sendSubmit}
      fieldNames={{ 'lines[0].quantity': 'quantity' }}
      onClose={onClose}
      request={(values) => ({
        body: {
          from_location_id: frozen.location_id,
          to_location_id: Number(values.to_location_id),
          lines: [
            {
              product_id: frozen.product_id,
              ...(frozen.size === null ? {} : { size: frozen.size }),
              quantity: Number(values.quantity),
            },
          ],
        },
      })}
    >
      <PresentFigures level={frozen}>{t.present(quantity(level.available_quantity))}</PresentFigures>
      <Select
        label={t.sendTo}
        required
        data-autofocus
        data={others.map(({ id, name }) => ({ value: String(id), label: name }))}
        comboboxProps={{ shadow: 'md' }}
        {...form.getInputProps('to_location_id')}
      />
      <QuantityInput min={1} required {...form.getInputProps('quantity')} />
      <Text size="sm" c="dimmed">
        {t.sendHint}
      </Text>
    </FormDialog>
  );
}

/** The places to which units of a level can be sent. */
export function useOtherPlaces(level: Level) {
  return useLocations().filter(({ id, status }) => id !== level.location_id && status !== 'closed');
}

/** Sets the units at a place that buyers never get. */
export function SafetyDialog({ level, onClose }: LevelDialogProps) {
  const placeName = usePlaceName();
  const frozen = useFrozen(level);
  const form = useForm({ initialValues: { quantity: (frozen.safety_quantity ?? 0) as number | string }, validate: { quantity: isNumber } });
  const write = useWrite('put', '/inventory/products/{id}/safety', { done: t.safetyDone });
  const { path, where } = addressOf(frozen);
  return (
    <FormDialog
      title={t.safetyTitle(nameWithSize(frozen))}
      size="sm"
      form={form}
      write={write}
      submit={t.safetySubmit}
      onClose={onClose}
      request={(values) => ({ params: { path }, body: { ...where, quantity: Number(values.quantity) } })}
    >
      <Text size="sm" c="dimmed">
        {t.atPlace(placeName(frozen.location_id, frozen.location_code))}. {t.safetyHint}
      </Text>
      <QuantityInput data-autofocus {...form.getInputProps('quantity')} />
    </FormDialog>
  );
}
