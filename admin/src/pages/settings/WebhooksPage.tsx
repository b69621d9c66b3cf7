import { Badge, Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { DateTime } from '../../ui/values';
import { NewWebhook } from './webhook-dialogs';

const t = texts.settings;

type Webhook = Schemas['WebhookResponse'];

export default function WebhooksPage() {
  const list = useListState('/webhooks', { sort: '-id' });
  const webhooks = api.useQuery('get', '/webhooks', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const [isAdding, setIsAdding] = useState(false);
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setIsAdding(true)}>
      {t.addWebhook}
    </Button>
  );
  const columns: Column<Webhook>[] = [
    { title: t.url, cell: (webhook) => webhook.url },
    { title: t.description, cell: (webhook) => webhook.description ?? texts.common.noValue },
    { title: t.eventTypes, cell: (webhook) => typesOf(webhook) },
    { title: t.status, phone: 'side', cell: (webhook) => <WebhookBadge webhook={webhook} /> },
    { title: t.created, cell: (webhook) => <DateTime at={webhook.created_at} /> },
  ];
  return (
    <>
      <PageHeader title={t.webhooks} actions={add}>
        {t.webhooksHint}
      </PageHeader>
      <div className="panel">
        <DataTable
          label={t.webhooks}
          query={webhooks}
          list={list}
          columns={columns}
          rowKey={(webhook) => String(webhook.id)}
          rowLink={(webhook) => `/settings/webhooks/${webhook.id}`}
          empty={<EmptyState title={t.noWebhooks} hint={t.noWebhooksHint} action={add} />}
        />
      </div>
      {isAdding && <NewWebhook onClose={() => setIsAdding(false)} />}
    </>
  );
}

export function typesOf(webhook: Webhook): string {
  return webhook.types.length === 0 ? t.allTypes : webhook.types.length > 3 ? t.typeCount(String(webhook.types.length)) : webhook.types.join(', ');
}

export function WebhookBadge({ webhook }: { webhook: Webhook }) {
  if (webhook.active) return webhook.failing_since ? <Badge color="red">{t.failing}</Badge> : <Badge color="teal">{t.active}</Badge>;
  return <Badge color={webhook.off_reason === 'paused' ? 'gray' : 'red'}>{t.offReasons[webhook.off_reason ?? 'paused']}</Badge>;
}
