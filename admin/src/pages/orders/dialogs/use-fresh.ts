import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { client } from '../../../api/client';
import { ApiProblem } from '../../../api/problem';
import { isUnder, type Write } from '../../../api/use-write';
import type { Order } from '../order';

/**
 * A write about an order as it was when the dialog opened. Requests about orders carry no expected version, so the order
 * is read again before the request is sent, and nothing is sent if someone changed it meanwhile. After a refusal, the
 * order is read again too, so that the dialog can say what changed. `isKnown`: the user knows that the order changed.
 */
export function useFresh<W extends Write<never, unknown>>(order: Order, write: W, isKnown = false): W {
  const queries = useQueryClient();
  const [stale, setStale] = useState<ApiProblem | null>(null);
  const [isChecking, setIsChecking] = useState(false);

  useEffect(() => {
    if (write.problem) void queries.invalidateQueries({ predicate: ({ queryKey }) => isUnder(queryKey, ['/orders', '/returns']) });
  }, [write.problem, queries]);

  const send = async (request: never) => {
    setStale(null);
    setIsChecking(true);
    const isStale = !isKnown && (await hasChanged(order, queries));
    setIsChecking(false);
    if (!isStale) return write.send(request);
    setStale(new ApiProblem({}, 'STALE_DOCUMENT', 409));
    return null;
  };

  return { ...write, problem: stale ?? write.problem, isSending: write.isSending || isChecking, send };
}

async function hasChanged(order: Order, queries: ReturnType<typeof useQueryClient>): Promise<boolean> {
  const init = { params: { path: { id: order.order_number } } };
  try {
    const { data } = await client.GET('/orders/{id}', init);
    if (!data || data.updated_at === order.updated_at) return false;
    queries.setQueryData(['get', '/orders/{id}', init], data);
    return true;
  } catch {
    // The request itself meets the same failure, and says what it is.
    return false;
  }
}
