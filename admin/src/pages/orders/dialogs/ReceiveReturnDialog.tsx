import { Select, Text } from '@mantine/core';
import { useForm } from '@mantine/form';

import { useWrite } from '../../../api/use-write';
import { texts } from '../../../texts';
import { FormDialog } from '../../../ui/dialog';
import { useFormats } from '../../../ui/format';
import { MoneyInput, QuantityInput } from '../../../ui/inputs';
import { nameWithSize } from '../../../ui/product';
import { priceOf, sum, sumOfMoney, type Order, type Return } from '../order';
import { usePlaces } from '../places';
import classes from './dialogs.module.css';
import { Consequences } from './units-table';

const t = texts.orders.returns;

type Entry = number | string;
interface Line {
  restock: Entry;
  quarantine: Entry;
  scrap: Entry;
  missing: Entry;
  fee: Entry;
}

const CONDITIONS = [
  ['restock', t.restock, t.restockHint],
  ['quarantine', t.quarantine, t.quarantineHint],
  ['scrap', t.scrap, t.scrapHint],
  ['missing', t.missingColumn, t.missingHint],
] as const;

const countOf = (line: Line): number => CONDITIONS.reduce((total, [name]) => total + (Number(line[name]) || 0), 0);
const arrivedOf = (line: Line): number => countOf(line) - (Number(line.missing) || 0);

interface ReceiveReturnDialogProps {
  order: Order;
  /** The return as it was when the dialog was opened. Its version is sent with the request. */
  back: Return;
  onClose: () => void;
}

/** Receives units of a return, each by its condition. The rest can be received later. */
export default function ReceiveReturnDialog({ order, back, onClose }: ReceiveReturnDialogProps) {
  const places = usePlaces(order);
  const { money, moneyDigits } = useFormats();
  const lines = back.lines.filter(({ outstanding_quantity }) => outstanding_quantity > 0);
  const form = useForm({
    initialValues: {
      location_id: String(order.items[0]?.allocations[0]?.location_id ?? places[0]?.id ?? ''),
      units: lines.map((): Line => ({ restock: '', quarantine: '', scrap: '', missing: '', fee: '' })),
    },
    validate: {
      units: (units) => {
        const wrong = lines.find((line, index) => countOf(units[index] as Line) > line.outstanding_quantity);
        if (wrong) return `${nameWithSize(wrong)}: ${t.tooMany(String(wrong.outstanding_quantity))}`;
        return units.every((line) => countOf(line) === 0) ? t.none2 : null;
      },
    },
  });
  const { units, location_id } = form.values;
  const total = sum(units.map(countOf));
  const write = useWrite('post', '/returns/{id}/receive', {
    done: (after) => {
      const credit = after.receipts.at(-1)?.credit;
      return credit ? t.receivedCredit(total, money(credit.total)) : t.received(total);
    },
    invalidates: ['/orders', '/returns', '/inventory'],
  });
  const credit = sumOfMoney(lines.map((line, index) => creditOf(order, line, units[index] as Line, moneyDigits)), moneyDigits);

  return (
    <FormDialog
      title={t.receiveTitle(back.return_number)}
      size="xl"
      form={form}
      write={write}
      submit={texts.orders.steps.receive(total)}
      onClose={onClose}
      request={(values) => ({
        params: { path: { id: back.id } },
        body: {
          location_id: Number(values.location_id),
          expected_version: back.version,
          lines: lines
            .map((line, index) => receivedLine(line.id, values.units[index] as Line))
            .filter(({ restock, quarantine, scrap, missing }) => restock + quarantine + scrap + missing > 0),
        },
      })}
    >
      <Text size="sm">{t.receiveText}</Text>
      <Select
        label={t.place}
        data={places.map(({ id, name }) => ({ value: String(id), label: name }))}
        {...form.getInputProps('location_id')}
      />
      <div>
        {lines.map((line, index) => (
          <fieldset key={line.id} className={`plain-fieldset ${classes.conditionLine}`}>
            <Text component="legend" size="sm" fw={550}>
              {nameWithSize(line)}{' '}
              <Text span size="xs" c="dimmed">
                {t.outstanding(String(line.outstanding_quantity))} · {line.reason}
              </Text>
            </Text>
            <div className={classes.conditions}>
              {CONDITIONS.map(([name, label, hint]) => (
                <QuantityInput
                  key={name}
                  label={label}
                  aria-label={t.byCondition(nameWithSize(line), label)}
                  description={hint}
                  max={line.outstanding_quantity}
                  hideControls
                  placeholder="0"
                  data-autofocus={(index === 0 && name === 'restock') || undefined}
                  {...form.getInputProps(`units.${index}.${name}`)}
                />
              ))}
              <MoneyInput label={t.fee} aria-label={t.byCondition(nameWithSize(line), t.fee)} description={t.feeHint} {...form.getInputProps(`units.${index}.fee`)} />
            </div>
          </fieldset>
        ))}
      </div>
      {form.errors.units && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {form.errors.units}
        </Text>
      )}
      {total > 0 && (
        <Consequences>
          {[...stockConsequences(units, places.find(({ id }) => String(id) === location_id)?.name ?? ''), credit > 0 && t.about(money(credit)), back.exchange_order_id !== null && t.paysExchange]}
        </Consequences>
      )}
    </FormDialog>
  );
}

function receivedLine(line_id: number, line: Line) {
  const [restock, quarantine, scrap, missing] = [line.restock, line.quarantine, line.scrap, line.missing].map((entry) => Number(entry) || 0) as [
    number, number, number, number,
  ];
  return { line_id, restock, quarantine, scrap, missing, ...(Number(line.fee) > 0 ? { fee: String(line.fee) } : {}) };
}

function creditOf(order: Order, line: Return['lines'][number], entries: Line, digits: number): number {
  const item = order.items.find(({ id }) => id === line.item_id);
  return item ? priceOf(item, arrivedOf(entries), digits) - (Number(entries.fee) || 0) : 0;
}

function stockConsequences(units: Line[], place: string): (string | false)[] {
  const [restock, quarantine, scrap, missing] = CONDITIONS.map(([name]) => sum(units.map((line) => Number(line[name]) || 0))) as [number, number, number, number];
  return [
    restock > 0 && t.toSale(restock, place),
    quarantine > 0 && t.toQuarantine(quarantine, place),
    scrap > 0 && t.toScrap(scrap),
    missing > 0 && t.notCredited(missing),
  ];
}
