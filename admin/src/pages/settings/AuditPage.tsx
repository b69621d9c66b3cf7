import { Button, TextInput } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useActorName } from '../../ui/actor';
import { DayFilter, FilterBar, SelectFilter } from '../../ui/filters';
import { addDays, isDay, useFormats } from '../../ui/format';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { CodeText, DateTime } from '../../ui/values';
import classes from './audit.module.css';

const t = texts.settings;

type Entry = Schemas['AuditEntryResponse'];

const FILTERS = ['entity', 'entity_id', 'action', 'actor'];
/** Audit entries have no events, so the page asks for newer entries in this interval. */
const FOLLOW_MS = 15_000;

export default function AuditPage() {
  const { startOfDay } = useFormats();
  const list = useListState('/audit', { filters: [...FILTERS, 'from', 'to'], sort: '-id', limit: 50 });
  const from = list.value('from');
  const to = list.value('to');
  const filters = {
    ...list.query,
    ...(isDay(from) ? { from: startOfDay(from) } : {}),
    ...(isDay(to) ? { to: startOfDay(addDays(to, 1)) } : {}),
  };
  const audit = api.useQuery(
    'get',
    '/audit',
    { params: { query: filters } },
    {
      placeholderData: keepPreviousData,
      // Only answers to `after` have no pages.
      select: (data) => ({ ...data, page: data.page ?? 1, pages: data.pages ?? 1, total: data.total ?? data.items.length }),
    },
  );
  const { data } = audit;

  return (
    <>
      <PageHeader title={t.audit} actions={data && list.page === 1 && <Newer filters={filters} after={data.next} onShow={() => void audit.refetch()} />}>
        {t.auditHint}
      </PageHeader>
      <div className="panel">
        <FilterBar>
          <SelectFilter list={list} name="entity" label={t.entity} options={Object.entries(t.entities).map(([value, label]) => ({ value, label }))} />
          <SelectFilter list={list} name="action" label={t.action} options={Object.entries(t.actions).map(([value, label]) => ({ value, label }))} />
          <TypedFilter list={list} name="actor" label={t.actorFilter} />
          <TypedFilter list={list} name="entity_id" label={t.idFilter} pattern={/^\d+$/} />
          <DayFilter list={list} name="from" label={texts.reports.from} />
          <DayFilter list={list} name="to" label={texts.reports.to} />
        </FilterBar>
        <DataTable label={t.audit} query={audit} list={list} columns={useColumns()} rowKey={(entry) => String(entry.id)} empty={<EmptyState title={t.noAudit} />} />
      </div>
    </>
  );
}

type List = ReturnType<typeof useListState>;
interface FilterProps {
  list: List;
  name: string;
  label: string;
}

/** A filter that is used at Enter, or when its field is left. */
function TypedFilter({ list, name, label, pattern }: FilterProps & { pattern?: RegExp }) {
  const value = list.value(name);
  const [text, setText] = useState(value);
  // Back and "Clear filters" change the URL. The field stays the same one, so it keeps the focus.
  useEffect(() => setText(value), [value]);
  const isWrong = text.trim() !== '' && pattern !== undefined && !pattern.test(text.trim());
  const use = () => !isWrong && text.trim() !== value && list.set({ [name]: text.trim() });
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      className={classes.filter}
      value={text}
      error={isWrong}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={use}
      onKeyDown={(event) => event.key === 'Enter' && use()}
    />
  );
}

/** Shows that there are entries newer than those of the list, and loads them. */
function Newer({ filters, after, onShow }: { filters: object; after: string; onShow: () => void }) {
  const { page: _page, sort: _sort, ...rest } = filters as { page?: number; sort?: string };
  const newer = api.useQuery('get', '/audit', { params: { query: { ...rest, limit: 100, after } } }, { refetchInterval: FOLLOW_MS });
  const count = newer.data?.items.length ?? 0;
  return (
    <div role="status">
      {count > 0 && (
        <Button variant="light" leftSection={<IconRefresh size={16} aria-hidden />} onClick={onShow}>
          {t.newerEntries(count === 100 ? '100+' : String(count))}
        </Button>
      )}
    </div>
  );
}

function useColumns(): Column<Entry>[] {
  const actorName = useActorName();
  return [
    { title: t.at, sort: 'id', phone: 'side', cell: (entry) => <DateTime at={entry.created_at} /> },
    { title: t.action, phone: 'heading', cell: (entry) => t.actions[entry.action] },
    {
      title: t.entity,
      cell: (entry) => (
        <span>
          {t.entities[entry.entity]} <CodeText>{String(entry.entity_id)}</CodeText>
        </span>
      ),
    },
    { title: t.actor, cell: (entry) => actorName(entry.actor) },
    { title: t.detail, cell: (entry) => <span className={classes.detail}>{entry.detail}</span> },
  ];
}
