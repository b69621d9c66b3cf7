import { Badge, Button, PasswordInput, SimpleGrid, Stack, Switch, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { useSession } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { areSingleKeysOn, setSingleKeys } from '../../shell/shortcuts';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog } from '../../ui/dialog';
import { Facts, PageHeader, Panel } from '../../ui/page';
import { useListState } from '../../ui/list-state';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { Ago, DateTime } from '../../ui/values';
import { browserName } from './browser-name';
import { wasPasswordChanged } from './password';

const t = texts.account;

type BrowserSession = Schemas['BrowserSessionResponse'];

export default function AccountPage() {
  return (
    <>
      <PageHeader title={t.title} />
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Profile />
          <Preferences />
        </SimpleGrid>
        <Sessions />
      </Stack>
    </>
  );
}

function Profile() {
  const { user } = useSession();
  const [isChanging, setIsChanging] = useState(false);
  const names = user.permissions.map((permission) => texts.settings.permissionTexts[permission]);
  const permissions = names.length > 0 ? names.join(', ') : t.noPermissions;
  return (
    <Panel
      title={t.profile}
      action={
        <Button variant="default" size="xs" onClick={() => setIsChanging(true)}>
          {t.changePassword}
        </Button>
      }
    >
      <Facts
        facts={[
          [t.name, user.full_name ?? texts.common.noValue],
          [t.email, user.email],
          [t.role, texts.roles[user.role]],
          [t.permissions, user.role === 'admin' ? t.allPermissions : permissions],
        ]}
      />
      {isChanging && <PasswordDialog onClose={() => setIsChanging(false)} />}
    </Panel>
  );
}

function PasswordDialog({ onClose }: { onClose: () => void }) {
  const form = useForm({ initialValues: { current_password: '', new_password: '' } });
  const write = useWrite('post', '/auth/password', {
    done: t.passwordChanged,
    invalidates: ['/auth/sessions'],
    wasDone: wasPasswordChanged,
  });
  return (
    <FormDialog title={t.changePassword} size="sm" form={form} write={write} submit={t.changePassword} request={(body) => ({ body })} onClose={onClose}>
      <PasswordInput label={t.currentPassword} autoComplete="current-password" data-autofocus {...form.getInputProps('current_password')} />
      <PasswordInput label={t.newPassword} description={t.newPasswordHint} autoComplete="new-password" {...form.getInputProps('new_password')} />
      {write.state === 'unknown' && <Text size="sm">{t.passwordUnknown}</Text>}
    </FormDialog>
  );
}

function Preferences() {
  const [isOn, setIsOn] = useState(areSingleKeysOn());
  return (
    <Panel title={t.preferences}>
      <Switch
        label={t.singleKeys}
        description={t.singleKeysHint}
        checked={isOn}
        onChange={(event) => {
          setSingleKeys(event.currentTarget.checked);
          setIsOn(event.currentTarget.checked);
        }}
      />
    </Panel>
  );
}

function Sessions() {
  const list = useListState('/auth/sessions', { sort: '-last_used_at' });
  const sessions = api.useQuery('get', '/auth/sessions', { params: { query: list.query } });
  const [ending, setEnding] = useState<BrowserSession | 'others' | null>(null);
  const close = () => setEnding(null);

  const columns: Column<BrowserSession>[] = [
    {
      title: t.browser,
      cell: (session) => (
        <span title={session.user_agent ?? undefined}>{browserName(session.user_agent) ?? t.unknownBrowser}</span>
      ),
    },
    { title: t.address, cell: (session) => <span className="figures">{session.address ?? t.unknownAddress}</span> },
    { title: t.signedIn, sort: 'created_at', cell: (session) => <DateTime at={session.created_at} /> },
    { title: t.lastUsed, sort: 'last_used_at', cell: (session) => <Ago at={session.last_used_at} /> },
    {
      title: t.endSession,
      align: 'right',
      phone: 'side',
      isInteractive: true,
      cell: (session) =>
        session.is_current ? (
          <Badge color="teal">{t.thisSession}</Badge>
        ) : (
          <Button
            variant="default"
            size="compact-sm"
            aria-label={t.endSessionOf(browserName(session.user_agent) ?? t.unknownBrowser)}
            onClick={() => setEnding(session)}
          >
            {t.endSession}
          </Button>
        ),
    },
  ];

  return (
    <Panel
      title={t.sessions}
      isFlush
      action={
        <Button variant="default" size="xs" onClick={() => setEnding('others')}>
          {t.endOthers}
        </Button>
      }
    >
      <Text size="sm" c="dimmed" px={16} pb={6}>
        {t.sessionsHint}
      </Text>
      <DataTable
        label={t.sessions}
        query={sessions}
        list={list}
        columns={columns}
        rowKey={(session) => String(session.id)}
        empty={<EmptyState title={texts.common.nothingFound} />}
      />
      {ending === 'others' && <EndOthers onClose={close} />}
      {ending && ending !== 'others' && <EndSession session={ending} onClose={close} />}
    </Panel>
  );
}

function EndSession({ session, onClose }: { session: BrowserSession; onClose: () => void }) {
  const write = useWrite('delete', '/auth/sessions/{id}', { done: t.sessionEnded, invalidates: ['/auth/sessions'] });
  const browser = browserName(session.user_agent) ?? t.unknownBrowser;
  return (
    <ConfirmDialog
      title={t.endSessionOf(browser)}
      write={write}
      request={{ params: { path: { id: session.id } } }}
      confirm={t.endSession}
      isDangerous
      onClose={onClose}
    >
      {t.endSessionText(browser)}
    </ConfirmDialog>
  );
}

function EndOthers({ onClose }: { onClose: () => void }) {
  const write = useWrite('delete', '/auth/sessions', { done: t.othersEnded, invalidates: ['/auth/sessions'] });
  return (
    <ConfirmDialog title={t.endOthers} write={write} request={{}} confirm={t.endOthers} isDangerous onClose={onClose}>
      {t.endOthersText}
    </ConfirmDialog>
  );
}
