import { QueryClient } from '@tanstack/react-query';

import { ApiProblem } from './problem';

/** Reads are repeated if the answer was lost or the server was busy, and never if they were refused. */
function shouldRetry(failures: number, error: unknown): boolean {
  if (!(error instanceof ApiProblem)) return false;
  return failures < 3 && (error.isOutcomeUnknown || error.isBusy);
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Live events invalidate what changed, so data does not grow old by itself.
      staleTime: 30_000,
      gcTime: 10 * 60_000,
      retry: shouldRetry,
      retryDelay: (attempt, error) =>
        error instanceof ApiProblem && error.retryAfterSeconds ? error.retryAfterSeconds * 1000 : 500 * 2 ** attempt,
      // The connection to the server decides, not the browser's guess about the network: the server may be on this machine.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always', retry: false },
  },
});
