import { api, type Schemas } from '../api/client';
import { texts } from '../texts';

// Reads only, apart from the pickers: a page that names places does not load the code of a list to choose from.

/** The places of the store. Only accounts with `stores:manage` see all of them; others see those for collection. */
export function useLocations(): Schemas['LocationResponse'][] {
  const { data } = api.useQuery('get', '/locations', { params: { query: { limit: 100 } } }, { staleTime: 5 * 60_000 });
  return data?.items ?? [];
}

/** The name of a place. A place that the account may not see is shown by its id. */
export function useLocationName(): (id: number | null | undefined) => string {
  const locations = useLocations();
  return (id) => {
    if (id === null || id === undefined) return texts.common.noValue;
    return locations.find((one) => one.id === id)?.name ?? texts.common.locationOf(String(id));
  };
}
