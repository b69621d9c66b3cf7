import type { Schemas } from '../../api/client';
import { api } from '../../api/client';
import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { useLocations } from '../../ui/places';

const t = texts.stock;

/** The stock of one variant at one place. */
export type Level = Schemas['LevelResponse'];
export type Product = Schemas['ProductResponse'];

/** What the path and the body of a stock request say about a level. */
export function addressOf(level: Level): { path: { id: string }; where: { size?: string; location_id: number } } {
  return {
    path: { id: String(level.product_id) },
    where: { ...(level.size === null ? {} : { size: level.size }), location_id: level.location_id },
  };
}

/**
 * The name of a place by its id. Accounts without `stores:manage` get no list of all places; for them it is the code, where
 * the figures have one, or a number.
 */
export function usePlaceName(): (id: number, code?: string) => string {
  const can = useCan();
  const names = new Map(useLocations().map(({ id, name }) => [id, name]));
  // The list has all places if the user may see all. Then another id is a quarantine or a transit, which have no name.
  const unknown = (id: number) => (names.size > 0 && can('stores:manage') ? t.besidePlace : texts.common.locationOf(String(id)));
  return (id, code) => names.get(id) ?? code ?? unknown(id);
}

/** The levels of a product at all places, units first, and what its figures are made of. */
export function useExplanation(productId: number, size?: string) {
  return api.useQuery('get', '/inventory/products/{id}/explain', {
    params: { path: { id: String(productId) }, query: size ? { size } : {} },
  });
}
