import '@mantine/spotlight/styles.css';

import { useDebouncedValue } from '@mantine/hooks';
import { createSpotlight, Spotlight } from '@mantine/spotlight';
import { IconBarcode, IconPackage, IconReceipt, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';

import { api } from '../api/client';
import { findCode } from '../api/scan';
import { isAllowed, useCan, useSession } from '../api/session';
import { pathTo, pathToDocument } from '../pages/paths';
import { pages } from '../pages/routes';
import { texts } from '../texts';
import { useFormats } from '../ui/format';
import { useGo } from '../ui/link';
import { usePageExists } from '../ui/path';

const t = texts.shell;
const [store, spotlight] = createSpotlight();
const LIMIT = 6;

interface Found {
  key: string;
  label: string;
  description?: string;
  path: string;
}

/** The search over everything: pages, products, orders, and whatever has exactly this code or number. */
export default function Search({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const [query, setQuery] = useState('');
  useEffect(() => (isOpen ? spotlight.open() : spotlight.close()), [isOpen]);

  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      onSpotlightClose={onClose}
      clearQueryOnClose
      shortcut={null}
      overlayProps={{ blur: 0 }}
      attributes={{ content: { 'aria-label': t.searchEverything } }}
      maxHeight="min(70vh, 520px)"
      scrollable
      size="lg"
    >
      <Spotlight.Search
        placeholder={t.searchPlaceholder}
        aria-label={t.searchEverything}
        leftSection={<IconSearch size={18} aria-hidden />}
        data-scan="field"
      />
      <Results query={query.trim()} />
    </Spotlight.Root>
  );
}

function Results({ query }: { query: string }) {
  const [typed] = useDebouncedValue(query, 180);
  const found = {
    pages: useMatchingPages(query),
    codes: useCode(typed),
    products: useProducts(typed),
    orders: useOrders(typed),
  };
  const isEmpty = Object.values(found).every((list) => list.length === 0);
  return (
    <Spotlight.ActionsList>
      <Part label={t.searchCodes} icon={<IconBarcode size={18} aria-hidden />} found={found.codes} />
      <Part label={t.searchPages} found={found.pages} />
      <Part label={t.searchOrders} icon={<IconReceipt size={18} aria-hidden />} found={found.orders} />
      <Part label={t.searchProducts} icon={<IconPackage size={18} aria-hidden />} found={found.products} />
      {isEmpty && <Spotlight.Empty>{query ? t.searchNothing : t.searchHint}</Spotlight.Empty>}
    </Spotlight.ActionsList>
  );
}

function Part({ label, icon, found }: { label: string; icon?: ReactNode; found: Found[] }) {
  const go = useGo();
  if (found.length === 0) return null;
  return (
    <Spotlight.ActionsGroup label={label}>
      {found.map(({ key, label: name, description, path }) => (
        <Spotlight.Action
          key={key}
          label={name}
          description={description}
          leftSection={icon}
          onClick={() => go(path)}
        />
      ))}
    </Spotlight.ActionsGroup>
  );
}

function useMatchingPages(query: string): Found[] {
  const { user } = useSession();
  const words = query.toLowerCase().split(/\s+/);
  return pages
    .filter((page) => !page.path.includes('$') && isAllowed(user, page.needs))
    .filter((page) => words.every((word) => page.title.toLowerCase().includes(word)))
    .slice(0, query ? LIMIT : 12)
    .map((page) => ({ key: page.path, label: page.title, path: page.path }));
}

function useProducts(q: string): Found[] {
  const { money, quantity } = useFormats();
  const exists = usePageExists();
  const { data } = api.useQuery(
    'get',
    '/inventory/products',
    { params: { query: { q, limit: LIMIT } } },
    { enabled: q.length > 1, placeholderData: keepPreviousData },
  );
  if (q.length < 2) return [];
  return (data?.items ?? [])
    .map((product) => ({
      key: `product-${product.id}`,
      label: product.name,
      description: `${product.sku} · ${money(product.price)} · ${quantity(product.available_quantity)}`,
      path: pathTo.product(product.id),
    }))
    .filter(({ path }) => exists(path));
}

function useOrders(q: string): Found[] {
  const { money, date } = useFormats();
  const can = useCan();
  const exists = usePageExists();
  const isOn = q.length > 1 && can('orders:read');
  const { data } = api.useQuery(
    'get',
    '/orders',
    { params: { query: { q, limit: LIMIT } } },
    { enabled: isOn, placeholderData: keepPreviousData },
  );
  if (!isOn) return [];
  return (data?.items ?? [])
    .map((order) => ({
      key: `order-${order.id}`,
      label: [order.order_number, order.customer_name ?? order.customer_email].filter(Boolean).join(' · '),
      description: `${texts.status.order[order.status]} · ${money(order.total_amount)} · ${date(order.created_at)}`,
      path: pathTo.order(order.order_number),
    }))
    .filter(({ path }) => exists(path));
}

/** Numbers of documents, apart from those of orders, by which the list of orders finds them. */
const DOCUMENT_NUMBER = /^(TRF|PO|RCP|CNT|SHP|RET)-\d{8}-\w+$/i;

/** The document that has exactly this number. */
function useCode(code: string): Found[] {
  const exists = usePageExists();
  const { data } = useQuery({
    queryKey: ['get', '/inventory/scan/{code}', { params: { path: { code } } }],
    enabled: DOCUMENT_NUMBER.test(code),
    queryFn: () => findCode(code),
  });
  if (!data?.document || !exists(pathToDocument(data.document))) return [];
  return [{ key: 'code', label: data.document.number, path: pathToDocument(data.document) }];
}
