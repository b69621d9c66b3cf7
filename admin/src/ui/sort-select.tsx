import { NativeSelect } from '@mantine/core';
import { IconArrowsSort } from '@tabler/icons-react';

import { texts } from '../texts';
import type { ListState } from './list-state';
import classes from './table.module.css';

const t = texts.common;

interface SortSelectProps {
  columns: { title: string; sort?: string }[];
  list: ListState<unknown>;
}

/** Sorts a list whose columns have no heads, as on a phone: by each column that a table can be sorted by, in both directions. */
export function SortSelect({ columns, list }: SortSelectProps) {
  const choices = columns.flatMap(({ title, sort }) =>
    sort ? [{ value: sort, label: t.ascending(title) }, { value: `-${sort}`, label: t.descending(title) }] : [],
  );
  if (choices.length === 0) return null;
  const isMissing = (sort: string) => choices.every(({ value }) => value !== sort);
  if (isMissing(list.defaultSort)) choices.unshift({ value: list.defaultSort, label: t.usualOrder });
  // The address may name an order that no column has.
  if (isMissing(list.sort)) choices.unshift({ value: list.sort, label: t.otherOrder });
  return (
    <div className={`${classes.sortChoice} no-print`}>
      <NativeSelect
        aria-label={t.sortBy}
        leftSection={<IconArrowsSort size={16} aria-hidden />}
        data={choices}
        value={list.sort}
        onChange={(event) => list.setSort(event.currentTarget.value)}
      />
    </div>
  );
}
