import { useEffect } from 'react';

import { api } from '../../api/client';
import { texts } from '../../texts';
import { useGo } from '../../ui/link';
import { PageHeader } from '../../ui/page';
import { usePathParam } from '../../ui/path';
import { ErrorState, LoadingPage } from '../../ui/states';
import { pathTo } from '../paths';

/** The address of a return, for scanned numbers and links: a return is shown on the page of its order. */
export default function ReturnPage() {
  const number = usePathParam('number');
  const go = useGo();
  const { data, error, refetch } = api.useQuery('get', '/returns/{id}', { params: { path: { id: number } } });
  useEffect(() => {
    if (data) go(pathTo.order(data.order_number), { replace: true });
  }, [data]);
  return (
    <>
      <PageHeader title={number} back={{ to: '/orders', label: texts.orders.back }} />
      {error ? <ErrorState error={error} retry={() => void refetch()} /> : <LoadingPage />}
    </>
  );
}
