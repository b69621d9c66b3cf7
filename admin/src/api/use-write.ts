import { useQueryClient } from '@tanstack/react-query';
import type { MaybeOptionalInit } from 'openapi-fetch';
import type { HttpMethod, PathsWithMethod, SuccessResponse } from 'openapi-typescript-helpers';
import { useCallback, useRef, useState } from 'react';

import { notifyDone } from '../ui/notify';
import { afterSaving } from '../ui/unsaved';
import { texts } from '../texts';
import { client } from './client';
import { newIdempotencyKey } from './idempotency-key';
import { ApiProblem } from './problem';
import type { paths } from './schema';

type WriteMethod = 'post' | 'put' | 'patch' | 'delete';

type Answer<M extends WriteMethod, P extends PathsWithMethod<paths, M>> = paths[P] extends {
  [method in M]: infer Operation;
}
  ? Operation extends { responses: infer Responses extends Record<string | number, unknown> }
    ? SuccessResponse<Responses>
    : never
  : never;

/** The part of openapi-fetch's options that a write has: `params` and `body`, typed by the operation. */
export type WriteRequest<M extends WriteMethod, P extends PathsWithMethod<paths, M>> = MaybeOptionalInit<
  paths[P],
  M & HttpMethod & keyof paths[P]
>;

export type WriteState =
  /** Nothing was sent, or the last request was refused: see `problem`. */
  | 'idle'
  | 'sending'
  /** The answer was lost. The same request is being sent again with the same key. */
  | 'retrying'
  /** The answer was lost several times. `retry` sends the same request again; it is never carried out twice. */
  | 'unknown'
  | 'done';

export interface WriteOptions<T, R = never> {
  /** The message after success. Without it, nothing is shown. */
  done?: string | ((answer: T) => string);
  /** Path prefixes of the queries to read again. Without it, all that the page shows. */
  invalidates?: string[];
  onDone?: (answer: T) => void;
  /**
   * For operations that take no key: whether a request whose answer was lost was carried out, although it was refused when
   * it was sent again.
   */
  wasDone?: (request: R, refusal: ApiProblem) => Promise<boolean>;
}

export interface Write<R, T = unknown> {
  state: WriteState;
  isSending: boolean;
  problem: ApiProblem | null;
  send: (request: R) => Promise<T | null>;
  retry: () => Promise<T | null>;
  reset: () => void;
}

const ATTEMPTS = 4;

/**
 * A write, with an `Idempotency-Key` that is made when the dialog opens (when this hook mounts).
 *
 * The key stays the same until the outcome is known, so a request whose answer was lost is carried out once, however often
 * it is sent. After an answer, success or refusal, the next request has a new key.
 */
export function useWrite<M extends WriteMethod, P extends PathsWithMethod<paths, M>>(
  method: M,
  path: P,
  options: WriteOptions<Answer<M, P>, WriteRequest<M, P>> = {},
): Write<WriteRequest<M, P>, Answer<M, P>> {
  type R = WriteRequest<M, P>;
  type T = Answer<M, P>;
  const queries = useQueryClient();
  const [key] = useState(() => ({ current: newIdempotencyKey() }));
  const [state, setState] = useState<WriteState>('idle');
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const pending = useRef<R | null>(null);
  const isLost = useRef(false);
  const latest = useRef(options);
  latest.current = options;

  const refresh = useCallback(
    (prefixes: string[] | undefined) => queries.invalidateQueries({ predicate: ({ queryKey }) => isUnder(queryKey, prefixes) }),
    [queries],
  );

  const run = useCallback(
    async (request: R): Promise<T | null> => {
      pending.current = request;
      setState('sending');
      setProblem(null);
      let answer: { data: unknown; repeated: boolean };
      try {
        const onRetry = (failure: ApiProblem) => {
          isLost.current ||= failure.isOutcomeUnknown;
          setState('retrying');
        };
        answer = await sendUntilKnown(method, path, request, key.current, onRetry).catch(async (refusal: ApiProblem) => {
          if (refusal.isOutcomeUnknown || !isLost.current) throw refusal;
          if (!(await latest.current.wasDone?.(request, refusal))) throw refusal;
          return { data: undefined, repeated: true };
        });
      } catch (error) {
        const failure = ApiProblem.fromFailure(error);
        setProblem(failure);
        setState(failure.isOutcomeUnknown ? 'unknown' : 'idle');
        isLost.current = failure.isOutcomeUnknown;
        if (failure.isOutcomeUnknown) void refresh(latest.current.invalidates);
        else key.current = newIdempotencyKey();
        return null;
      }
      key.current = newIdempotencyKey();
      isLost.current = false;
      setState('done');
      const { done, invalidates, onDone } = latest.current;
      const data = answer.data as T;
      const message = typeof done === 'function' ? done(data) : done;
      if (message) notifyDone(message, answer.repeated ? texts.common.savedAfterRetry : undefined);
      const refreshed = refresh(invalidates);
      afterSaving(() => onDone?.(data));
      await refreshed;
      return data;
    },
    [method, path, key, refresh],
  );

  return {
    state,
    problem,
    isSending: state === 'sending' || state === 'retrying',
    send: run,
    retry: () => (pending.current ? run(pending.current) : Promise.resolve(null)),
    reset: () => {
      setState('idle');
      setProblem(null);
    },
  };
}

/** Sends a request again with the same key while its answer is lost or the server is busy, a few times. */
export async function sendUntilKnown(method: string, path: string, request: unknown, key: string, onRetry: (failure: ApiProblem) => void) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const given = request as { headers?: Record<string, string> };
      const init = { ...given, headers: { ...given.headers, 'Idempotency-Key': key } };
      // The types were checked by `send`; here the operation is any of the document's.
      const { data } = await (client as never as AnyClient).request(method, path, init);
      return { data, repeated: attempt > 1 };
    } catch (error) {
      const failure = ApiProblem.fromFailure(error);
      const mayRepeat = failure.isOutcomeUnknown || failure.isBusy;
      if (!mayRepeat || attempt === ATTEMPTS) throw failure;
      onRetry(failure);
      await wait(failure.retryAfterSeconds ? failure.retryAfterSeconds * 1000 : 500 * 2 ** attempt);
    }
  }
}

interface AnyClient {
  request: (method: string, path: string, init: object) => Promise<{ data?: unknown; response: Response }>;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** True if a query's path is under one of the prefixes. */
export function isUnder(queryKey: readonly unknown[], prefixes: string[] | undefined): boolean {
  if (!prefixes) return queryKey[0] === 'get';
  const path = queryKey[1];
  return typeof path === 'string' && prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}
