import { useMemo } from 'react';

import type { paths } from '../api/schema';
import { currentPath, navigate, useLocation, withSearch } from './location';

type ListPath = { [P in keyof paths]: paths[P] extends { get: { parameters: { query?: { page?: number } } } } ? P : never }[keyof paths];
type QueryOf<P extends ListPath> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;

export interface ListState<Q = Record<string, unknown>> {
  /** The query for the API: filters, sort, page, limit. */
  query: Q;
  page: number;
  limit: number;
  sort: string;
  /** The order without a choice. */
  defaultSort: string;
  /** A filter's value in the URL, or ''. */
  value: (name: string) => string;
  /** True if any filter is set. */
  isFiltered: boolean;
  /** Changes filters; '' removes one. The list goes to its first page. */
  set: (changes: Record<string, string>, options?: { replace?: boolean }) => void;
  clear: () => void;
  setSort: (sort: string) => void;
  /** The link to this list with other filters or another page. */
  linkTo: (changes: Record<string, string>) => string;
}

/**
 * The state of a list, which is kept in the URL: Back and a copied link show the same rows.
 *
 *     const list = useListState('/orders', { filters: ['status', 'q'], sort: '-created_at' });
 *     const orders = api.useQuery('get', '/orders', { params: { query: list.query } }, KEEP_ROWS);
 */
export function useListState<P extends ListPath>(
  _path: P,
  options: { filters?: string[]; sort: string; limit?: number; always?: Partial<QueryOf<P>> },
): ListState<QueryOf<P>> {
  const { path, search } = useLocation();
  const { sort: defaultSort, limit = 25 } = options;
  const filters = options.filters ?? [];
  const always = JSON.stringify(options.always ?? {});
  const names = filters.join(' ');

  const sort = search.sort ?? defaultSort;
  const page = Math.max(1, Number.parseInt(search.page ?? '1', 10) || 1);
  const query = useMemo(() => {
    const set = names.split(' ').flatMap((name) => (search[name] ? [[name, search[name]]] : []));
    return { ...Object.fromEntries(set), ...JSON.parse(always), sort, page, limit } as QueryOf<P>;
  }, [search, names, always, sort, page, limit]);

  const linkTo = (changes: Record<string, string>) => withSearch(path, { ...search, ...changes });
  // A search that waited for more letters does not lead back from a page that is being opened.
  const change = (changes: Record<string, string>, replace: boolean) => currentPath() === path && navigate(linkTo(changes), { replace });

  return {
    query,
    page,
    limit,
    sort,
    defaultSort,
    value: (name) => search[name] ?? '',
    isFiltered: filters.some((name) => search[name]),
    set: (changes, { replace = false } = {}) => change({ page: '', ...changes }, replace),
    clear: () => change(Object.fromEntries([...filters, 'page'].map((name) => [name, ''])), false),
    setSort: (next) => change({ sort: next === defaultSort ? '' : next, page: '' }, true),
    linkTo: (changes) => linkTo({ page: '', ...changes }),
  };
}

/** The rows stay while the next ones load, so lists do not jump. */
export { keepPreviousData } from '@tanstack/react-query';
