import { lazy, Suspense, useEffect, useState } from 'react';

/** Counted entries that have not been sent are stored under keys with this prefix. */
export const COUNT_ENTRY_PREFIX = 'stockroom.count-entry.';
/** Dispatched at the window when one is stored. */
export const COUNT_ENTRY_EVENT = 'stockroom:count-entry';

const WaitingBadge = lazy(() => import('../pages/counts/WaitingBadge'));

/** Shows how many counted entries wait, and keeps sending them on every page. Its code is loaded only if there are some. */
export function WaitingEntries() {
  const [isUsed, setIsUsed] = useState(() => Object.keys(localStorage).some((key) => key.startsWith(COUNT_ENTRY_PREFIX)));
  useEffect(() => {
    const use = () => setIsUsed(true);
    window.addEventListener(COUNT_ENTRY_EVENT, use);
    return () => window.removeEventListener(COUNT_ENTRY_EVENT, use);
  }, []);
  return isUsed ? (
    <Suspense fallback={null}>
      <WaitingBadge />
    </Suspense>
  ) : null;
}
