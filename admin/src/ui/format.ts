import { useMemo } from 'react';

import { useSession } from '../api/session';
import { texts } from '../texts';

/**
 * The locale of a store: its language, and the country of its currency, whose code begins with that of the country
 * (ISO 4217). So a store with `en` and `INR` shows ₹1,00,000.00. A language with a country of its own is taken as it is.
 */
export function localeOf(language: string, currency: string): string {
  try {
    const locale = new Intl.Locale(language);
    if (locale.region || currency.startsWith('X') || currency === 'EUR') return locale.toString();
    return new Intl.Locale(language, { region: currency.slice(0, 2) }).toString();
  } catch {
    return 'en';
  }
}

export interface Formats {
  locale: string;
  timeZone: string;
  currency: string;
  /** The digits after the point of the store's currency. */
  moneyDigits: number;
  /** `₹1,250.00` */
  money: (amount: number | null | undefined) => string;
  /** `₹12.5K`, for the axes of charts. */
  shortMoney: (amount: number) => string;
  /** A whole number: `12,500`. */
  quantity: (quantity: number | null | undefined) => string;
  /** A number with up to two decimals. */
  number: (value: number | null | undefined, digits?: number) => string;
  /** From a share of 1: `12.5 %`. */
  percent: (share: number | null | undefined, digits?: number) => string;
  /** `21 Nov 2026, 16:00` in the store's time zone. */
  dateTime: (at: string | null | undefined) => string;
  /** `21 Nov 2026` of a moment, in the store's time zone. */
  date: (at: string | null | undefined) => string;
  time: (at: string | null | undefined) => string;
  /** `21 Nov 2026` of a day as the API writes it, `2026-11-21`. */
  day: (day: string | null | undefined) => string;
  /** `Sat 21 Nov`, for charts. */
  shortDay: (day: string) => string;
  /** `3 hours ago`, `in 5 minutes` */
  relative: (at: string | null | undefined) => string;
  /** Today in the store's time zone, as the API writes days. */
  today: () => string;
  /** The moment at which a day of the store begins, as RFC 3339, for filters `from` and `to`. */
  startOfDay: (day: string) => string;
  /** The moment of a time on the store's clocks, `2026-11-21T16:00`, as RFC 3339; null if it is none. */
  moment: (local: string) => string | null;
}

/** How the store writes numbers, money and times. */
export function useFormats(): Formats {
  const { store } = useSession();
  return useMemo(
    () => formatsOf(store.language, store.currency, store.time_zone),
    [store.language, store.currency, store.time_zone],
  );
}

export function formatsOf(language: string, currency: string, timeZone: string): Formats {
  const locale = localeOf(language, currency);
  const number = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options);
  const time = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  const money = number({ style: 'currency', currency });
  const shortMoney = number({ style: 'currency', currency, notation: 'compact', maximumFractionDigits: 1 });
  const quantity = number({ maximumFractionDigits: 0 });
  const dateTime = time({ dateStyle: 'medium', timeStyle: 'short', timeZone });
  const date = time({ dateStyle: 'medium', timeZone });
  const clock = time({ timeStyle: 'short', timeZone });
  const day = time({ dateStyle: 'medium', timeZone: 'UTC' });
  const shortDay = time({ weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const digits = money.resolvedOptions().maximumFractionDigits ?? 2;
  const orNone = <T>(format: (value: T) => string) => (value: T | null | undefined) =>
    value === null || value === undefined ? texts.common.noValue : format(value);

  return {
    locale,
    timeZone,
    currency,
    moneyDigits: digits,
    money: orNone((amount: number) => money.format(roundMoney(amount, digits))),
    shortMoney: (amount) => shortMoney.format(amount),
    quantity: orNone((value: number) => quantity.format(value)),
    number: (value, digits = 2) =>
      value === null || value === undefined ? texts.common.noValue : number({ maximumFractionDigits: digits }).format(value),
    percent: (share, digits = 1) =>
      share === null || share === undefined
        ? texts.common.noValue
        : number({ style: 'percent', maximumFractionDigits: digits }).format(share),
    dateTime: orNone((at: string) => dateTime.format(new Date(at))),
    date: orNone((at: string) => date.format(new Date(at))),
    time: orNone((at: string) => clock.format(new Date(at))),
    day: orNone((text: string) => writeDay(day, text)),
    shortDay: (text) => writeDay(shortDay, text),
    relative: orNone((at: string) => relativeTo(relative, new Date(at).getTime() - Date.now())),
    today: () => dayIn(timeZone, new Date()),
    startOfDay: (text) => momentIn(timeZone, `${text}T00:00`).toISOString(),
    moment: (local) => (isLocalTime(local) ? momentIn(timeZone, local).toISOString() : null),
  };
}

/** Rounds an amount to the digits of its currency. Zero has no sign: a difference of binary fractions may be −0. */
export function roundMoney(amount: number, digits: number): number {
  return Number(amount.toFixed(digits)) + 0;
}

/** True for a day as the API writes it, `2026-11-21`. An address may have any text in its place. */
export function isDay(text: string | null | undefined): text is string {
  return /^\d{4}-\d{2}-\d{2}$/.test(text ?? '') && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));
}

/** A text that is no day stays as it is, such as a row of another report that is shown until the next one is loaded. */
function writeDay(format: Intl.DateTimeFormat, text: string): string {
  return isDay(text) ? format.format(new Date(`${text}T00:00:00Z`)) : text;
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

function relativeTo(format: Intl.RelativeTimeFormat, ms: number): string {
  for (const [unit, size] of UNITS) {
    if (Math.abs(ms) >= size) return format.format(Math.trunc(ms / size), unit);
  }
  return format.format(0, 'minute');
}

/** The day of a moment in a time zone, `2026-11-21`. */
export function dayIn(timeZone: string, at: Date): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
}

function isLocalTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) && !Number.isNaN(Date.parse(`${text}:00Z`));
}

/**
 * The moment at which the clocks of a time zone show a time, `2026-11-21T16:00`. A time that the clocks skip is taken as the
 * one after the skip: some days begin at one o’clock.
 */
function momentIn(timeZone: string, local: string): Date {
  const wall = new Date(`${local}:00Z`).getTime();
  // The offset at the first result may differ from that at the guess (clocks change), so it is applied again.
  const first = wall - offsetIn(timeZone, new Date(wall));
  const second = wall - offsetIn(timeZone, new Date(first));
  const isShown = second + offsetIn(timeZone, new Date(second)) === wall;
  return new Date(isShown ? second : Math.max(first, second));
}

function offsetIn(timeZone: string, at: Date): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall - Math.floor(at.getTime() / 1000) * 1000;
}

/** A day some days later or earlier: `addDays('2026-11-21', -7)`. */
export function addDays(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}
