import { api, type Schemas } from '../../api/client';
import { useCan } from '../../api/session';

/** The suppliers of the store, for filters and pickers: the first hundred by name, and none for accounts that may not read them. */
export function useSuppliers(): Schemas['SupplierResponse'][] {
  const isOn = useCan()('purchasing:manage');
  const { data } = api.useQuery('get', '/suppliers', { params: { query: { limit: 100, sort: 'name' } } }, { enabled: isOn, staleTime: 60_000 });
  return data?.items ?? [];
}
