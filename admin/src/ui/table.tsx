import { Button, Checkbox, Pagination, Skeleton, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconArrowDown, IconArrowUp, IconSelector } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { MouseEvent, ReactNode } from 'react';

import { texts } from '../texts';
import { BeyondLast } from './beyond-last';
import { useFormats } from './format';
import { Link } from './link';
import type { ListState } from './list-state';
import { SortSelect } from './sort-select';
import { EmptyState, ErrorNote, ErrorState } from './states';
import classes from './table.module.css';

const t = texts.common;

export interface Column<T> {
  title: string;
  cell: (row: T) => ReactNode;
  /** The name by which the server sorts this column. */
  sort?: string;
  /** Figures go to the right. */
  align?: 'right';
  /** On a phone: the heading of the row (the first column by default), its right side, a line below, or nothing. */
  phone?: 'heading' | 'side' | 'line' | 'hidden';
  /** The cell has buttons or fields, which stay above the row's link. */
  isInteractive?: boolean;
}

/** Which rows are chosen for an action on several. */
export interface Selection {
  keys: Set<string>;
  set: (keys: Set<string>) => void;
}

interface Page<T> {
  items: T[];
  total: number;
  page: number;
  pages: number;
  limit: number;
}

interface DataTableProps<T> {
  /** What the table holds, for screen readers. */
  label: string;
  query: Pick<UseQueryResult<Page<T>, unknown>, 'data' | 'error' | 'isPlaceholderData' | 'refetch'>;
  list: ListState<unknown>;
  columns: Column<T>[];
  rowKey: (row: T) => string;
  /** The page of a row. The row is a real link. */
  rowLink?: (row: T) => string | undefined;
  /** The name of a row, for screen readers, if rows can be selected. */
  rowName?: (row: T) => string;
  selection?: Selection;
  /** Shown if there is no row at all. With filters, the table itself says that nothing was found. */
  empty: ReactNode;
  /** True if there are no other rows than these, as with the lines of a document: then there is nothing below the table. */
  isWhole?: boolean;
}

/** A list that the server filters, sorts and pages. On a phone, its rows are cards. */
export function DataTable<T>(props: DataTableProps<T>) {
  const { query, list, columns, empty, isWhole } = props;
  const isPhone = useIsPhone();
  const { data, error } = query;

  if (!data && error) return <ErrorState error={error} retry={() => void query.refetch()} />;
  if (data && data.total === 0) {
    return list.isFiltered ? (
      <EmptyState
        title={t.nothingFound}
        hint={t.nothingFoundHint}
        action={
          <Button variant="default" onClick={list.clear}>
            {t.clearFilters}
          </Button>
        }
      />
    ) : (
      empty
    );
  }
  if (data && data.items.length === 0 && data.page > data.pages) return <BeyondLast pages={data.pages} list={list} />;
  return (
    <div aria-busy={query.isPlaceholderData || !data} className={classes.list}>
      {error ? <ErrorNote error={error} retry={() => void query.refetch()} /> : null}
      {isPhone && <SortSelect columns={columns} list={list} />}
      <div className={classes.rows} data-stale={query.isPlaceholderData || undefined}>
        {isPhone ? <Cards {...props} /> : <Rows {...props} />}
      </div>
      {data && !isWhole && <Pages page={data} list={list} />}
    </div>
  );
}

export function useIsPhone(): boolean {
  return useMediaQuery('(max-width: 40em)', false, { getInitialValueInEffect: false });
}

/** The first cell of a row holds its link. */
function Linked({ children, to }: { children: ReactNode; to: string | undefined }) {
  if (!to) return <>{children}</>;
  return (
    <Link to={to} className={classes.link}>
      {children}
    </Link>
  );
}

