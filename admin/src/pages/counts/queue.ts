import { client, type Schemas } from '../../api/client';
import { newIdempotencyKey } from '../../api/idempotency-key';
import { ApiProblem } from '../../api/problem';
import { COUNT_ENTRY_EVENT, COUNT_ENTRY_PREFIX as PREFIX } from '../../shell/WaitingEntries';
import { messageOf } from '../../ui/states';

/** Units that somebody counted, and that are on their way to the server. */
export interface Entry {
  /** The `Idempotency-Key`: however often the entry is sent, it is counted once. */
  key: string;
  userId: number;
  storeId: number;
  count: string;
  /** Orders entries of one moment. */
  sequence: number;
  /** What was counted, as a code or a SKU, and what it is called as far as that is known. */
  code: string;
  sku: string | null;
  name: string;
  quantity: number;
  /** Added to what was counted before, scan by scan. Otherwise the quantity replaces it. */
  add: boolean;
  countedAt: string;
  /** Why the server refused it. A refused entry is sent again or discarded by a person, never by itself. */
  refusal: string | null;
}

export interface QueueState {
  waiting: Entry[];
  refused: Entry[];
  /** The latest that arrived while this tab was open, newest first. */
  sent: Entry[];
  /** False if the last attempt had no answer. */
  isOnline: boolean;
}

type Answer = Schemas['CountResponse'];

const SENT_SHOWN = 20;
const RETRY_MS = [1_000, 2_000, 5_000, 15_000];

/**
 * The counted units that have not arrived at the server. Each is stored on its own, so that two tabs do not overwrite each
 * other, and stays stored until the server has it or a person discards it: a reload or an empty battery loses nothing.
 * Entries are sent one by one in the order in which they were counted.
 */
class CountQueue {
  private state: QueueState = { waiting: [], refused: [], sent: [], isOnline: true };
  private readonly listeners = new Set<() => void>();
  private readonly receivers = new Set<(answer: Answer, entry: Entry) => void>();
  private userId: number | null = null;
  private users = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isSending = false;
  private failures = 0;
  private sequence = 0;

  /** Begins to send what this account counted. Another account's entries stay stored until it signs in again. */
  start(userId: number): () => void {
    this.users += 1;
    this.userId = userId;
    this.read();
    const onStorage = (event: StorageEvent) => {
      if (event.key === null || event.key.startsWith(PREFIX)) this.read();
    };
    const onOnline = () => this.sendSoon(0);
    window.addEventListener('storage', onStorage);
    window.addEventListener('online', onOnline);
    this.sendSoon(0);
    return () => {
      this.users -= 1;
      if (this.users === 0) {
        this.userId = null;
        clearTimeout(this.timer);
      }
      window.removeEventListener('storage', onStorage);
      window.removeEventListener('online', onOnline);
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  getState = (): QueueState => this.state;

  /** Calls back with the server's answer to each entry that arrived. */
  onAnswer(receiver: (answer: Answer, entry: Entry) => void): () => void {
    this.receivers.add(receiver);
    return () => void this.receivers.delete(receiver);
  }

  /** Stores an entry, then sends it. Fails if the browser cannot store it. */
  add(entry: Omit<Entry, 'key' | 'sequence' | 'refusal'>): void {
    this.sequence = Math.max(this.sequence + 1, Date.now());
    this.store({ ...entry, key: newIdempotencyKey(), sequence: this.sequence, refusal: null });
    this.read();
    window.dispatchEvent(new Event(COUNT_ENTRY_EVENT));
    this.sendSoon(0);
  }

  /** Sends a refused entry again. It is another request, so it gets another key. */
  sendAgain(entry: Entry): void {
    this.store({ ...entry, key: newIdempotencyKey(), refusal: null });
    this.discard(entry);
    this.sendSoon(0);
  }

  discard(entry: Entry): void {
    localStorage.removeItem(PREFIX + entry.key);
    this.read();
  }

  sendNow(): void {
    this.sendSoon(0);
  }

  private store(entry: Entry): void {
    localStorage.setItem(PREFIX + entry.key, JSON.stringify(entry));
  }

  private read(): void {
    const entries: Entry[] = [];
    for (let index = 0; index < localStorage.length; index += 1) {
      const name = localStorage.key(index);
      const entry = name?.startsWith(PREFIX) ? parsed(localStorage.getItem(name)) : null;
      if (entry) entries.push(entry);
    }
    const own = entries.filter((entry) => entry.userId === this.userId);
    own.sort((a, b) => a.countedAt.localeCompare(b.countedAt) || a.sequence - b.sequence);
    this.change({ waiting: own.filter((entry) => entry.refusal === null), refused: own.filter((entry) => entry.refusal !== null) });
  }

  private change(changes: Partial<QueueState>): void {
    this.state = { ...this.state, ...changes };
    for (const listener of this.listeners) listener();
  }

  private sendSoon(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.sendAll(), ms);
  }

  private async sendAll(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    let wait: number | null = null;
    try {
      for (let next = this.state.waiting[0]; next && wait === null; next = this.state.waiting[0]) wait = await this.sendOne(next);
    } finally {
      this.isSending = false;
    }
    if (wait !== null && this.userId !== null) this.sendSoon(wait);
  }

  /** Sends one entry. Returns after how many milliseconds it has to be sent again, or null if it is settled. */
  private async sendOne(entry: Entry): Promise<number | null> {
    try {
      const answer = await post(entry);
      this.failures = 0;
      localStorage.removeItem(PREFIX + entry.key);
      this.change({ isOnline: true, sent: [entry, ...this.state.sent].slice(0, SENT_SHOWN) });
      this.read();
      for (const receiver of this.receivers) receiver(answer, entry);
      return null;
    } catch (error) {
      const problem = ApiProblem.fromFailure(error);
      const mayPass = problem.isOutcomeUnknown || problem.isBusy || problem.status === 401 || problem.status === 429;
      if (mayPass) {
        this.change({ isOnline: problem.status !== 0 && this.state.isOnline });
        const pause = RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)] ?? 0;
        this.failures += 1;
        return Math.max(pause, (problem.retryAfterSeconds ?? 0) * 1000);
      }
      this.store({ ...entry, refusal: messageOf(problem) });
      this.change({ isOnline: true });
      this.read();
      return null;
    }
  }
}

/** A text that is no entry stays where it is, and does not stop the desk. */
function parsed(text: string | null): Entry | null {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

async function post(entry: Entry): Promise<Answer> {
  const { data } = await client.POST('/counts/{id}/entries', {
    params: { path: { id: entry.count } },
    // The server takes a SKU wherever it takes a barcode.
    body: { entries: [{ barcode: entry.code, quantity: entry.quantity, add: entry.add, counted_at: entry.countedAt }] },
    headers: { 'Idempotency-Key': entry.key, 'X-Store-Id': String(entry.storeId) },
  });
  if (!data) throw new ApiProblem({}, 'UNREADABLE', 200);
  return data;
}

export const countQueue = new CountQueue();
