import { Badge, Button, Group } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { api } from '../../api/client';
import { useSession, type User } from '../../api/session';
import { texts } from '../../texts';
import { FilterBar, SearchField, SelectFilter } from '../../ui/filters';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { DateTime } from '../../ui/values';
import { EditButton } from './parts';
import { ActiveDialog, EditUser, NewUser } from './staff-dialogs';

const t = texts.settings;

export default function StaffPage() {
  const { user: me } = useSession();
  const list = useListState('/users', { filters: ['q', 'role', 'active'], sort: 'email' });
  const users = api.useQuery('get', '/users', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const [editing, setEditing] = useState<User | 'new' | null>(null);
  const [switching, setSwitching] = useState<User | null>(null);

  const columns: Column<User>[] = [
    { title: t.fields.name, sort: 'full_name', phone: 'line', cell: (user) => user.full_name ?? texts.common.noValue },
    { title: t.email, sort: 'email', phone: 'heading', cell: (user) => user.email },
    { title: t.role, cell: (user) => texts.roles[user.role] },
    { title: t.permissions, cell: (user) => permissionsOf(user) },
    { title: t.status, phone: 'side', cell: (user) => <Badge color={user.active ? 'teal' : 'gray'}>{user.active ? t.active : t.disabled}</Badge> },
    { title: t.created, sort: 'created_at', phone: 'hidden', cell: (user) => <DateTime at={user.created_at} /> },
    {
      title: texts.common.moreActions,
      align: 'right',
      isInteractive: true,
      cell: (user) => (
        <Group gap={6} wrap="nowrap" justify="flex-end">
          <EditButton label={t.editOf(user.email)} onClick={() => setEditing(user)} />
          {user.id !== me.id && (
            <Button variant="default" size="xs" aria-label={t.switchOf(user.active, user.email)} onClick={() => setSwitching(user)}>
              {user.active ? t.disable : t.enable}
            </Button>
          )}
        </Group>
      ),
    },
  ];

  return (
    <>
      <PageHeader
        title={t.staff}
        actions={
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>
            {t.addUser}
          </Button>
        }
      />
      <div className="panel">
        <FilterBar>
          <SearchField list={list} label={t.searchUsers} />
          <SelectFilter list={list} name="role" label={t.role} options={Object.entries(texts.roles).map(([value, label]) => ({ value, label }))} />
          <SelectFilter
            list={list}
            name="active"
            label={t.status}
            options={[
              { value: 'true', label: t.active },
              { value: 'false', label: t.disabled },
            ]}
          />
        </FilterBar>
        <DataTable label={t.staff} query={users} list={list} columns={columns} rowKey={(user) => String(user.id)} empty={<EmptyState title={texts.common.nothingFound} />} />
      </div>
      {editing === 'new' && <NewUser onClose={() => setEditing(null)} />}
      {editing && editing !== 'new' && <EditUser user={editing} onClose={() => setEditing(null)} />}
      {switching && <ActiveDialog user={switching} onClose={() => setSwitching(null)} />}
    </>
  );
}

function permissionsOf(user: User): string {
  if (user.role === 'admin') return t.all;
  if (user.role === 'customer') return texts.common.noValue;
  return user.permissions.length === 0 ? texts.common.none : t.permissionCount(String(user.permissions.length));
}
