import { NativeSelect, TextInput } from '@mantine/core';

import { texts } from '../../texts';
import { addDays, isDay, useFormats } from '../../ui/format';
import { navigate, useLocation, withSearch } from '../../ui/location';
import classes from './reports.module.css';

const t = texts.reports;
const DEFAULT_DAYS = 30;

/** What a report is asked for, which is kept in the URL. */
export interface ReportState {
  /** The first and the last day, both inclusive. */
  from: string;
  to: string;
  /** Another choice in the URL, or its default. */
  choice: <T extends string>(name: string, allowed: readonly T[], otherwise: T) => T;
  set: (changes: Record<string, string>) => void;
}

export function useReportState(): ReportState {
  const { path, search } = useLocation();
  const { today } = useFormats();
  const to = search.to ?? today();
  return {
    to,
    from: search.from ?? addDays(isDay(to) ? to : today(), 1 - DEFAULT_DAYS),
    choice: (name, allowed, otherwise) => allowed.find((one) => one === search[name]) ?? otherwise,
    set: (changes) => navigate(withSearch(path, { ...search, ...changes }), { replace: true }),
  };
}

type Preset = keyof typeof t.presets;

/** The days of a preset, seen from today. */
function daysOf(preset: Preset, today: string): [from: string, to: string] {
  const monthStart = `${today.slice(0, 7)}-01`;
  const lastMonthEnd = addDays(monthStart, -1);
  switch (preset) {
    case 'week':
      return [addDays(today, -6), today];
    case 'days30':
      return [addDays(today, 1 - DEFAULT_DAYS), today];
    case 'days90':
      return [addDays(today, -89), today];
    case 'month':
      return [monthStart, today];
    case 'lastMonth':
      return [`${lastMonthEnd.slice(0, 7)}-01`, lastMonthEnd];
    case 'year':
      return [`${today.slice(0, 4)}-01-01`, today];
  }
}

const PRESETS = Object.keys(t.presets) as Preset[];

/** The fields for the days of a report. */
export function PeriodFilter({ state }: { state: ReportState }) {
  const { today } = useFormats();
  const { from, to, set } = state;
  const preset = PRESETS.find((one) => daysOf(one, today()).join() === `${from},${to}`) ?? '';
  return (
    <>
      <NativeSelect
        label={t.period}
        className={classes.filter}
        data={[...PRESETS.map((value) => ({ value, label: t.presets[value] })), { value: '', label: t.ownDates, disabled: true }]}
        value={preset}
        onChange={(event) => {
          const [first, last] = daysOf(event.currentTarget.value as Preset, today());
          set({ from: first, to: last });
        }}
      />
      <TextInput
        type="date"
        label={t.from}
        className={classes.date}
        value={from}
        max={to}
        required
        withAsterisk={false}
        onChange={(event) => event.currentTarget.value && set({ from: event.currentTarget.value, to })}
      />
      <TextInput
        type="date"
        label={t.to}
        className={classes.date}
        value={to}
        min={from}
        required
        withAsterisk={false}
        onChange={(event) => event.currentTarget.value && set({ from, to: event.currentTarget.value })}
      />
    </>
  );
}

/** One of a few choices of a report. */
export function ChoiceFilter<T extends string>(props: { state: ReportState; name: string; label: string; value: T; options: Record<T, string> }) {
  const { state, name, label, value, options } = props;
  return (
    <NativeSelect
      label={label}
      className={classes.filter}
      data={(Object.keys(options) as T[]).map((one) => ({ value: one, label: options[one] }))}
      value={value}
      onChange={(event) => state.set({ [name]: event.currentTarget.value })}
    />
  );
}
