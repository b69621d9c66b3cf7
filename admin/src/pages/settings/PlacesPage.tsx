import { Badge, Button, Group, Stack } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { EmptyState } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { DataTable, type Column } from '../../ui/table';
import { CodeText, Quantity } from '../../ui/values';
import { EditButton } from './parts';
import { PlaceDialog, StatusDialog, type StatusChange } from './place-dialogs';
import { RoutingPanel } from './RoutingPanel';

const t = texts.settings;

type Place = Schemas['LocationResponse'];

/** The steps from a status: a place is paused before it is closed, and before it is open again. */
const STEPS: Record<Place['status'], StatusChange[]> = { active: ['paused'], paused: ['active', 'closed'], closed: ['paused'] };

export default function PlacesPage() {
  const list = useListState('/locations', { sort: 'priority' });
  const places = api.useQuery('get', '/locations', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const [editing, setEditing] = useState<{ place: Place | null } | null>(null);
  const [stepping, setStepping] = useState<{ place: Place; to: StatusChange } | null>(null);

  const columns: Column<Place>[] = [
    {
      title: t.fields.name,
      cell: (place) => (
        <Group gap={8} wrap="nowrap">
          <span>{place.name}</span>
          {place.pickup.enabled && <Badge color="blue">{t.pickup}</Badge>}
          {!place.sells_online && <Badge color="gray">{t.notOnline}</Badge>}
        </Group>
      ),
    },
    { title: t.fields.code, sort: 'code', cell: (place) => <CodeText>{place.code}</CodeText> },
    { title: t.status, phone: 'side', cell: (place) => <StatusBadge of="location" status={place.status} /> },
    { title: t.address, cell: (place) => [place.postal_code, place.region, place.country].filter(Boolean).join(', ') || texts.common.noValue },
    { title: t.coordinates, phone: 'hidden', cell: (place) => <span className="figures">{coordinatesOf(place)}</span> },
    { title: t.fields.priority, sort: 'priority', align: 'right', cell: (place) => <Quantity value={place.priority} /> },
    {
      title: texts.common.moreActions,
      align: 'right',
      isInteractive: true,
      cell: (place) => (
        <Group gap={6} wrap="nowrap" justify="flex-end">
          <EditButton label={t.editOf(place.name)} onClick={() => setEditing({ place })} />
          {STEPS[place.status].map((to) => (
            <Button key={to} variant="default" size="xs" aria-label={t.stepOf[to](place.name)} onClick={() => setStepping({ place, to })}>
              {place.status === 'closed' ? t.reopen : t.steps[to]}
            </Button>
          ))}
        </Group>
      ),
    },
  ];

  return (
    <>
      <PageHeader
        title={t.places}
        actions={
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing({ place: null })}>
            {t.addPlace}
          </Button>
        }
      />
      <Stack gap="md">
        <div className="panel">
          <DataTable
            label={t.places}
            query={places}
            list={list}
            columns={columns}
            rowKey={(place) => String(place.id)}
            empty={<EmptyState title={texts.common.nothingFound} />}
          />
        </div>
        <RoutingPanel />
      </Stack>
      {editing && <PlaceDialog place={editing.place} onClose={() => setEditing(null)} />}
      {stepping && <StatusDialog {...stepping} onClose={() => setStepping(null)} />}
    </>
  );
}

function coordinatesOf({ latitude, longitude }: Place): string {
  return latitude === null || longitude === null ? texts.common.noValue : `${latitude}, ${longitude}`;
}
