import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';

import { client, type Schemas } from '../../api/client';
import { findCode } from '../../api/scan';
import { nameWithSize } from '../../ui/product';

type Count = Schemas['CountResponse'];
type Line = Schemas['CountLineResponse'];
type Product = Schemas['ProductResponse'];

/** What a code names. `variantId` is null while that is not known, or if the code names a product with sizes. */
export interface Named {
  code: string;
  name: string;
  sku: string | null;
  variantId: number | null;
  /** 12 for the code of a case. Null while that is not known. */
  units: number | null;
  /** The sizes to choose from, if the code names all of them. */
  sizes: { size: string; sku: string; id: number }[];
}

const PAGE = 100;
const MAX_PAGES = 10;
const MAX_SINGLE = 60;

/**
 * Finds what a code names without the network: the lines and the barcodes of their products are read when the count is
 * opened. What is not among them is looked up by the server, now or when the entry arrives there.
 */
export function useCodes(count: Count): { findHere: (code: string) => Named | null } {
  const products = useQuery({
    queryKey: ['count-products', count.id],
    queryFn: () => loadProducts(count),
    staleTime: Infinity,
    gcTime: Infinity,
    enabled: count.status === 'open',
  });
  const findHere = useCallback(
    (code: string): Named | null => {
      const line = count.lines.find(({ sku }) => sku.toLowerCase() === code.toLowerCase());
      if (line) return nameOfLine(line);
      const wanted = gtin(code);
      for (const product of products.data ?? []) {
        const variant = product.variants.find(({ barcode }) => barcode !== null && gtin(barcode) === wanted);
        if (variant) return { ...nameOfVariant(product, variant.id, code), units: null };
      }
      return null;
    },
    [count.lines, products.data],
  );
  return { findHere };
}

/** What the server says that a code names, or null if nothing that can be counted. */
export async function findThere(code: string): Promise<Named | null> {
  const found = await findCode(code);
  if (!found?.product) return null;
  const { product } = found;
  const only = product.has_sizes ? null : (product.variants[0]?.id ?? null);
  const named = nameOfVariant(product, found.variant_id ?? only, code);
  return { ...named, units: found.units ?? 1 };
}

export function nameOfLine(line: Line): Named {
  const name = nameWithSize(line);
  return { code: line.sku, name, sku: line.sku, variantId: line.variant_id, units: 1, sizes: [] };
}

function nameOfVariant(product: Product, variantId: number | null, code: string): Named {
  const variant = product.variants.find(({ id }) => id === variantId);
  const sizes = variant ? [] : product.variants.filter(({ status }) => status === 'active');
  return {
    code,
    name: [product.name, variant?.size].filter(Boolean).join(' · '),
    sku: variant?.sku ?? product.sku,
    variantId,
    units: null,
    sizes: sizes.map(({ id, size, sku }) => ({ id, sku, size: size ?? sku })),
  };
}

/** GTIN-8, 12 and 13 are GTIN-14 with zeros in front. Other codes are as they are. */
function gtin(code: string): string {
  return /^(\d{8}|\d{12,14})$/.test(code) ? code.padStart(14, '0') : code;
}

async function loadProducts({ scope }: Count): Promise<Product[]> {
  if (scope.products && scope.products.length <= MAX_SINGLE) return Promise.all(scope.products.map(loadProduct));
  const all: Product[] = [];
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const query = { page, limit: PAGE, category: scope.category ?? undefined };
    const { data } = await client.GET('/inventory/products', { params: { query } });
    all.push(...(data?.items ?? []));
    if (!data || page >= data.pages) break;
  }
  return all;
}

async function loadProduct(id: number): Promise<Product> {
  const { data } = await client.GET('/inventory/products/{id}', { params: { path: { id: String(id) } } });
  return data as Product;
}
