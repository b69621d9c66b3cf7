import { Button } from '@mantine/core';
import { IconClipboardCheck, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { useShortcut } from '../../shell/shortcuts';
import { texts } from '../../texts';
import { FilterBar, SelectFilter, StatusTabs } from '../../ui/filters';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { useLocationName, useLocations } from '../../ui/places';
import { EmptyState } from '../../ui/states';
import { StatusBadge, statusText } from '../../ui/status';
import { DataTable, type Column } from '../../ui/table';
import { DateTime, Quantity } from '../../ui/values';
import { Actor } from '../../ui/actor';
import { pathTo } from '../paths';
import { NewCountDialog } from './NewCountDialog';
import { useScopeText } from './scope';

const t = texts.counts;
const STATES: Schemas['CountStatus'][] = ['open', 'submitted', 'posted', 'cancelled'];

type Count = Schemas['CountSummaryResponse'];

export default function CountsPage() {
  const list = useListState('/counts', { filters: ['status', 'location_id'], sort: '-created_at' });
  const counts = api.useQuery('get', '/counts', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const locations = useLocations();
  const nameOf = useLocationName();
  const scopeText = useScopeText();
  const [isMaking, setIsMaking] = useState(false);
  const make = () => setIsMaking(true);
  useShortcut({ keys: 'n', label: t.make, run: make });

  const columns: Column<Count>[] = [
    { title: t.number, cell: (count) => <span className="code">{count.count_number}</span> },
    { title: t.status, phone: 'side', cell: (count) => <StatusBadge of="count" status={count.status} /> },
    { title: texts.common.location, cell: (count) => nameOf(count.location_id) },
    { title: t.scope, cell: (count) => scopeText(count.scope) },
    { title: t.lines, align: 'right', cell: (count) => <Quantity value={count.total_lines} /> },
    { title: t.openedBy, phone: 'hidden', cell: (count) => <Actor actor={count.actor} /> },
    { title: t.opened, sort: 'created_at', cell: (count) => <DateTime at={count.created_at} /> },
  ];

  return (
    <>
      <PageHeader
        title={t.title}
        actions={
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={make}>
            {t.make}
          </Button>
        }
      />
      <div className="panel">
        <StatusTabs
          list={list}
          label={t.states}
          tabs={[
            { label: texts.common.all, filters: {} },
            ...STATES.map((status) => ({ label: statusText('count', status), filters: { status } })),
          ]}
        />
        {locations.length > 1 && (
          <FilterBar>
            <SelectFilter
              list={list}
              name="location_id"
              label={texts.common.location}
              options={locations.map(({ id, name }) => ({ value: String(id), label: name }))}
            />
          </FilterBar>
        )}
        <DataTable
          label={t.title}
          query={counts}
          list={list}
          columns={columns}
          rowKey={(count) => String(count.id)}
          rowLink={(count) => pathTo.count(count.count_number)}
          empty={<EmptyState title={t.none} hint={t.noneHint} icon={<IconClipboardCheck size={24} stroke={1.6} />} action={<Button onClick={make}>{t.make}</Button>} />}
        />
      </div>
      {isMaking && <NewCountDialog onClose={() => setIsMaking(false)} />}
    </>
  );
}
