import { Button, Group, List, Progress, Stack, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconClock } from '@tabler/icons-react';
import { useState } from 'react';

import { texts } from '../../../texts';
import { Dialog } from '../../../ui/dialog';
import { canShip, customerOf, sum, unshipped, type Order } from '../order';
import { useBulkShip, type ShipResult } from '../use-bulk-ship';
import classes from './dialogs.module.css';

const t = texts.orders.bulk;

interface BulkShipDialogProps {
  orders: Order[];
  /** Called with true if all orders have an outcome. */
  onClose: (isDone: boolean) => void;
}

/** Ships several orders completely, and shows for each what happened. */
export default function BulkShipDialog({ orders, onClose }: BulkShipDialogProps) {
  const [shippable] = useState(() => orders.filter(canShip));
  const [skipped] = useState(() => orders.filter((order) => !canShip(order)));
  const [carrier, setCarrier] = useState('');
  const { results, isRunning, run } = useBulkShip(shippable);
  const count = (state: ShipResult['state']) => results.filter((one) => one.state === state).length;
  const isStarted = isRunning || count('waiting') < results.length;
  const done = count('shipped') + count('refused');
  const isOpen = count('unknown') > 0 || !isStarted;
  const isUnsaved = isRunning || count('unknown') > 0 || (!isStarted && carrier.trim() !== '');

  return (
    <Dialog title={t.title} size="lg" isUnsaved={isUnsaved} onClose={() => (isRunning ? undefined : onClose(isStarted && count('unknown') === 0))}>
      <Stack gap="sm">
        {isStarted ? (
          <Outcome results={results} done={done} isRunning={isRunning} />
        ) : (
          <>
            <Text size="sm">{t.text(shippable.length, sum(shippable.map(unshipped)))}</Text>
            <TextInput label={t.carrier} description={t.carrierHint} maxLength={100} value={carrier} onChange={(event) => setCarrier(event.currentTarget.value)} />
          </>
        )}
        {!isStarted && skipped.length > 0 && <Skipped orders={skipped} />}
      </Stack>
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" disabled={isRunning} onClick={() => onClose(isStarted && count('unknown') === 0)}>
          {isStarted ? texts.common.close : texts.common.cancel}
        </Button>
        {isOpen && (
          <Button loading={isRunning} onClick={() => void run(carrier.trim())}>
            {isStarted ? t.again : texts.orders.list.shipSelected(shippable.length)}
          </Button>
        )}
      </Group>
    </Dialog>
  );
}

const ICONS = { waiting: IconClock, sending: IconClock, shipped: IconCircleCheck, refused: IconAlertTriangle, unknown: IconAlertTriangle };

function Outcome({ results, done, isRunning }: { results: ShipResult[]; done: number; isRunning: boolean }) {
  const shipped = results.filter(({ state }) => state === 'shipped').length;
  const refused = results.filter(({ state }) => state === 'refused').length;
  const summary = [t.shipped(shipped), refused > 0 ? t.refused(refused) : ''].filter(Boolean).join('. ');
  return (
    <>
      <Text size="sm" role="status">
        {isRunning ? t.working(done, results.length) : summary}
      </Text>
      {isRunning && <Progress value={(100 * done) / results.length} aria-label={t.working(done, results.length)} />}
      <ul className={classes.results}>
        {results.map(({ order, state, message }) => {
          const Icon = ICONS[state];
          return (
            <li key={order.id} data-state={state}>
              <Icon size={18} aria-hidden />
              <span>
                <span className="figures">{order.order_number}</span> · {customerOf(order)}
                <span className={classes.resultText}>{message || (state === 'shipped' ? t.ok : t.wait)}</span>
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Skipped({ orders }: { orders: Order[] }) {
  return (
    <div>
      <Text size="sm" fw={550}>
        {t.skipped}
      </Text>
      <List size="sm">
        {orders.map((order) => (
          <List.Item key={order.id}>
            <span className="figures">{order.order_number}</span>: {reasonOf(order)}
          </List.Item>
        ))}
      </List>
    </div>
  );
}

function reasonOf(order: Order): string {
  if (order.pickup_location_id !== null) return t.skippedPickup;
  return order.status === 'under_paying' ? t.skippedPayment : t.skippedState;
}
