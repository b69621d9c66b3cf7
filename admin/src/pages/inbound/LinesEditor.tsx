import { ActionIcon, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { IconTrash } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';

import { texts } from '../../texts';
import { MoneyInput, QuantityInput } from '../../ui/inputs';
import { ProductPicker, type Picked } from '../../ui/pickers';
import classes from './inbound.module.css';

const t = texts.inbound;

/** A line of a draft. A size has a SKU of its own, so the SKU names it. */
export interface DraftLine {
  sku: string;
  name: string;
  quantity: number | '';
  unit_cost: number | '';
}

/** The part of a form that has lines. */
export interface WithLines extends Record<string, unknown> {
  lines: DraftLine[];
}

export function checkLines(lines: DraftLine[]): Record<string, string> {
  const errors: Record<string, string> = {};
  if (lines.length === 0) errors.lines = t.noLines;
  lines.forEach((line, index) => {
    if (Number(line.quantity || 0) < 1) errors[`lines.${index}.quantity`] = texts.common.required;
  });
  return errors;
}

interface Props<V extends WithLines> {
  form: UseFormReturnType<V>;
  /** The cost of a picked product, for documents with costs. */
  costOf?: (picked: Picked) => number | '';
  hasCost?: boolean;
}

/** The lines of a draft. Picking or scanning a product adds it; once more adds to its quantity. */
export function LinesEditor<V extends WithLines>({ form, costOf, hasCost }: Props<V>) {
  const lines = form.values.lines;
  const list = useRef<HTMLDivElement>(null);
  const [latest, setLatest] = useState<{ sku: string } | null>(null);
  const setLines = (next: DraftLine[]) => form.setFieldValue('lines', next as never);

  const add = (picked: Picked) => {
    const now = (form.getValues() as V).lines;
    const { product, variant, units } = picked;
    const known = now.find(({ sku }) => sku === variant.sku);
    if (known) {
      setLines(now.map((line) => (line === known ? { ...line, quantity: Number(line.quantity || 0) + units } : line)));
    } else {
      const name = [product.name, variant.size].filter(Boolean).join(' · ');
      setLines([...now, { sku: variant.sku, name, quantity: units, unit_cost: costOf?.(picked) ?? '' }]);
    }
    setLatest({ sku: variant.sku });
  };

  useEffect(() => {
    if (!latest) return;
    const field = list.current?.querySelector<HTMLInputElement>(`[data-sku="${CSS.escape(latest.sku)}"]`);
    field?.focus();
    field?.select();
  }, [latest]);

  return (
    <div>
      <ProductPicker takesScans label={t.addProduct} error={form.errors.lines} onPick={add} />
      <div
        ref={list}
        className={classes.editLines}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && event.target instanceof HTMLInputElement) event.preventDefault();
        }}
      >
        {lines.map((line, index) => (
          <div key={line.sku} className={classes.editLine} data-cost={hasCost || undefined}>
            <div>
              <Text size="sm">{line.name}</Text>
              <Text size="xs" c="dimmed" className="code">
                {line.sku}
              </Text>
            </div>
            <QuantityInput
              label={null}
              min={1}
              aria-label={`${texts.common.quantity}: ${line.name}`}
              data-sku={line.sku}
              {...form.getInputProps(`lines.${index}.quantity`)}
            />
            {hasCost && <MoneyInput aria-label={`${t.unitCost}: ${line.name}`} placeholder={t.unitCost} {...form.getInputProps(`lines.${index}.unit_cost`)} />}
            <ActionIcon aria-label={`${texts.common.remove}: ${line.name}`} onClick={() => setLines(lines.filter((one) => one !== line))}>
              <IconTrash size={17} stroke={1.7} />
            </ActionIcon>
          </div>
        ))}
      </div>
    </div>
  );
}
