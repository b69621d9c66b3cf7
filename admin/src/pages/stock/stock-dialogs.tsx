import { Button, Group, SegmentedControl, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { ReactNode } from 'react';

import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog, useFrozen } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { QuantityInput } from '../../ui/inputs';
import { nameWithSize } from '../../ui/product';
import { addressOf, usePlaceName, type Level } from './level';

const t = texts.stock;

export interface LevelDialogProps {
  level: Level;
  onClose: () => void;
}

interface ReasonInputProps {
  reasons: string[];
  value?: string;
  error?: ReactNode;
  onChange?: (value: string) => void;
}

/** A required field with its usual answers as buttons below it: a list that opens would cover the dialog's own button. */
export function ReasonInput({ reasons, onChange, ...rest }: ReasonInputProps) {
  return (
    <div>
      <TextInput label={texts.common.reason} required maxLength={500} onChange={(event) => onChange?.(event.currentTarget.value)} {...rest} />
      <Group gap={6} mt={6}>
        {reasons.map((reason) => (
          <Button key={reason} variant="default" size="compact-xs" fw={500} onClick={() => onChange?.(reason)}>
            {reason}
          </Button>
        ))}
      </Group>
    </div>
  );
}

/** Which figures the dialog starts from. */
export function PresentFigures({ level, children }: { level: Level; children: string }) {
  const placeName = usePlaceName();
  return (
    <Text size="sm" c="dimmed">
      {t.atPlace(placeName(level.location_id, level.location_code))}. {children}.
    </Text>
  );
}

export const isFilled = (value: string) => (value.trim() === '' ? texts.common.required : null);
export const isNumber = (value: number | string) => (typeof value === 'number' ? null : texts.common.required);
const isPositive = (value: number | string) => (typeof value === 'number' && value >= 1 ? null : texts.common.required);

/**
 * Sets a level to what was counted. `expected_stock` is the figure at which the dialog opened, so that a count never
 * overwrites what a colleague received meanwhile.
 */
export function AdjustDialog({ level, onClose }: LevelDialogProps) {
  const { quantity } = useFormats();
  const frozen = useFrozen(level);
  const hasSold = frozen.committed_quantity > 0;
  const form = useForm({
    initialValues: {
      what: hasSold ? 'shelf' : 'stock',
      quantity: (hasSold ? frozen.on_hand_quantity : frozen.stock_quantity) as number | string,
      reason: '',
    },
    validate: { quantity: isNumber, reason: isFilled },
  });
  const write = useWrite('put', '/inventory/products/{id}/stock', {
    done: (answer) => t.adjustDone(quantity(answer.previous_stock), quantity(answer.new_stock)),
  });
  const { path, where } = addressOf(frozen);
  const before = form.values.what === 'shelf' ? frozen.on_hand_quantity : frozen.stock_quantity;
  // An empty field is no figure.
  const difference = typeof form.values.quantity === 'number' ? form.values.quantity - before : null;
  const choose = (what: string) => {
    form.setFieldValue('what', what);
    form.setFieldValue('quantity', what === 'shelf' ? frozen.on_hand_quantity : frozen.stock_quantity);
  };

  return (
    <FormDialog
      title={t.adjustTitle(nameWithSize(frozen))}
      form={form}
      write={write}
      submit={t.adjust}
      onClose={onClose}
      request={(values) => ({
        params: { path },
        body: {
          ...where,
          movement_type: 'adjustment' as const,
          quantity: Number(values.quantity),
          reason: values.reason.trim(),
          expected_stock: frozen.stock_quantity,
          ...(values.what === 'shelf' ? { on_hand: true } : {}),
        },
      })}
    >
      <PresentFigures level={frozen}>{t.present(quantity(frozen.stock_quantity))}</PresentFigures>
      {hasSold && (
        <SegmentedControl
          aria-label={t.adjustWhat}
          value={form.values.what}
          onChange={choose}
          data={[
            { value: 'shelf', label: t.adjustShelf },
            { value: 'stock', label: t.adjustStock },
          ]}
        />
      )}
      <QuantityInput
        data-autofocus
        label={hasSold ? texts.common.quantity : t.adjustTo}
        description={form.values.what === 'shelf' ? t.adjustShelfHint(quantity(frozen.committed_quantity)) : undefined}
        {...form.getInputProps('quantity')}
      />
      <Text size="sm" aria-live="polite" className="figures">
        {difference !== null && (difference === 0 ? t.noDifference : t.difference(signed(difference, quantity)))}
      </Text>
      <ReasonInput reasons={t.reasons} {...form.getInputProps('reason')} />
    </FormDialog>
  );
}

/** `+3`, `−3`, or `0`. */
export function signed(value: number, quantity: (value: number) => string): string {
  return value > 0 ? `+${quantity(value)}` : value < 0 ? `−${quantity(-value)}` : quantity(0);
}

/** Units that came in (`in`) or were taken out (`out`). */
export function InOutDialog({ level, type, onClose }: LevelDialogProps & { type: 'in' | 'out' }) {
  const { quantity } = useFormats();
  const frozen = useFrozen(level);
  const form = useForm({
    initialValues: { quantity: '' as number | string, reason: '', reference_id: '' },
    validate: { quantity: isPositive, reason: isFilled },
  });
  const write = useWrite('put', '/inventory/products/{id}/stock', {
    done: (answer) => t.adjustDone(quantity(answer.previous_stock), quantity(answer.new_stock)),
  });
  const { path, where } = addressOf(frozen);
  const isIn = type === 'in';
  const entered = Number(form.values.quantity);
  return (
    <FormDialog
      title={isIn ? t.receiveTitle(nameWithSize(frozen)) : t.removeTitle(nameWithSize(frozen))}
      form={form}
      write={write}
      submit={isIn ? t.receive : t.remove}
      onClose={onClose}
      request={(values) => ({
        params: { path },
        body: {
          ...where,
          movement_type: type,
          quantity: Number(values.quantity),
          reason: values.reason.trim(),
          ...(values.reference_id.trim() ? { reference_id: values.reference_id.trim() } : {}),
        },
      })}
    >
      <PresentFigures level={frozen}>{t.present(quantity(level.stock_quantity))}</PresentFigures>
      <QuantityInput data-autofocus min={1} required {...form.getInputProps('quantity')} />
      {entered > 0 && (
        <Text size="sm" aria-live="polite">
          {t.after(quantity(level.stock_quantity + (isIn ? entered : -entered)))}
        </Text>
      )}
      <ReasonInput reasons={isIn ? t.receiveReasons : t.removeReasons} {...form.getInputProps('reason')} />
      <TextInput label={t.reference} description={t.referenceHint} maxLength={100} {...form.getInputProps('reference_id')} />
    </FormDialog>
  );
}
