import { Text } from '@mantine/core';
import { useEffect, useReducer } from 'react';

import { useFormats } from './format';

// Figures as elements, with digits of one width. `useFormats` gives the same as text.

export function Money({ amount }: { amount: number | null | undefined }) {
  return <span className="figures">{useFormats().money(amount)}</span>;
}

export function Quantity({ value }: { value: number | null | undefined }) {
  return <span className="figures">{useFormats().quantity(value)}</span>;
}

/** A moment in the store's time zone. */
export function DateTime({ at }: { at: string | null | undefined }) {
  const { dateTime } = useFormats();
  return at ? (
    <time dateTime={at} className="figures">
      {dateTime(at)}
    </time>
  ) : (
    <span>{dateTime(at)}</span>
  );
}

/** A day of the store, as the API writes it: `2026-11-21`. */
export function Day({ day }: { day: string | null | undefined }) {
  return <span className="figures">{useFormats().day(day)}</span>;
}

/** `3 hours ago`, which goes on by itself. The exact time is its title. */
export function Ago({ at }: { at: string | null | undefined }) {
  const { relative, dateTime } = useFormats();
  const [, refresh] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const timer = setInterval(refresh, 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={at ?? undefined} title={dateTime(at)}>
      {relative(at)}
    </time>
  );
}

/** A code, SKU or document number. */
export function CodeText({ children }: { children: string }) {
  return (
    <Text span inherit className="code">
      {children}
    </Text>
  );
}
