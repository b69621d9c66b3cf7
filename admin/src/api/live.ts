import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { BASE_URL, commonHeaders, type Schemas } from './client';
import { isUnder } from './use-write';

type Event = Pick<Schemas['EventResponse'], 'type' | 'subject'>;
export type LiveState = 'live' | 'connecting' | 'polling';

/** The queries that an event makes stale, by the part of its type before the point. */
const CHANGED_PATHS: Record<string, string[]> = {
  order: ['/orders', '/returns', '/shipments'],
  shipment: ['/orders', '/shipments'],
  return: ['/orders', '/returns'],
  stock: ['/inventory'],
  reservation: ['/reservations'],
  transfer: ['/transfers', '/inventory/incoming'],
  purchase_order: ['/purchase-orders', '/inventory/incoming', '/inventory/reorder'],
  count: ['/counts'],
  product: ['/inventory'],
  price: ['/inventory'],
};

/** Reads of these paths cost the server more, so events never cause them. They are read again when their page is opened. */
const EXPENSIVE = ['/inventory/verify', '/inventory/valuation', '/reports'];

/** A busy shop has many events a second. Queries are read again at most this often. */
const REFRESH_MS = 1_500;
const POLL_MS = 30_000;
/** The server sends a comment every 15 s. Without one for this long, the connection is broken. */
const SILENCE_MS = 40_000;
const HIDDEN_GRACE_MS = 5_000;

/**
 * Follows the event stream while the tab is visible, and reads again what changed.
 *
 * A hidden tab closes its stream, because a browser has only six connections to a server over HTTP/1.1. When it is visible
 * again, the stream continues behind the last event (`Last-Event-ID`), so nothing is missed. Without a stream (no
 * permission, or a proxy that breaks it), everything shown is read again every 30 s.
 */
export function useLive(isPermitted: boolean, storeId: number): LiveState {
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>(isPermitted ? 'connecting' : 'polling');

  useEffect(() => {
    const refresher = new Refresher(queries);
    const stream = isPermitted ? new Stream((event) => refresher.add(event), setState) : null;
    let closing: ReturnType<typeof setTimeout> | undefined;
    const follow = () => {
      clearTimeout(closing);
      if (document.visibilityState === 'visible') stream?.open();
      else closing = setTimeout(() => stream?.close(), HIDDEN_GRACE_MS);
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      clearTimeout(closing);
      stream?.close();
      refresher.stop();
    };
  }, [isPermitted, storeId, queries]);

  useEffect(() => {
    if (state !== 'polling') return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') refreshAll(queries);
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [state, queries]);

  return state;
}

/** Reads again what pages show. The session is none of it: its end is noticed by the requests of the page. */
function refreshAll(queries: QueryClient): void {
  void queries.invalidateQueries({ predicate: ({ queryKey }) => isUnder(queryKey, undefined) && !isUnder(queryKey, EXPENSIVE) });
}

/** Collects events, and invalidates the queries of what they name. */
class Refresher {
  private events: Event[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly queries: QueryClient) {}

  add(event: Event): void {
    this.events.push(event);
    this.timer ??= setTimeout(() => this.flush(), this.events.length > 1 ? REFRESH_MS : 200);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private flush(): void {
    const events = this.events;
    this.events = [];
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.events.length > 0) this.flush();
    }, REFRESH_MS);
    void this.queries.invalidateQueries({
      predicate: ({ queryKey }) => !isUnder(queryKey, EXPENSIVE) && events.some((event) => concerns(event, queryKey)),
    });
  }
}

/** True if the query may show what the event changed. A query of one document is only concerned by its own events. */
function concerns(event: Event, queryKey: readonly unknown[]): boolean {
  const paths = CHANGED_PATHS[event.type.split('.')[0] ?? ''];
  if (!paths || !isUnder(queryKey, paths)) return false;
  const init = queryKey[2] as { params?: { path?: { id?: unknown } } } | undefined;
  const id = init?.params?.path?.id;
  if (id === undefined || !String(queryKey[1]).startsWith(`/${event.subject.kind}s/`)) return true;
  return String(id) === String(event.subject.id) || String(id).toUpperCase() === event.subject.number?.toUpperCase();
}

/** One connection to `GET /events/stream`, which connects again by itself. */
class Stream {
  private controller: AbortController | null = null;
  private lastEventId: string | null = null;

  constructor(
    private readonly onEvent: (event: Event) => void,
    private readonly onState: (state: LiveState) => void,
  ) {}

  open(): void {
    if (this.controller) return;
    this.controller = new AbortController();
    void this.follow(this.controller.signal);
  }

  close(): void {
    this.controller?.abort();
    this.controller = null;
  }

  private async follow(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.read(signal, () => {
          failures = 0;
          this.onState('live');
        });
      } catch {
        // The reason does not matter: the next attempt continues behind the last event.
      }
      if (signal.aborted) return;
      if (failures >= 2) this.onState('polling');
      await new Promise((resolve) => setTimeout(resolve, Math.min(1_000 * 2 ** failures, POLL_MS)));
    }
  }

  private async read(signal: AbortSignal, onOpen: () => void): Promise<void> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    const headers: Record<string, string> = { ...commonHeaders(), Accept: 'text/event-stream' };
    if (this.lastEventId !== null) headers['Last-Event-ID'] = this.lastEventId;
    try {
      const response = await fetch(`${BASE_URL}/events/stream`, {
        headers,
        signal: AbortSignal.any([signal, silence.signal]),
        cache: 'no-store',
      });
      if (!response.ok || !response.body) throw new Error(`The stream was refused with ${response.status}`);
      onOpen();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        const messages = (rest + value).split('\n\n');
        rest = messages.pop() ?? '';
        for (const message of messages) this.take(message);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private take(message: string): void {
    let data = '';
    for (const line of message.split('\n')) {
      if (line.startsWith('id: ')) this.lastEventId = line.slice(4);
      if (line.startsWith('data: ')) data += line.slice(6);
    }
    if (data !== '') this.onEvent(JSON.parse(data));
  }
}
