import { Badge, Button, Group, Stack } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { useLocations } from '../../ui/places';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { AlertDialog, DeleteAlert } from './alert-dialogs';
import { MailTemplates } from './MailTemplates';
import { EditButton } from './parts';

const t = texts.settings;

type Alert = Schemas['AlertResponse'];

export default function AlertsPage() {
  const can = useCan();
  const list = useListState('/alerts', { sort: '-id' });
  const alerts = api.useQuery('get', '/alerts', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const places = useLocations();
  const [editing, setEditing] = useState<Alert | 'new' | null>(null);
  const [deleting, setDeleting] = useState<Alert | null>(null);
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>
      {t.addAlert}
    </Button>
  );

  const filterOf = ({ filter, after_hours }: Alert) =>
    [
      filter.category,
      filter.location_id === null ? null : (places.find(({ id }) => id === filter.location_id)?.name ?? String(filter.location_id)),
      filter.product_ids.length > 0 ? t.productCount(String(filter.product_ids.length)) : null,
      after_hours === null ? null : t.afterHours(String(after_hours)),
    ]
      .filter(Boolean)
      .join(' · ');

  const columns: Column<Alert>[] = [
    { title: t.alertKind, sort: 'kind', cell: (alert) => t.alertKinds[alert.kind] },
    { title: t.conditions, cell: (alert) => filterOf(alert) || t.any },
    { title: t.receivers, cell: (alert) => alert.to.map((to) => to.replace(/^mail:/, '')).join(', ') },
    { title: t.digest, cell: (alert) => t.digests[alert.digest] },
    { title: t.status, phone: 'side', cell: (alert) => <Badge color={alert.active ? 'teal' : 'gray'}>{alert.active ? t.active : t.turnedOffState}</Badge> },
    {
      title: texts.common.moreActions,
      align: 'right',
      isInteractive: true,
      cell: (alert) => (
        <Group gap={6} wrap="nowrap" justify="flex-end">
          <EditButton label={t.editOf(t.alertKinds[alert.kind])} onClick={() => setEditing(alert)} />
          <Button variant="default" size="xs" aria-label={t.deleteOf(t.alertKinds[alert.kind])} onClick={() => setDeleting(alert)}>
            {texts.common.delete}
          </Button>
        </Group>
      ),
    },
  ];

  return (
    <>
      <PageHeader title={t.alerts} actions={add}>
        {t.alertsHint}
      </PageHeader>
      <Stack gap="md">
        <div className="panel">
          <DataTable label={t.alerts} query={alerts} list={list} columns={columns} rowKey={(alert) => String(alert.id)} empty={<EmptyState title={t.noAlerts} hint={t.noAlertsHint} action={add} />} />
        </div>
        {can('stores:manage') && <MailTemplates />}
      </Stack>
      {editing && <AlertDialog alert={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && <DeleteAlert alert={deleting} onClose={() => setDeleting(null)} />}
    </>
  );
}
