import { Button } from '@mantine/core';
import { IconPrinter } from '@tabler/icons-react';
import { useQueries } from '@tanstack/react-query';

import { api } from '../../api/client';
import { texts } from '../../texts';
import { useLocation } from '../../ui/location';
import { PageHeader } from '../../ui/page';
import { EmptyState, ErrorNote, LoadingPage } from '../../ui/states';
import { pathTo } from '../paths';
import { usePrintShortcut } from './print';
import type { Order } from './order';
import { Slip } from './Slip';

const t = texts.orders.slips;
/** So many slips are loaded and printed together. */
const LIMIT = 100;

/** The packing slips of orders, or of one shipment, to print them together. */
export default function SlipsPage() {
  const { search } = useLocation();
  const numbers = [...new Set((search.numbers ?? '').split(',').filter(Boolean))].slice(0, LIMIT);
  const orders = useQueries({
    queries: numbers.map((number) => api.queryOptions('get', '/orders/{id}', { params: { path: { id: number } } })),
  });
  const isLoading = orders.some(({ isPending }) => isPending);
  const isReady = numbers.length > 0 && !isLoading;
  usePrintShortcut(t.print(numbers.length), isReady);
  const only = numbers.length === 1 ? numbers[0] : undefined;

  return (
    <>
      <div className="no-print">
        <PageHeader
          title={only ? t.one : t.title}
          back={only ? { to: pathTo.order(only), label: only } : { to: '/orders', label: texts.orders.back }}
          actions={
            isReady && (
              <Button leftSection={<IconPrinter size={16} aria-hidden />} onClick={() => window.print()}>
                {t.print(numbers.length)}
              </Button>
            )
          }
        />
      </div>
      {numbers.length === 0 && <EmptyState title={t.none} hint={t.noneHint} />}
      {isLoading && <LoadingPage />}
      {!isLoading &&
        orders.map(({ data, error }, index) =>
          data ? (
            <SlipOf key={numbers[index]} order={data} shipmentNumber={search.shipment} />
          ) : (
            <div key={numbers[index]} className="no-print">
              {t.failed(numbers[index] ?? '')}
              <ErrorNote error={error} />
            </div>
          ),
        )}
    </>
  );
}

/** The slip of an order, or of one shipment. An order has only its newest shipments, so an older one is read from the list. */
function SlipOf({ order, shipmentNumber }: { order: Order; shipmentNumber: string | undefined }) {
  const isOf = (one: { shipment_number: string }) => one.shipment_number === shipmentNumber;
  const newest = order.shipments.find(isOf);
  const isOlder = shipmentNumber !== undefined && newest === undefined;
  const all = api.useQuery('get', '/orders/{id}/shipments', { params: { path: { id: order.order_number } } }, { enabled: isOlder });
  if (!isOlder) return <Slip order={order} shipment={newest} />;
  const older = all.data?.find(isOf);
  if (older) return <Slip order={order} shipment={older} />;
  if (all.error) return <ErrorNote error={all.error} retry={() => void all.refetch()} />;
  return all.data ? <EmptyState title={t.noShipment(shipmentNumber ?? '')} /> : <LoadingPage />;
}
