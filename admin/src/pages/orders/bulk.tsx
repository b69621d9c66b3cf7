import { Button, Group, Text } from '@mantine/core';
import { IconPrinter, IconTruck } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';

import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { Link } from '../../ui/link';
import type { Selection } from '../../ui/table';
import { pathTo } from '../paths';
import { canShip, type Order } from './order';
import classes from './orders.module.css';

const t = texts.orders.list;
const BulkShipDialog = lazy(() => import('./dialogs/BulkShipDialog'));

interface Chosen {
  selection: Selection;
  orders: Order[];
  clear: () => void;
}

/** The chosen orders, also those of other pages of the list. They are kept as they were seen last. */
export function useChosenOrders(shown: Order[] | undefined): Chosen {
  const [keys, setKeys] = useState<Set<string>>(() => new Set());
  const [seen, setSeen] = useState<Map<string, Order>>(() => new Map());
  useEffect(() => {
    if (shown) setSeen((before) => new Map([...before, ...shown.map((order) => [String(order.id), order] as const)]));
  }, [shown]);
  const orders = useMemo(() => [...keys].flatMap((key) => seen.get(key) ?? []), [keys, seen]);
  return { selection: { keys, set: setKeys }, orders, clear: () => setKeys(new Set()) };
}

/** What can be done with the chosen orders. */
export function BulkBar({ chosen: { orders, clear } }: { chosen: Chosen }) {
  const can = useCan();
  const [shipping, setShipping] = useState<Order[] | null>(null);
  const shippable = orders.filter(canShip);
  return (
    <>
      {orders.length > 0 && (
        <Group className={`${classes.bulk} no-print`} gap="xs" role="toolbar" aria-label={t.selected(orders.length)}>
          <Text size="sm" fw={550} aria-live="polite">
            {t.selected(orders.length)}
          </Text>
          {can('orders:update') && shippable.length > 0 && (
            <Button size="xs" leftSection={<IconTruck size={16} aria-hidden />} onClick={() => setShipping(orders)}>
              {t.shipSelected(shippable.length)}
            </Button>
          )}
          <Button
            size="xs"
            variant="default"
            component={Link}
            to={pathTo.slips(orders.map(({ order_number }) => order_number))}
            leftSection={<IconPrinter size={16} aria-hidden />}
          >
            {t.printSelected(orders.length)}
          </Button>
          <Button size="xs" variant="subtle" onClick={clear}>
            {t.clearSelection}
          </Button>
        </Group>
      )}
      {shipping && (
        <Suspense fallback={null}>
          <BulkShipDialog
            orders={shipping}
            onClose={(isDone) => {
              setShipping(null);
              if (isDone) clear();
            }}
          />
        </Suspense>
      )}
    </>
  );
}
