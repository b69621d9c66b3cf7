import { client } from '../../api/client';

/** Within this, the clocks agree: the server's date has no fractions of a second, and answers take time to arrive. */
const TOLERANCE_MS = 2_000;

let aheadMs = 0;

client.use({
  onResponse({ response }) {
    const date = Date.parse(response.headers.get('Date') ?? '');
    if (!Number.isNaN(date)) aheadMs = Date.now() - date;
  },
});

/**
 * The time by the server's clock, because a phone's clock may be wrong, and a look belongs to a moment of the ledger. It
 * goes on while the network is away. Never before `earliest`, when the count was opened.
 */
export function serverTime(earliest: string): string {
  const now = Date.now() - (Math.abs(aheadMs) > TOLERANCE_MS ? aheadMs : 0);
  // The count's own moment has microseconds: it is kept as it is.
  return now <= Date.parse(earliest) ? earliest : new Date(now).toISOString();
}
