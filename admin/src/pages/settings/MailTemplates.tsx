import { Button, Group, NativeSelect, Skeleton, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';

import { api, client, type Schemas } from '../../api/client';
import { useSession } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog } from '../../ui/dialog';
import { Facts, Panel } from '../../ui/page';
import { ErrorNote } from '../../ui/states';
import { pick, useCheckedWrite } from './checked-write';
import { Changes } from './parts';
import classes from './settings.module.css';

const t = texts.settings;

type Template = Schemas['MailTemplateResponse'];
const NAMES = Object.keys(t.mails) as Template['name'][];

/** The path of a template. */
function pathOf(id: number, name: Template['name'], language: string) {
  return { id: String(id), name, language };
}

/** The mails of the store in its language: the built-in ones, or its own. */
export function MailTemplates() {
  const { store } = useSession();
  const [name, setName] = useState<Template['name']>('order_placed');
  const [action, setAction] = useState<'edit' | 'reset' | null>(null);
  const path = pathOf(store.id, name, store.language);
  const query = api.useQuery('get', '/stores/{id}/mail-templates/{name}/{language}', { params: { path } });
  const { data } = query;
  const close = () => setAction(null);
  return (
    <Panel
      title={t.mailTemplates}
      action={
        data && (
          <Group gap="xs">
            {data.is_custom && (
              <Button variant="default" size="xs" onClick={() => setAction('reset')}>
                {t.resetTemplate}
              </Button>
            )}
            <Button variant="default" size="xs" onClick={() => setAction('edit')}>
              {t.editTemplate}
            </Button>
          </Group>
        )
      }
    >
      <NativeSelect
        label={t.mail}
        maw={320}
        mb="sm"
        data={NAMES.map((value) => ({ value, label: t.mails[value] }))}
        value={name}
        onChange={(event) => setName(event.currentTarget.value as Template['name'])}
      />
      {query.error && <ErrorNote error={query.error} retry={() => void query.refetch()} />}
      {!data && !query.error && <Skeleton height={120} />}
      {data && (
        <>
          <Facts
            facts={[
              [t.fields.language, data.language],
              [t.source, data.is_custom ? t.ownTemplate : t.builtIn],
              [t.subject, data.subject],
            ]}
          />
          <pre className={classes.answer} tabIndex={0} aria-label={t.textPart}>
            {data.text}
          </pre>
        </>
      )}
      {data && action === 'edit' && <TemplateDialog storeId={store.id} template={data} onClose={close} />}
      {data && action === 'reset' && <ResetDialog storeId={store.id} template={data} onClose={close} />}
    </Panel>
  );
}

const SHOWN = ['subject', 'text', 'html'] as const;

function TemplateDialog({ storeId, template, onClose }: { storeId: number; template: Template; onClose: () => void }) {
  const path = pathOf(storeId, template.name, template.language);
  const form = useForm({ initialValues: pick(template, SHOWN) });
  const plain = useWrite('put', '/stores/{id}/mail-templates/{name}/{language}', { done: texts.common.saved });
  const write = useCheckedWrite(plain, pick(template, SHOWN) as Partial<Template>, async () => {
    const { data } = await client.GET('/stores/{id}/mail-templates/{name}/{language}', { params: { path } });
    return data as Template;
  });
  return (
    <FormDialog title={t.mails[template.name]} size="xl" form={form} write={write} submit={texts.common.save} request={(body) => ({ params: { path }, body })} onClose={onClose}>
      <Text size="sm" c="dimmed">
        {t.templateHint}
      </Text>
      <TextInput label={t.subject} data-autofocus {...form.getInputProps('subject')} />
      <Textarea label={t.textPart} autosize minRows={6} maxRows={14} className="code" {...form.getInputProps('text')} />
      <Textarea label={t.htmlPart} autosize minRows={6} maxRows={14} className="code" {...form.getInputProps('html')} />
      <Changes changes={write.changes} nameOf={(name) => ({ subject: t.subject, text: t.textPart, html: t.htmlPart })[name] ?? name} />
    </FormDialog>
  );
}

function ResetDialog({ storeId, template, onClose }: { storeId: number; template: Template; onClose: () => void }) {
  const path = pathOf(storeId, template.name, template.language);
  const write = useWrite('delete', '/stores/{id}/mail-templates/{name}/{language}', { done: t.templateReset });
  return (
    <ConfirmDialog title={t.resetTemplate} write={write} request={{ params: { path } }} confirm={t.resetTemplate} isDangerous onClose={onClose}>
      {t.resetTemplateText(t.mails[template.name])}
    </ConfirmDialog>
  );
}
