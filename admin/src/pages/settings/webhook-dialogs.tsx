import { Alert, Button, CopyButton, Group, MultiSelect, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconCheck, IconCopy, IconKey } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';

import { client, type Schemas } from '../../api/client';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, Dialog, FormDialog } from '../../ui/dialog';
import { addDays, isDay, useFormats } from '../../ui/format';
import { pick, useCheckedWrite } from './checked-write';
import { EVENT_TYPES } from './event-types';
import { Changes, textOrNull } from './parts';
import classes from './settings.module.css';

const t = texts.settings;

type Webhook = Schemas['WebhookResponse'];
interface Props {
  webhook: Webhook;
  onClose: () => void;
}

/** The secret of a webhook, which the server shows once. It stays in this dialog, and is forgotten with it. */
function SecretDialog({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog title={t.secret} isUnsaved onClose={onClose}>
      <Alert color="yellow" icon={<IconKey size={18} />} mb="sm">
        {t.secretHint}
      </Alert>
      <code className={classes.secret}>{secret}</code>
      <Group justify="flex-end" mt="md" gap="xs">
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button variant="default" leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />} onClick={copy}>
              {copied ? t.copied : t.copy}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>{t.secretKept}</Button>
      </Group>
    </Dialog>
  );
}

type Values = { url: string; description: string; types: Schemas['EventType'][] };

function WebhookFields({ form }: { form: ReturnType<typeof useForm<Values>> }) {
  return (
    <>
      <TextInput label={t.url} type="url" placeholder="https://" data-autofocus {...form.getInputProps('url')} />
      <TextInput label={t.description} {...form.getInputProps('description')} />
      <MultiSelect
        label={t.eventTypes}
        description={t.eventTypesHint}
        data={EVENT_TYPES}
        searchable
        clearable
        {...form.getInputProps('types')}
      />
    </>
  );
}

export function NewWebhook({ onClose }: { onClose: () => void }) {
  const [secret, setSecret] = useState<string | null>(null);
  const [isDone, setIsDone] = useState(false);
  const form = useForm<Values>({ initialValues: { url: '', description: '', types: [] } });
  const write = useWrite('post', '/webhooks', {
    done: t.webhookAdded,
    onDone: (webhook) => {
      setSecret((webhook as Webhook).secret);
      setIsDone(true);
    },
  });
  if (isDone && secret) return <SecretDialog secret={secret} onClose={onClose} />;
  return (
    <FormDialog
      title={t.addWebhook}
      form={form}
      write={write}
      submit={t.addWebhook}
      request={(values) => ({ body: { url: values.url.trim(), description: textOrNull(values.description), types: values.types } })}
      onClose={isDone ? () => undefined : onClose}
    >
      <WebhookFields form={form} />
    </FormDialog>
  );
}

const SHOWN = ['url', 'description', 'types'] as const;

export function EditWebhook({ webhook, onClose }: Props) {
  const form = useForm<Values>({ initialValues: { url: webhook.url, description: webhook.description ?? '', types: webhook.types } });
  const plain = useWrite('patch', '/webhooks/{id}', { done: texts.common.saved, invalidates: ['/webhooks'] });
  const write = useCheckedWrite(plain, pick(webhook, SHOWN) as Partial<Webhook>, async () => {
    const { data } = await client.GET('/webhooks/{id}', { params: { path: { id: webhook.id } } });
    return data as Webhook;
  });
  return (
    <FormDialog
      title={t.editOf(t.webhook)}
      form={form}
      write={write}
      submit={texts.common.save}
      request={(values) => ({
        params: { path: { id: webhook.id } },
        body: { url: values.url.trim(), description: textOrNull(values.description), types: values.types },
      })}
      onClose={onClose}
    >
      <WebhookFields form={form} />
      <Changes changes={write.changes} nameOf={(name) => ({ url: t.url, description: t.description, types: t.eventTypes })[name] ?? name} />
    </FormDialog>
  );
}

export function RotateSecret({ webhook, onClose }: Props) {
  const [secret, setSecret] = useState<string | null>(null);
  const isRotated = useRef(false);
  const write = useWrite('post', '/webhooks/{id}/rotate-secret', {
    invalidates: ['/webhooks'],
    onDone: (answer) => {
      isRotated.current = true;
      setSecret((answer as Webhook).secret);
    },
  });
  if (secret) return <SecretDialog secret={secret} onClose={onClose} />;
  return (
    <ConfirmDialog
      title={t.rotateSecret}
      write={write}
      request={{ params: { path: { id: webhook.id } } }}
      confirm={t.rotateSecret}
      // The question closes itself after success, but the secret has to be seen.
      onClose={() => !isRotated.current && onClose()}
    >
      {t.rotateText}
    </ConfirmDialog>
  );
}

export function SwitchWebhook({ webhook, onClose }: Props) {
  const write = useWrite('patch', '/webhooks/{id}', { done: webhook.active ? t.turnedOff : t.turnedOn, invalidates: ['/webhooks'] });
  return (
    <ConfirmDialog
      title={webhook.active ? t.turnOff : t.turnOn}
      write={write}
      request={{ params: { path: { id: webhook.id } }, body: { active: !webhook.active } }}
      confirm={webhook.active ? t.turnOff : t.turnOn}
      onClose={onClose}
    >
      {webhook.active ? t.turnOffText : t.turnOnText}
    </ConfirmDialog>
  );
}

export function DeleteWebhook({ webhook, onClose, onDeleted }: Props & { onDeleted: () => void }) {
  const queries = useQueryClient();
  const write = useWrite('delete', '/webhooks/{id}', {
    done: t.webhookDeleted,
    // Not the webhook's own page, which is being left.
    invalidates: [],
    onDone: () => {
      onDeleted();
      void queries.invalidateQueries({ queryKey: ['get', '/webhooks'] });
    },
  });
  return (
    <ConfirmDialog title={t.deleteWebhook} write={write} request={{ params: { path: { id: webhook.id } } }} confirm={texts.common.delete} isDangerous onClose={onClose}>
      {t.deleteWebhookText(webhook.url)}
    </ConfirmDialog>
  );
}

/** Sends the events of some days again. */
export function ReplayDialog({ webhook, onClose }: Props) {
  const { startOfDay, today } = useFormats();
  const isChosen = (day: string) => (isDay(day) ? null : texts.common.required);
  const form = useForm({ initialValues: { from: today(), to: today() }, validate: { from: isChosen, to: isChosen } });
  const write = useWrite('post', '/webhooks/{id}/replay', { done: t.replayStarted, invalidates: ['/webhooks'] });
  return (
    <FormDialog
      title={t.replayEvents}
      size="sm"
      form={form}
      write={write}
      submit={t.replay}
      request={({ from, to }) => ({
        params: { path: { id: webhook.id } },
        body: { from: startOfDay(from), to: startOfDay(addDays(to, 1)) },
      })}
      onClose={onClose}
    >
      <Text size="sm">{t.replayHint}</Text>
      <TextInput type="date" label={texts.reports.from} {...form.getInputProps('from')} />
      <TextInput type="date" label={texts.reports.to} {...form.getInputProps('to')} />
    </FormDialog>
  );
}
