import { api, type Schemas } from '../../api/client';

/** The suppliers of the store, for filters and pickers. The first hundred by name. */
export function useSuppliers(): Schemas['SupplierResponse'][] {
  const { data } = api.useQuery('get', '/suppliers', { params: { query: { limit: 100, sort: 'name' } } }, { staleTime: 60_000 });
  return data?.items ?? [];
}
