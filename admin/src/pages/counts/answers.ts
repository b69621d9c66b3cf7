import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

import type { Schemas } from '../../api/client';
import { countQueue } from './queue';

type Count = Schemas['CountResponse'];

/** Shows the server's answer to each entry at once: it has the lines that the entry changed, and the totals. */
export function useAnswers(number: string): void {
  const queries = useQueryClient();
  useEffect(
    () =>
      countQueue.onAnswer((answer) => {
        if (answer.count_number === number || String(answer.id) === number) put(queries, answer);
        // An answer that was stored for a repeated request may be older than the present state.
        if (countQueue.getState().waiting.length === 0) void queries.invalidateQueries({ queryKey: ['get', '/counts/{id}'] });
      }),
    [queries, number],
  );
}

function put(queries: QueryClient, answer: Count): void {
  const entries = queries.getQueriesData<Count>({ queryKey: ['get', '/counts/{id}'] });
  for (const [key, before] of entries) {
    if (before?.id !== answer.id || before.version >= answer.version) continue;
    const changed = new Map(answer.lines.map((line) => [line.line, line]));
    const known = new Set(before.lines.map(({ line }) => line));
    const lines = before.lines.map((line) => changed.get(line.line) ?? line);
    // A product that was found besides has a new line, which is the last one.
    const isWhole = before.lines.length === before.line_totals.total;
    if (isWhole) lines.push(...answer.lines.filter(({ line }) => !known.has(line)));
    queries.setQueryData<Count>(key, { ...answer, lines });
  }
}