function Rows<T>({ label, query, list, columns, rowKey, rowLink, rowName, selection }: DataTableProps<T>) {
  const rows = query.data?.items;
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={label}>
      <table className={classes.table}>
        <caption className="visually-hidden">{label}</caption>
        <thead>
          <tr>
            {selection && (
              <th scope="col" className={classes.check}>
                <SelectAll rows={rows ?? []} rowKey={rowKey} selection={selection} />
              </th>
            )}
            {columns.map((column) => (
              <HeadCell key={column.title} column={column} list={list} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows
            ? rows.map((row) => (
                <tr key={rowKey(row)} className={rowLink?.(row) ? classes.linked : undefined}>
                  {selection && (
                    <td className={classes.check}>
                      <SelectRow name={rowName?.(row) ?? rowKey(row)} id={rowKey(row)} selection={selection} />
                    </td>
                  )}
                  {columns.map((column, index) => (
                    <td key={column.title} data-align={column.align} data-interactive={column.isInteractive || undefined}>
                      {index === 0 ? <Linked to={rowLink?.(row)}>{column.cell(row)}</Linked> : column.cell(row)}
                    </td>
                  ))}
                </tr>
              ))
            : Array.from({ length: Math.min(list.limit, 12) }, (_, index) => (
                <tr key={index}>
                  {selection && <td className={classes.check} />}
                  {columns.map((column) => (
                    <td key={column.title}>
                      <Skeleton height={12} my={4} width={`${55 + ((index * 17) % 40)}%`} />
                    </td>
                  ))}
                </tr>
              ))}
        </tbody>
      </table>
    </div>
  );
}

function HeadCell<T>({ column, list }: { column: Column<T>; list: ListState<unknown> }) {
  if (!column.sort) {
    return (
      <th scope="col" data-align={column.align}>
        {column.title}
      </th>
    );
  }
  const isUp = list.sort === column.sort;
  const isDown = list.sort === `-${column.sort}`;
  const Icon = isUp ? IconArrowUp : isDown ? IconArrowDown : IconSelector;
  return (
    <th scope="col" data-align={column.align} aria-sort={isUp ? 'ascending' : isDown ? 'descending' : 'none'}>
      <button type="button" className={classes.sort} onClick={() => list.setSort(isDown ? (column.sort ?? '') : `-${column.sort}`)}>
        {column.title}
        <Icon size={13} aria-hidden className={isUp || isDown ? undefined : classes.unsorted} />
      </button>
    </th>
  );
}

function Cards<T>({ label, query, list, columns, rowKey, rowLink, rowName, selection }: DataTableProps<T>) {
  const rows = query.data?.items;
  const heading = columns.find((column) => column.phone === 'heading') ?? columns[0];
  const sides = columns.filter((column) => column.phone === 'side');
  const lines = columns.filter((column) => column !== heading && (column.phone ?? 'line') === 'line');
  if (!rows) {
    return (
      <div className={classes.cards}>
        {Array.from({ length: Math.min(list.limit, 8) }, (_, index) => (
          <Skeleton key={index} height={58} m="xs" />
        ))}
      </div>
    );
  }
  return (
    <ul className={classes.cards} aria-label={label}>
      {rows.map((row) => (
        <li key={rowKey(row)} className={rowLink?.(row) ? `${classes.card} ${classes.linked}` : classes.card}>
          {selection && (
            <div className={classes.cardCheck}>
              <SelectRow name={rowName?.(row) ?? rowKey(row)} id={rowKey(row)} selection={selection} />
            </div>
          )}
          <div className={classes.cardBody}>
            <div className={classes.cardHead}>
              <div className={classes.cardTitle}>
                <Linked to={rowLink?.(row)}>{heading?.cell(row)}</Linked>
              </div>
              <div className={classes.cardSide}>
                {sides.map((column) => (
                  <div key={column.title} data-interactive={column.isInteractive || undefined}>
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            </div>
            <dl className={classes.cardLines}>
              {lines.map((column) => (
                <div key={column.title} data-interactive={column.isInteractive || undefined}>
                  <dt>{column.title}</dt>
                  <dd>{column.cell(row)}</dd>
                </div>
              ))}
            </dl>
          </div>
        </li>
      ))}
    </ul>
  );
}

function SelectAll<T>({ rows, rowKey, selection }: { rows: T[]; rowKey: (row: T) => string; selection: Selection }) {
  const keys = rows.map(rowKey);
  const chosen = keys.filter((key) => selection.keys.has(key));
  return (
    <Checkbox
      size="xs"
      aria-label={t.selectAll}
      checked={keys.length > 0 && chosen.length === keys.length}
      indeterminate={chosen.length > 0 && chosen.length < keys.length}
      onChange={(event) => {
        const next = new Set(selection.keys);
        for (const key of keys) event.currentTarget.checked ? next.add(key) : next.delete(key);
        selection.set(next);
      }}
    />
  );
}

function SelectRow({ id, name, selection }: { id: string; name: string; selection: Selection }) {
  return (
    <Checkbox
      size="xs"
      aria-label={t.selectRow(name)}
      checked={selection.keys.has(id)}
      onChange={(event) => {
        const next = new Set(selection.keys);
        event.currentTarget.checked ? next.add(id) : next.delete(id);
        selection.set(next);
      }}
    />
  );
}

/** After a link to another page, its first row is on the screen. */
function showFirstRow(event: MouseEvent<HTMLElement>) {
  const isLink = event.target instanceof Element && event.target.closest('a') !== null;
  const top = event.currentTarget.parentElement;
  if (isLink && top && top.getBoundingClientRect().top < 0) top.scrollIntoView();
}

function Pages({ page, list }: { page: Page<unknown>; list: ListState<unknown> }) {
  const { quantity } = useFormats();
  const first = (page.page - 1) * page.limit + 1;
  const last = Math.min(page.page * page.limit, page.total);
  return (
    <nav className={`${classes.pages} no-print`} aria-label={t.pages} onClick={showFirstRow}>
      <Text size="sm" c="dimmed" className="figures" aria-live="polite">
        {t.rows(quantity(first), quantity(last), quantity(page.total))}
      </Text>
      {page.pages > 1 && (
        <Pagination
          size="sm"
          value={list.page}
          total={page.pages}
          siblings={1}
          getItemProps={(number) => ({ component: Link, to: list.linkTo({ page: number > 1 ? String(number) : '' }) })}
          getControlProps={(control) => ({
            'aria-label': control === 'next' ? t.nextPage : t.previousPage,
            component: Link,
            to: list.linkTo({ page: String(Math.min(page.pages, Math.max(1, list.page + (control === 'next' ? 1 : -1)))) }),
          })}
        />
      )}
    </nav>
  );
}
