import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';

import type { Schemas } from '../../api/client';
import { newIdempotencyKey } from '../../api/idempotency-key';
import { ApiProblem } from '../../api/problem';
import { isUnder, sendUntilKnown } from '../../api/use-write';
import { messageOf } from '../../ui/states';
import { texts } from '../../texts';
import type { Order } from './order';

const t = texts.orders.bulk;

export interface ShipResult {
  order: Order;
  state: 'waiting' | 'sending' | 'shipped' | 'refused' | 'unknown';
  message: string;
}

/**
 * Ships orders one after the other. Each has an `Idempotency-Key` of its own, which stays until its outcome is known, so
 * an order whose answer was lost is shipped once.
 */
export function useBulkShip(orders: Order[]) {
  const queries = useQueryClient();
  const [results, setResults] = useState<ShipResult[]>(() => orders.map((order) => ({ order, state: 'waiting', message: '' })));
  const [isRunning, setIsRunning] = useState(false);
  const keys = useRef(new Map<number, string>());

  const set = (id: number, change: Partial<ShipResult>) =>
    setResults((before) => before.map((one) => (one.order.id === id ? { ...one, ...change } : one)));

  const shipOne = async (order: Order, carrier: string) => {
    const key = keys.current.get(order.id) ?? newIdempotencyKey();
    keys.current.set(order.id, key);
    set(order.id, { state: 'sending', message: '' });
    const lines = order.items
      .map((item) => ({ item_id: item.id, quantity: item.quantity - item.cancelled_quantity - item.shipped_quantity }))
      .filter(({ quantity }) => quantity > 0);
    const request = { params: { path: { id: order.order_number } }, body: { lines, carrier: carrier || null } };
    try {
      const { data, repeated } = await sendUntilKnown('post', '/orders/{id}/shipments', request, key, () => undefined);
      const shipment = data as Schemas['ShipmentResponse'];
      set(order.id, { state: 'shipped', message: [shipment.shipment_number, repeated ? t.wasOnce : ''].filter(Boolean).join('. ') });
    } catch (error) {
      const problem = ApiProblem.fromFailure(error);
      if (!problem.isOutcomeUnknown) keys.current.delete(order.id);
      set(order.id, problem.isOutcomeUnknown ? { state: 'unknown', message: t.unknown } : { state: 'refused', message: messageOf(problem) });
    }
  };

  const run = async (carrier: string) => {
    setIsRunning(true);
    for (const { order, state } of results) {
      if (state === 'waiting' || state === 'unknown') await shipOne(order, carrier);
    }
    setIsRunning(false);
    await queries.invalidateQueries({ predicate: ({ queryKey }) => isUnder(queryKey, ['/orders', '/inventory']) });
  };

  return { results, isRunning, run };
}
