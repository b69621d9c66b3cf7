import { api } from '../../api/client';
import { useCan } from '../../api/session';
import { useLocationName, useLocations } from '../../ui/places';
import type { Order } from './order';

export interface Place {
  id: number;
  name: string;
}

/**
 * The places of the store. An account without `stores:manage` may list only the places for collection; the levels of a
 * product of the order name the other ones.
 */
export function usePlaces(order: Order | undefined): Place[] {
  const can = useCan();
  const locations = useLocations();
  const productId = order?.items[0]?.product_id;
  const levels = api.useQuery(
    'get',
    '/inventory/products/{id}/stock',
    { params: { path: { id: String(productId) } } },
    { enabled: productId !== undefined && can('inventory:read') && !can('stores:manage'), staleTime: 5 * 60_000 },
  );
  const places = new Map(locations.filter(({ status }) => status !== 'closed').map(({ id, name }) => [id, name]));
  for (const { location_id, name } of levels.data?.locations ?? []) places.set(location_id, name);
  return [...places].map(([id, name]) => ({ id, name }));
}

/** The name of a place, also of a closed one, or its number if the account may not read its name. */
export function usePlaceName(order: Order | undefined): (id: number) => string {
  const places = usePlaces(order);
  const nameOf = useLocationName();
  return (id) => places.find((place) => place.id === id)?.name ?? nameOf(id);
}
