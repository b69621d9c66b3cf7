import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { ApiProblem } from '../../api/problem';
import type { Write } from '../../api/use-write';

export interface Change {
  name: string;
  now: unknown;
}

export interface CheckedWrite<R, T> extends Write<R, T> {
  /** What somebody else changed since the dialog opened. */
  changes: Change[];
}

/**
 * A write of settings that first reads them again. If somebody else changed one that the dialog shows, nothing is written,
 * and the dialog says what it is now. Settings have no versions, so this is as near as a client can come.
 *
 * `shown` are the settings as the dialog shows them; `read` gets all of them.
 */
export function useCheckedWrite<R, T, S extends object>(write: Write<R, T>, shown: S, read: () => Promise<S>): CheckedWrite<R, T> {
  const queries = useQueryClient();
  const [before] = useState(shown);
  const [isReading, setIsReading] = useState(false);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [changes, setChanges] = useState<Change[]>([]);

  const send = async (request: R): Promise<T | null> => {
    setIsReading(true);
    setProblem(null);
    setChanges([]);
    try {
      const now = await read();
      const changed = differences(before, now);
      if (changed.length > 0) {
        setChanges(changed);
        setProblem(new ApiProblem({}, 'STALE_DOCUMENT', 409));
        void queries.invalidateQueries();
        return null;
      }
    } catch (error) {
      setProblem(ApiProblem.fromFailure(error));
      return null;
    } finally {
      setIsReading(false);
    }
    return write.send(request);
  };

  const isSending = isReading || write.isSending;
  return { ...write, send, changes, isSending, state: isReading ? 'sending' : write.state, problem: problem ?? write.problem };
}

/** The members of `before` that have another value now. */
function differences<S extends object>(before: S, now: S): Change[] {
  return (Object.keys(before) as (keyof S & string)[])
    .filter((name) => JSON.stringify(sorted(before[name])) !== JSON.stringify(sorted(now[name])))
    .map((name) => ({ name, now: now[name] }));
}

/** The same value with the members of its objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)).map(([name, inner]) => [name, sorted(inner)]));
}

/** Some members of an object. */
export function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
