import { CloseButton, Group, NativeSelect, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef, useState, type ReactNode } from 'react';

import { useShortcut } from '../shell/shortcuts';
import { texts } from '../texts';
import classes from './filters.module.css';
import { isDay, useFormats } from './format';
import { Link } from './link';
import type { ListState } from './list-state';

/** The row of filters above a list. */
export function FilterBar({ children }: { children: ReactNode }) {
  return (
    <Group gap="xs" className={`${classes.bar} no-print`} role="search">
      {children}
    </Group>
  );
}

const TYPING_MS = 250;

/** Searches a list while someone types. `/` goes to it. */
export function SearchField({ list, name = 'q', label }: { list: ListState<unknown>; name?: string; label: string }) {
  const value = list.value(name);
  const [text, setText] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const sent = useRef(value);
  // A filter may be chosen between the last letter and the search.
  const latest = useRef(list);
  latest.current = list;
  useShortcut({ keys: '/', label: texts.shell.shortcutFilter, run: () => field.current?.select() });

  // Back and "Clear filters" change the URL; what is being typed does not change under the fingers.
  useEffect(() => {
    if (value !== sent.current) setText(value);
    sent.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const change = (next: string, delay: number) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      sent.current = next.trim();
      latest.current.set({ [name]: next.trim() }, { replace: true });
    }, delay);
  };

  return (
    <TextInput
      ref={field}
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      data-scan="field"
      className={classes.search}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={text ? <CloseButton size="sm" aria-label={texts.common.clear} onClick={() => change('', 0)} /> : undefined}
      onChange={(event) => change(event.currentTarget.value, TYPING_MS)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') change(event.currentTarget.value, 0);
        if (event.key === 'Escape') change('', 0);
      }}
    />
  );
}

interface SelectFilterProps {
  list: ListState<unknown>;
  name: string;
  label: string;
  options: { value: string; label: string }[];
}

/** One value of a few, or all. It is the browser's own list, which is the best one on a phone. */
export function SelectFilter({ list, name, label, options }: SelectFilterProps) {
  return (
    <NativeSelect
      aria-label={label}
      data={[{ value: '', label: texts.common.allOf(label) }, ...options]}
      value={list.value(name)}
      data-set={list.value(name) !== '' || undefined}
      onChange={(event) => list.set({ [name]: event.currentTarget.value })}
      className={classes.select}
    />
  );
}

/** A day of the store, or with `withTime` a time on its clocks. Other text in the address is shown as an empty day. */
export function DayFilter({ list, name, label, withTime, max }: { list: ListState<unknown>; name: string; label: string; withTime?: boolean; max?: string }) {
  return (
    <TextInput
      type={withTime ? 'datetime-local' : 'date'}
      aria-label={label}
      title={label}
      leftSection={<span className={classes.dayLabel}>{label}</span>}
      leftSectionWidth={`calc(${label.length}ch + 1rem)`}
      value={withTime || isDay(list.value(name)) ? list.value(name) : ''}
      max={max}
      onChange={(event) => list.set({ [name]: event.currentTarget.value }, { replace: true })}
      className={classes.day}
    />
  );
}

interface StatusTabsProps {
  list: ListState<unknown>;
  label: string;
  /** Each tab sets these filters. The first tab usually sets none. */
  tabs: { label: string; filters: Record<string, string>; count?: number }[];
}

/** The states of a list as links with counts. */
export function StatusTabs({ list, label, tabs }: StatusTabsProps) {
  const { quantity } = useFormats();
  const names = [...new Set(tabs.flatMap((tab) => Object.keys(tab.filters)))];
  const cleared = Object.fromEntries(names.map((name) => [name, '']));
  const isCurrent = (filters: Record<string, string>) => names.every((name) => list.value(name) === (filters[name] ?? ''));
  return (
    <nav aria-label={label} className={`${classes.tabs} no-print`}>
      {tabs.map((tab) => (
        <Link
          key={tab.label}
          to={list.linkTo({ ...cleared, ...tab.filters })}
          className={classes.tab}
          aria-current={isCurrent(tab.filters) ? 'page' : undefined}
        >
          {tab.label}
          {tab.count !== undefined && <span className={classes.count}>{quantity(tab.count)}</span>}
        </Link>
      ))}
    </nav>
  );
}
