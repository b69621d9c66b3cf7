import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import type { Schemas } from '../../api/client';
import type { ApiProblem } from '../../api/problem';

export type Transfer = Schemas['TransferResponse'];
export type PurchaseOrder = Schemas['PurchaseOrderResponse'];
export type Inbound = Transfer | PurchaseOrder;
export type InboundLine = Transfer['lines'][number] | PurchaseOrder['lines'][number];

/**
 * The document as it was when the dialog opened. If a colleague changes it meanwhile, `isStale` says so, and `accept` goes
 * on with the present figures without losing what was entered.
 */
export function useSeen<D extends Inbound>(current: D, problem: ApiProblem | null): { seen: D; isStale: boolean; accept: () => void } {
  const queries = useQueryClient();
  const [seen, setSeen] = useState(current);
  useEffect(() => {
    // The refusal may arrive before the live event: then what the colleague did is read now.
    if (problem?.code !== 'STALE_DOCUMENT') return;
    void queries.invalidateQueries({ predicate: ({ queryKey }) => ['/transfers/{id}', '/purchase-orders/{id}'].includes(String(queryKey[1])) });
  }, [problem, queries]);
  return { seen, isStale: current.version !== seen.version, accept: () => setSeen(current) };
}
