import { Anchor, Button, Group } from '@mantine/core';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog } from '../../ui/dialog';
import { FilterBar, SearchField, StatusTabs } from '../../ui/filters';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { nameWithSize } from '../../ui/product';
import { EmptyState } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { DataTable, type Column } from '../../ui/table';
import { Ago, DateTime } from '../../ui/values';
import { pathTo } from '../paths';

const t = texts.stock;
type Reservation = Schemas['ReservationResponse'];
type Ending = 'release' | 'confirm';

const TABS = [
  { label: t.all, filters: {} },
  ...(Object.entries(texts.status.reservation) as [string, string][]).map(([state, label]) => ({ label, filters: { state } })),
];

/** What other services have reserved. Each reservation ends once: sold, released, or at its deadline. */
export default function ReservationsPage() {
  const can = useCan();
  const list = useListState('/reservations', { filters: ['state', 'reference_id'], sort: '-id' });
  const reservations = api.useQuery('get', '/reservations', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const [ending, setEnding] = useState<{ reservation: Reservation; how: Ending } | null>(null);
  const close = () => setEnding(null);

  return (
    <>
      <PageHeader title={t.reservations} />
      <div className="panel">
        <StatusTabs list={list} label={t.states} tabs={TABS} />
        <FilterBar>
          <SearchField list={list} name="reference_id" label={t.exactReference} />
        </FilterBar>
        <DataTable
          label={t.reservations}
          query={reservations}
          list={list}
          columns={columnsOf(can('inventory:update') ? (reservation, how) => setEnding({ reservation, how }) : null)}
          rowKey={(reservation) => String(reservation.id)}
          empty={<EmptyState title={t.reservationsNone} hint={t.reservationsHint} />}
        />
      </div>
      {ending?.how === 'release' && <ReleaseDialog reservation={ending.reservation} onClose={close} />}
      {ending?.how === 'confirm' && <SellDialog reservation={ending.reservation} onClose={close} />}
    </>
  );
}

function columnsOf(end: ((reservation: Reservation, how: Ending) => void) | null): Column<Reservation>[] {
  return [
    { title: t.reference, cell: (reservation) => reservation.reference_id },
    { title: t.status, phone: 'side', cell: (reservation) => <StatusBadge of="reservation" status={reservation.state} /> },
    { title: t.reservationItems, isInteractive: true, cell: (reservation) => <Items reservation={reservation} /> },
    { title: t.created, sort: 'created_at', cell: (reservation) => <DateTime at={reservation.created_at} /> },
    {
      title: t.expires,
      sort: 'expires_at',
      cell: (reservation) => (reservation.ended_at ? <DateTime at={reservation.ended_at} /> : <Ago at={reservation.expires_at} />),
    },
    ...(end
      ? [
          {
            title: t.actions,
            align: 'right' as const,
            isInteractive: true,
            cell: (reservation: Reservation) =>
              reservation.state === 'active' && (
                <Group gap={6} wrap="nowrap" justify="flex-end">
                  <Button variant="default" size="compact-sm" aria-label={t.releaseTitle(reservation.reference_id)} onClick={() => end(reservation, 'release')}>
                    {t.release}
                  </Button>
                  <Button variant="default" size="compact-sm" aria-label={t.confirmTitle(reservation.reference_id)} onClick={() => end(reservation, 'confirm')}>
                    {t.confirm}
                  </Button>
                </Group>
              ),
          },
        ]
      : []),
  ];
}

function Items({ reservation }: { reservation: Reservation }) {
  const { quantity } = useFormats();
  return (
    <>
      {reservation.items.map((item) => (
        <div key={item.variant_id}>
          {quantity(item.quantity)} × <Anchor component={Link} to={pathTo.product(item.product_id)} inherit>{nameWithSize(item)}</Anchor>
        </div>
      ))}
    </>
  );
}

interface EndingProps {
  reservation: Reservation;
  onClose: () => void;
}

function useItemsText(reservation: Reservation): string {
  const { quantity } = useFormats();
  return reservation.items.map((item) => `${quantity(item.quantity)} × ${nameWithSize(item)}`).join(', ');
}

function ReleaseDialog({ reservation, onClose }: EndingProps) {
  const write = useWrite('post', '/reservations/{id}/release', { done: t.released });
  return (
    <ConfirmDialog
      title={t.releaseTitle(reservation.reference_id)}
      write={write}
      request={{ params: { path: { id: reservation.id } } }}
      confirm={t.release}
      onClose={onClose}
    >
      {t.releaseText(useItemsText(reservation))}
    </ConfirmDialog>
  );
}

function SellDialog({ reservation, onClose }: EndingProps) {
  const write = useWrite('post', '/reservations/{id}/confirm', { done: t.confirmed });
  return (
    <ConfirmDialog
      title={t.confirmTitle(reservation.reference_id)}
      write={write}
      request={{ params: { path: { id: reservation.id } } }}
      confirm={t.confirm}
      onClose={onClose}
    >
      {t.confirmText(useItemsText(reservation))}
    </ConfirmDialog>
  );
}
