import { Button, Group, Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';

import { api, type Schemas } from '../../api/client';
import { useSession } from '../../api/session';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog } from '../../ui/dialog';
import { PageHeader, Panel } from '../../ui/page';
import { ErrorState, LoadingPage } from '../../ui/states';
import { EditButton, Changes } from './parts';
import classes from './settings.module.css';
import { useStoreWrite, type Store } from './store-dialogs';

const t = texts.settings;

type SellAt = Schemas['SellAt'];

export default function PaymentsPage() {
  const session = useSession();
  const query = api.useQuery('get', '/stores/{id}', { params: { path: { id: String(session.store.id) } } }, { staleTime: 0 });
  const [editing, setEditing] = useState<{ name: string | null } | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const { data: store } = query;
  if (!store) {
    return (
      <>
        <PageHeader title={t.payments} />
        {query.error ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : <LoadingPage />}
      </>
    );
  }
  const methods = Object.entries(store.payment_methods).sort(([a], [b]) => a.localeCompare(b));
  const refresh = () => void session.refresh();
  return (
    <>
      <PageHeader
        title={t.payments}
        actions={
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing({ name: null })}>
            {t.addMethod}
          </Button>
        }
      >
        {t.paymentsHint}
      </PageHeader>
      <Panel isFlush>
        <ul className={classes.rows} aria-label={t.payments}>
          {methods.map(([name, sellAt]) => (
            <li key={name} className={classes.item}>
              <div>
                <div className={classes.title}>{name}</div>
                <div className={classes.detail}>{t.sellAtTexts[sellAt]}</div>
              </div>
              <Group gap="xs" wrap="nowrap">
                <EditButton label={t.editOf(name)} onClick={() => setEditing({ name })} />
                {methods.length > 1 && (
                  <Button variant="default" size="xs" aria-label={t.removeOf(name)} onClick={() => setRemoving(name)}>
                    {texts.common.remove}
                  </Button>
                )}
              </Group>
            </li>
          ))}
        </ul>
      </Panel>
      {editing && <MethodDialog store={store} name={editing.name} onClose={() => setEditing(null)} onSaved={refresh} />}
      {removing && <RemoveMethod store={store} name={removing} onClose={() => setRemoving(null)} onSaved={refresh} />}
    </>
  );
}

interface MethodProps {
  store: Store;
  onClose: () => void;
  onSaved: () => void;
}

function MethodDialog({ store, name, onClose, onSaved }: MethodProps & { name: string | null }) {
  const write = useStoreWrite(store, ['payment_methods'], onSaved);
  const form = useForm({
    initialValues: { name: name ?? '', sell_at: (name === null ? 'at_checkout' : (store.payment_methods[name] ?? 'at_checkout')) as SellAt },
    validate: { name: (value) => (name === null && value.trim() in store.payment_methods ? t.methodExists : null) },
  });
  return (
    <FormDialog
      title={name === null ? t.addMethod : t.editOf(name)}
      form={form}
      write={write}
      submit={name === null ? t.addMethod : texts.common.save}
      request={(values) => ({
        params: { path: { id: String(store.id) } },
        body: { payment_methods: { ...store.payment_methods, [values.name.trim()]: values.sell_at } },
      })}
      fieldNames={{ payment_methods: 'name' }}
      onClose={onClose}
    >
      {name === null && <TextInput label={t.fields.name} description={t.methodNameHint} data-autofocus {...form.getInputProps('name')} />}
      <Select
        label={t.sellAt}
        description={t.sellAtHint}
        data={Object.entries(t.sellAtTexts).map(([value, label]) => ({ value, label }))}
        allowDeselect={false}
        {...form.getInputProps('sell_at')}
      />
      <Changes changes={write.changes} />
    </FormDialog>
  );
}

function RemoveMethod({ store, name, onClose, onSaved }: MethodProps & { name: string }) {
  const write = useStoreWrite(store, ['payment_methods'], onSaved);
  const { [name]: _removed, ...others } = store.payment_methods;
  return (
    <ConfirmDialog
      title={t.removeOf(name)}
      write={write}
      request={{ params: { path: { id: String(store.id) } }, body: { payment_methods: others } }}
      confirm={texts.common.remove}
      isDangerous
      onClose={onClose}
    >
      {t.removeMethodText(name)}
      <Changes changes={write.changes} />
    </ConfirmDialog>
  );
}
