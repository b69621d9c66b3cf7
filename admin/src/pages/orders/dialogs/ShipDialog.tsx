import { Alert, Group, Select, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconBarcode } from '@tabler/icons-react';
import { useRef, useState } from 'react';

import { findCode } from '../../../api/scan';
import { useWrite } from '../../../api/use-write';
import { useScan } from '../../../shell/scanner';
import { texts } from '../../../texts';
import { FormDialog } from '../../../ui/dialog';
import { useFormats } from '../../../ui/format';
import { nameWithSize } from '../../../ui/product';
import { messageOf } from '../../../ui/states';
import { outstandingOf, sum, unshipped, unshippedByPlace, type Order } from '../order';
import { usePlaceName } from '../places';
import { Changes } from './Changes';
import { Consequences, totalOf, unitsOf, UnitsTable, validateUnits, type Units, type UnitsLine } from './units-table';
import { useFresh } from './use-fresh';

const t = texts.orders.ship;
const ALL = 'all';

/** Ships units of an order. What is scanned while it is open is counted as packed. */
export default function ShipDialog({ order, onClose }: { order: Order; onClose: () => void }) {
  const placeName = usePlaceName(order);
  const [place, setPlace] = useState(ALL);
  const parts = unshippedByPlace(order);
  const placeIds = [...new Set(parts.map(({ placeId }) => placeId))];
  const here = parts.filter(({ placeId }) => place === ALL || String(placeId) === place);
  const lines = order.items.flatMap((item) => {
    const mine = here.filter((part) => part.item.id === item.id);
    const max = sum(mine.map(({ quantity }) => quantity));
    const from = mine.map(({ placeId, quantity }) => texts.orders.items.comesFrom(String(quantity), placeName(placeId)));
    return max > 0 ? [{ key: String(item.id), name: nameWithSize(item), detail: from.join(', '), max }] : [];
  });
  const everything = (chosen: UnitsLine[]): Units => Object.fromEntries(chosen.map(({ key, max }) => [key, max]));

  const form = useForm({
    initialValues: { units: everything(lines), carrier: '', tracking_number: '', tracking_url: '' },
    validate: { units: validateUnits(lines, t.tooMany, t.none) },
  });
  const write = useFresh(
    order,
    useWrite('post', '/orders/{id}/shipments', {
      done: (shipment) => t.done(shipment.shipment_number, sum(shipment.lines.map(({ quantity }) => quantity))),
      invalidates: ['/orders', '/inventory'],
    }),
  );
  const { units } = form.values;
  const scan = usePackByScan(order, lines, units, (next) => form.setFieldValue('units', next));

  const choosePlace = (next: string) => {
    setPlace(next);
    const of = order.items.map((item) => {
      const mine = parts.filter((part) => part.item.id === item.id && (next === ALL || String(part.placeId) === next));
      return { key: String(item.id), name: '', max: sum(mine.map(({ quantity }) => quantity)) };
    });
    form.setFieldValue('units', everything(of.filter(({ max }) => max > 0)));
  };

  return (
    <FormDialog
      title={t.title(order.order_number)}
      size="lg"
      form={form}
      write={write}
      submit={texts.orders.steps.shipOf(totalOf(units), unshipped(order))}
      onClose={onClose}
      request={(values) => ({
        params: { path: { id: order.order_number } },
        body: {
          lines: lines
            .map(({ key }) => ({
              item_id: Number(key),
              quantity: unitsOf(values.units, key),
              ...(place === ALL ? {} : { location_id: Number(place) }),
            }))
            .filter(({ quantity }) => quantity > 0),
          carrier: values.carrier.trim() || null,
          tracking_number: values.tracking_number.trim() || null,
          tracking_url: values.tracking_url.trim() || null,
        },
      })}
    >
      <Changes since={order} />
      {placeIds.length > 1 && (
        <Select
          label={t.place}
          value={place}
          onChange={(value) => choosePlace(value ?? ALL)}
          data={[{ value: ALL, label: t.allPlaces }, ...placeIds.map((id) => ({ value: String(id), label: placeName(id) }))]}
        />
      )}
      <UnitsTable label={t.title(order.order_number)} lines={lines} units={units} error={form.errors.units} onChange={(next) => form.setFieldValue('units', next)} />
      <Text size="xs" c="dimmed" role="status">
        <IconBarcode size={14} aria-hidden /> {scan.isCounting ? t.counting : t.scanHint}
      </Text>
      {scan.problem && (
        <Alert color="red" role="alert">
          {scan.problem}
        </Alert>
      )}
      <Group grow align="flex-start">
        <TextInput label={t.carrier} maxLength={100} {...form.getInputProps('carrier')} />
        <TextInput label={t.tracking} maxLength={100} data-scan="field" {...form.getInputProps('tracking_number')} />
      </Group>
      <TextInput label={t.trackingUrl} type="url" placeholder="https://" maxLength={500} {...form.getInputProps('tracking_url')} />
      <ShipConsequences order={order} parts={here} units={units} />
    </FormDialog>
  );
}

function ShipConsequences({ order, parts, units }: { order: Order; parts: ReturnType<typeof unshippedByPlace>; units: Units }) {
  const placeName = usePlaceName(order);
  const { money, moneyDigits } = useFormats();
  const total = totalOf(units);
  const left = unshipped(order) - total;
  const unpaid = outstandingOf(order, moneyDigits);
  const placeIds = [...new Set(parts.map(({ placeId }) => placeId))];
  if (total === 0) return null;
  return (
    <Consequences>
      {[
        placeIds.length === 1 && placeIds[0] !== undefined && t.leaves(total, placeName(placeIds[0])),
        left > 0 ? t.leftOver(left) : t.complete2,
        order.payment_status === 'pending' && unpaid > 0 && t.unpaid(money(unpaid)),
      ]}
    </Consequences>
  );
}

/** Counts what is scanned. The first scan sets all units to zero. */
function usePackByScan(order: Order, lines: UnitsLine[], units: Units, set: (units: Units) => void) {
  const counted = useRef<Units | null>(null);
  const [isCounting, setIsCounting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  if (counted.current) counted.current = units;

  const count = async (code: string) => {
    setProblem(null);
    const found = await findCode(code);
    if (!found) return setProblem(t.unknownCode(code));
    const item = order.items.find((one) => one.variant_id === found.variant_id);
    const line = lines.find(({ key }) => key === String(item?.id));
    if (!item || !line) return setProblem(t.notInOrder(found.product?.name ?? found.document?.number ?? code));
    const before = counted.current ?? {};
    const next = unitsOf(before, line.key) + (found.units ?? 1);
    setIsCounting(true);
    if (next > line.max) setProblem(t.complete(line.name));
    counted.current = { ...before, [line.key]: Math.min(next, line.max) };
    set(counted.current);
  };

  useScan((code) => void count(code).catch((error: unknown) => setProblem(messageOf(error))));
  return { isCounting, problem };
}
