import { Button, Stack } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useGo } from '../../ui/link';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { Facts, PageHeader, Panel } from '../../ui/page';
import { usePathParam } from '../../ui/path';
import { EmptyState, ErrorState, LoadingPage } from '../../ui/states';
import { StatusTabs } from '../../ui/filters';
import { StatusBadge } from '../../ui/status';
import { DataTable, type Column } from '../../ui/table';
import { CodeText, DateTime } from '../../ui/values';
import { DeliveryDialog, SendTest } from './delivery-dialogs';
import { EditButton } from './parts';
import { DeleteWebhook, EditWebhook, ReplayDialog, RotateSecret, SwitchWebhook } from './webhook-dialogs';
import { typesOf, WebhookBadge } from './WebhooksPage';

const t = texts.settings;

type Delivery = Schemas['WebhookDeliveryResponse'];
type Action = 'edit' | 'switch' | 'rotate' | 'delete' | 'replay' | 'test';

export default function WebhookPage() {
  const id = Number(usePathParam('id'));
  const go = useGo();
  const query = api.useQuery('get', '/webhooks/{id}', { params: { path: { id } } });
  const [action, setAction] = useState<Action | null>(null);
  const close = () => setAction(null);
  const { data: webhook } = query;
  if (!webhook) {
    return (
      <>
        <PageHeader title={t.webhook} back={{ to: '/settings/webhooks', label: t.webhooks }} />
        {query.error ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : <LoadingPage />}
      </>
    );
  }
  const props = { webhook, onClose: close };
  return (
    <>
      <PageHeader
        title={webhook.url}
        back={{ to: '/settings/webhooks', label: t.webhooks }}
        badges={<WebhookBadge webhook={webhook} />}
        actions={<Actions isActive={webhook.active} onChoose={setAction} />}
      >
        {webhook.description}
      </PageHeader>
      <Stack gap="md">
        <Panel title={t.webhook} action={<EditButton label={t.editOf(t.webhook)} onClick={() => setAction('edit')} />}>
          <Facts
            facts={[
              [t.eventTypes, webhook.types.length > 0 ? webhook.types.join(', ') : typesOf(webhook)],
              [t.created, <DateTime key="created" at={webhook.created_at} />],
              ...(webhook.failing_since ? [[t.failingSince, <DateTime key="failing" at={webhook.failing_since} />] as [string, ReactNode]] : []),
            ]}
          />
        </Panel>
        <Deliveries webhookId={id} onReplay={() => setAction('replay')} />
      </Stack>
      {action === 'edit' && <EditWebhook {...props} />}
      {action === 'switch' && <SwitchWebhook {...props} />}
      {action === 'rotate' && <RotateSecret {...props} />}
      {action === 'replay' && <ReplayDialog {...props} />}
      {action === 'test' && <SendTest {...props} />}
      {action === 'delete' && <DeleteWebhook {...props} onDeleted={() => go('/settings/webhooks')} />}
    </>
  );
}

function Actions({ isActive, onChoose }: { isActive: boolean; onChoose: (action: Action) => void }) {
  return (
    <>
      <Button variant="default" color="red" onClick={() => onChoose('delete')}>
        {texts.common.delete}
      </Button>
      <Button variant="default" onClick={() => onChoose('switch')}>
        {isActive ? t.turnOff : t.turnOn}
      </Button>
      <Button variant="default" onClick={() => onChoose('rotate')}>
        {t.rotateSecret}
      </Button>
      {isActive && (
        <Button leftSection={<IconSend size={16} aria-hidden />} onClick={() => onChoose('test')}>
          {t.sendTest}
        </Button>
      )}
    </>
  );
}

const STATES = ['pending', 'succeeded', 'failed'] as const;
/** Deliveries have no events, so they are read again, more often while one is being sent. */
const REFRESH_MS = { sending: 3_000, idle: 15_000 };

function Deliveries({ webhookId, onReplay }: { webhookId: number; onReplay: () => void }) {
  const list = useListState('/webhooks/{id}/deliveries', { filters: ['state'], sort: '-id' });
  const deliveries = api.useQuery(
    'get',
    '/webhooks/{id}/deliveries',
    { params: { path: { id: webhookId }, query: list.query } },
    {
      placeholderData: keepPreviousData,
      refetchInterval: ({ state }) => (state.data?.items.some((delivery) => delivery.state === 'pending') ? REFRESH_MS.sending : REFRESH_MS.idle),
    },
  );
  const [shown, setShown] = useState<number | null>(null);
  const open = deliveries.data?.items.find(({ id }) => id === shown);

  const columns: Column<Delivery>[] = [
    { title: t.event, cell: (delivery) => delivery.type },
    { title: t.eventId, phone: 'hidden', cell: (delivery) => <CodeText>{delivery.event_id}</CodeText> },
    { title: t.status, phone: 'side', cell: (delivery) => <StatusBadge of="delivery" status={delivery.state} /> },
    { title: t.answerStatus, cell: (delivery) => outcomeOf(delivery) },
    { title: t.attempts, align: 'right', cell: (delivery) => <span className="figures">{delivery.attempts.length}</span> },
    { title: t.created, cell: (delivery) => <DateTime at={delivery.created_at} /> },
    { title: t.nextAttempt, cell: (delivery) => <DateTime at={delivery.next_attempt_at} /> },
    {
      title: t.details,
      align: 'right',
      isInteractive: true,
      cell: (delivery) => (
        <Button variant="default" size="compact-sm" aria-label={t.detailsOf(delivery.type, delivery.event_id)} onClick={() => setShown(delivery.id)}>
          {t.show}
        </Button>
      ),
    },
  ];
  return (
    <Panel
      title={t.deliveries}
      isFlush
      action={
        <Button variant="default" size="xs" onClick={onReplay}>
          {t.replayEvents}
        </Button>
      }
    >
      <StatusTabs
        list={list}
        label={t.deliveries}
        tabs={[{ label: texts.common.all, filters: {} }, ...STATES.map((state) => ({ label: texts.status.delivery[state], filters: { state } }))]}
      />
      <DataTable label={t.deliveries} query={deliveries} list={list} columns={columns} rowKey={(delivery) => String(delivery.id)} empty={<EmptyState title={t.noDeliveries} hint={t.noDeliveriesHint} />} />
      {open && <DeliveryDialog webhookId={webhookId} delivery={open} onClose={() => setShown(null)} />}
    </Panel>
  );
}

function outcomeOf({ attempts }: Delivery): string {
  const last = attempts.at(-1);
  if (!last) return texts.common.noValue;
  return last.status === null ? (last.error ? t.attemptErrors[last.error] : t.noAnswer) : String(last.status);
}
