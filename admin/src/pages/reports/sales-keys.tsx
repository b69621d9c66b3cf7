import type { ReactNode } from 'react';

import { api } from '../../api/client';
import type { operations } from '../../api/schema';
import { useCan } from '../../api/session';
import { pathTo } from '../../pages/paths';
import { texts } from '../../texts';
import { isDay, useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { usePageExists } from '../../ui/path';

const t = texts.reports;

export type GroupBy = NonNullable<NonNullable<operations['getSalesReport']['parameters']['query']>['group_by']>;

/** Groups whose rows follow each other in time. */
export const TIME_GROUPS: readonly GroupBy[] = ['day', 'week', 'month'];

/** Writes the keys of a report by days, weeks and months. */
export function useTimeKey(group: GroupBy): (key: string) => string {
  const { locale, shortDay } = useFormats();
  return (key) => {
    if (group === 'day') return shortDay(key);
    // The rows of another grouping are shown until the new ones are loaded.
    if (group === 'week') return /^\d{4}-W\d{2}$/.test(key) ? t.week(String(Number(key.slice(6))), key.slice(0, 4)) : key;
    if (!isDay(`${key}-01`)) return key;
    return new Intl.DateTimeFormat(locale, { month: 'short', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${key}-01T00:00:00Z`));
  };
}

/** Writes the key of a row: the name of a product, place or customer where the account may read it. */
export function useKeyName(group: GroupBy, from: string, to: string): (key: string | null) => ReactNode {
  const can = useCan();
  const exists = usePageExists();
  const timeKey = useTimeKey(group);
  const products = api.useQuery(
    'get',
    '/reports/top-products',
    { params: { query: { from, to, by: 'revenue', limit: 1000 } } },
    { enabled: group === 'product' },
  );
  const places = api.useQuery('get', '/locations', { params: { query: { limit: 100 } } }, { enabled: group === 'location' });
  const users = api.useQuery('get', '/users', { params: { query: { limit: 100 } } }, { enabled: group === 'customer' && can('users:manage') });

  return (key) => {
    if (key === null) return group === 'customer' ? t.guests : t.noCategory;
    if (TIME_GROUPS.includes(group)) return timeKey(key);
    const id = Number(key);
    if (group === 'location') return places.data?.items.find((place) => place.id === id)?.name ?? t.place(key);
    if (group === 'customer') {
      const user = users.data?.items.find((one) => one.id === id);
      return user ? (user.full_name ?? user.email) : t.customer(key);
    }
    if (group !== 'product') return key;
    const name = products.data?.items.find((product) => product.product_id === id)?.product_name ?? t.product(key);
    return exists(pathTo.product(id)) ? <Link to={pathTo.product(id)}>{name}</Link> : name;
  };
}
