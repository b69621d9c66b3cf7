import { Button, Group, SegmentedControl, Switch, Text, TextInput } from '@mantine/core';
import { IconChecks } from '@tabler/icons-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';

import { findCode } from '../../api/scan';
import { useScan } from '../../shell/scanner';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { MoneyInput, QuantityInput } from '../../ui/inputs';
import { notifyProblem } from '../../ui/notify';
import { nameWithSize } from '../../ui/product';
import { messageOf } from '../../ui/states';
import type { InboundLine } from './document';
import classes from './inbound.module.css';
import { arrivedIn, type ReceiveForm, type ReceiveRow } from './receive';

const t = texts.inbound;

interface Props {
  form: ReceiveForm;
  lines: InboundLine[];
  isPurchase: boolean;
}

/** What arrived, line by line. Each scan adds the units of the code, and a number that is typed then replaces them. */
export function ReceiveFields({ form, lines, isPurchase }: Props) {
  const rows = form.values.rows;
  const open = lines.filter((line) => line.outstanding_quantity > 0 || arrivedIn(rows[String(line.id)]) > 0);
  const isOver = open.some((line) => arrivedIn(rows[String(line.id)]) > line.outstanding_quantity);
  const { list, latest, scan } = useScannedLines(form, lines);

  const acceptAll = () => {
    for (const line of open) {
      const rejected = Number(rows[String(line.id)]?.rejected || 0);
      form.setFieldValue(`rows.${line.id}.accepted`, Math.max(0, line.outstanding_quantity - rejected));
    }
  };

  return (
    <>
      <Group gap="xs" align="flex-end">
        <CodeField onCode={scan} />
        <Button variant="default" leftSection={<IconChecks size={16} aria-hidden />} onClick={acceptAll}>
          {t.allArrived}
        </Button>
      </Group>
      <ul className={classes.rows} ref={list} onKeyDown={nextField} aria-label={t.lines}>
        {open.map((line) => (
          <Row key={line.id} line={line} form={form} isPurchase={isPurchase} isLatest={latest === line.id} />
        ))}
      </ul>
      {(isOver || form.values.allow_over) && (
        <Switch label={t.allowOver} description={t.allowOverHint} {...form.getInputProps('allow_over', { type: 'checkbox' })} />
      )}
      <TextInput label={t.reference} description={t.referenceHint} {...form.getInputProps('reference')} />
    </>
  );
}

/** A typed number and Enter goes to the next field instead of posting the receipt. */
function nextField(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'Enter' || !(event.target instanceof HTMLInputElement) || event.target.type === 'radio') return;
  event.preventDefault();
  const fields = [...event.currentTarget.querySelectorAll<HTMLInputElement>('input:not([type="radio"])')];
  fields[fields.indexOf(event.target) + 1]?.focus();
}

function useScannedLines(form: ReceiveForm, lines: InboundLine[]) {
  const list = useRef<HTMLUListElement>(null);
  const [latest, setLatest] = useState<{ line: number } | null>(null);

  const add = (line: InboundLine, units: number) => {
    const name = `rows.${line.id}.accepted`;
    const before = form.getValues().rows[String(line.id)]?.accepted;
    form.setFieldValue(name, Number(before || 0) + units);
    setLatest({ line: line.id });
  };

  // After each scan, when the new figure is shown, it is selected: a number that is typed then replaces it.
  useEffect(() => {
    if (!latest) return;
    const field = list.current?.querySelector<HTMLInputElement>(`[data-line="${latest.line}"]`);
    field?.scrollIntoView({ block: 'nearest' });
    field?.focus();
    field?.select();
  }, [latest]);

  const scan = (code: string) => {
    const bySku = lines.find(({ sku }) => sku.toLowerCase() === code.toLowerCase());
    if (bySku) return add(bySku, 1);
    findCode(code)
      .then((found) => {
        const line = lines.find(({ variant_id }) => variant_id === found?.variant_id);
        if (line) add(line, found?.units ?? 1);
        else notifyProblem(found?.product ? t.notExpected(found.product.name) : texts.shell.scanUnknown(code));
      })
      .catch((error: unknown) => notifyProblem(messageOf(error)));
  };
  useScan((code) => scan(code));
  return { list, latest: latest?.line, scan };
}

function CodeField({ onCode }: { onCode: (code: string) => void }) {
  const [code, setCode] = useState('');
  return (
    <TextInput
      label={t.code}
      className={classes.code}
      value={code}
      autoComplete="off"
      data-scan="field"
      data-autofocus
      onChange={(event) => setCode(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return;
        event.preventDefault();
        if (code.trim()) onCode(code.trim());
        setCode('');
      }}
    />
  );
}

interface RowProps {
  line: InboundLine;
  form: ReceiveForm;
  isPurchase: boolean;
  isLatest: boolean;
}

function Row({ line, form, isPurchase, isLatest }: RowProps) {
  const { quantity } = useFormats();
  const path = `rows.${line.id}`;
  const row = form.values.rows[String(line.id)];
  const name = nameWithSize(line);
  const left = line.outstanding_quantity - arrivedIn(row);
  return (
    <li className={classes.row} data-latest={isLatest || undefined}>
      <div className={classes.rowHead}>
        <div>
          <Text size="sm" fw={550}>
            {name}
          </Text>
          <Text size="xs" c="dimmed" className="code">
            {line.sku}
          </Text>
        </div>
        <Text size="xs" c={left < 0 ? 'var(--mantine-color-error)' : 'dimmed'} className="figures" ta="right">
          {t.expected(quantity(line.outstanding_quantity))}
          <br />
          {left < 0 ? t.over(quantity(-left)) : left === 0 ? t.complete : t.left(quantity(left))}
        </Text>
      </div>
      <div className={classes.rowFields} data-purchase={isPurchase || undefined}>
        <QuantityInput label={t.accepted} aria-label={`${t.accepted}: ${name}`} data-line={line.id} {...form.getInputProps(`${path}.accepted`)} />
        <QuantityInput label={t.rejected} aria-label={`${t.rejected}: ${name}`} {...form.getInputProps(`${path}.rejected`)} />
        {isPurchase && 'unit_cost' in line && (
          <MoneyInput
            label={t.unitCost}
            aria-label={`${t.unitCost}: ${name}`}
            placeholder={String(line.unit_cost)}
            {...form.getInputProps(`${path}.unit_cost`)}
          />
        )}
      </div>
      {Number(row?.rejected || 0) > 0 && <Rejection name={name} path={path} form={form} isPurchase={isPurchase} row={row} />}
    </li>
  );
}

function Rejection({ name, path, form, isPurchase, row }: { name: string; path: string; form: ReceiveForm; isPurchase: boolean; row: ReceiveRow | undefined }) {
  return (
    <div className={classes.rejection}>
      <TextInput label={t.rejectReason} aria-label={`${t.rejectReason}: ${name}`} maxLength={500} {...form.getInputProps(`${path}.reject_reason`)} />
      {isPurchase && (
        <SegmentedControl
          size="xs"
          aria-label={`${t.rejectedGo}: ${name}`}
          value={row?.keep_rejected === false ? 'door' : 'quarantine'}
          data={[
            { value: 'quarantine', label: t.toQuarantine },
            { value: 'door', label: t.atTheDoor },
          ]}
          onChange={(value) => form.setFieldValue(`${path}.keep_rejected`, value === 'quarantine')}
        />
      )}
    </div>
  );
}
