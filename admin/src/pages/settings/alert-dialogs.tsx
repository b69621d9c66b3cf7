import { Select, Switch, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { client, type Schemas } from '../../api/client';
import { useSession } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog } from '../../ui/dialog';
import { QuantityInput } from '../../ui/inputs';
import { LocationPicker } from '../../ui/pickers';
import { pick, useCheckedWrite } from './checked-write';
import { Changes, orNull, textOrNull } from './parts';

const t = texts.settings;

type Alert = Schemas['AlertResponse'];
type Kind = Schemas['AlertKind'];
const ABOUT_STOCK: Kind[] = ['low_stock', 'out_of_stock', 'back_in_stock'];
const AT_A_PLACE: Kind[] = [...ABOUT_STOCK, 'count_variance'];
const DEFAULT_HOURS = 48;

function valuesOf(alert: Alert | null, ownAddress: string) {
  return {
    kind: alert?.kind ?? ('low_stock' as Kind),
    to: (alert?.to ?? [`mail:${ownAddress}`]).map((to) => to.replace(/^mail:/, '')),
    digest: alert?.digest ?? ('none' as Schemas['Digest']),
    active: alert?.active ?? true,
    category: alert?.filter.category ?? '',
    location_id: alert?.filter.location_id ?? null,
    product_ids: alert?.filter.product_ids ?? [],
    after_hours: (alert?.after_hours ?? DEFAULT_HOURS) as number | string,
  };
}

type Values = ReturnType<typeof valuesOf>;

function bodyOf(values: Values) {
  const { kind } = values;
  return {
    to: values.to.map((to) => (to.startsWith('webhook:') ? to : `mail:${to.trim()}`)),
    digest: values.digest,
    active: values.active,
    filter: {
      ...(ABOUT_STOCK.includes(kind) ? { category: textOrNull(values.category), product_ids: values.product_ids } : {}),
      ...(AT_A_PLACE.includes(kind) ? { location_id: values.location_id } : {}),
    },
    ...(kind === 'order_late' ? { after_hours: orNull(values.after_hours) ?? DEFAULT_HOURS } : {}),
  };
}

const FIELD_NAMES = { 'filter.category': 'category', 'filter.location_id': 'location_id', 'to[0]': 'to', 'to[1]': 'to', 'to[2]': 'to' };

export function AlertDialog({ alert, onClose }: { alert: Alert | null; onClose: () => void }) {
  return alert ? <EditAlert alert={alert} onClose={onClose} /> : <NewAlert onClose={onClose} />;
}

function NewAlert({ onClose }: { onClose: () => void }) {
  const { user } = useSession();
  const form = useForm({ initialValues: valuesOf(null, user.email) });
  const write = useWrite('post', '/alerts', { done: t.alertAdded, invalidates: ['/alerts'] });
  return (
    <FormDialog
      title={t.addAlert}
      form={form}
      write={write}
      submit={t.addAlert}
      request={(values) => ({ body: { kind: values.kind, ...bodyOf(values) } })}
      fieldNames={FIELD_NAMES}
      onClose={onClose}
    >
      <Select
        label={t.alertKind}
        data={Object.entries(t.alertKinds).map(([value, label]) => ({ value, label }))}
        allowDeselect={false}
        data-autofocus
        {...form.getInputProps('kind')}
      />
      <AlertFields form={form} />
    </FormDialog>
  );
}

const SHOWN = ['to', 'digest', 'active', 'filter', 'after_hours'] as const;

function EditAlert({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const form = useForm({ initialValues: valuesOf(alert, '') });
  const plain = useWrite('patch', '/alerts/{id}', { done: texts.common.saved, invalidates: ['/alerts'] });
  const write = useCheckedWrite(plain, pick(alert, SHOWN) as Partial<Alert>, async () => {
    const { data } = await client.GET('/alerts/{id}', { params: { path: { id: alert.id } } });
    return data as Alert;
  });
  const names: Record<string, string> = { to: t.receivers, digest: t.digest, active: t.active, filter: t.conditions, after_hours: t.lateAfter };
  return (
    <FormDialog
      title={t.editOf(t.alertKinds[alert.kind])}
      form={form}
      write={write}
      submit={texts.common.save}
      request={(values) => ({ params: { path: { id: alert.id } }, body: bodyOf(values) })}
      fieldNames={FIELD_NAMES}
      onClose={onClose}
    >
      <AlertFields form={form} />
      <Changes changes={write.changes} nameOf={(name) => names[name] ?? name} />
    </FormDialog>
  );
}

function AlertFields({ form }: { form: ReturnType<typeof useForm<Values>> }) {
  const { kind } = form.values;
  return (
    <>
      <TagsInput label={t.receivers} description={t.receiversHint} {...form.getInputProps('to')} />
      <Select
        label={t.digest}
        data={Object.entries(t.digests).map(([value, label]) => ({ value, label }))}
        allowDeselect={false}
        {...form.getInputProps('digest')}
      />
      {ABOUT_STOCK.includes(kind) && <TextInput label={t.onlyCategory} placeholder={t.any} {...form.getInputProps('category')} />}
      {AT_A_PLACE.includes(kind) && (
        <LocationPicker
          label={t.onlyPlace}
          placeholder={t.any}
          clearable
          value={form.values.location_id}
          onChange={(id) => form.setFieldValue('location_id', id)}
          error={form.errors.location_id}
        />
      )}
      {kind === 'order_late' && <QuantityInput label={t.lateAfter} min={1} {...form.getInputProps('after_hours')} />}
      <Switch label={t.active} {...form.getInputProps('active', { type: 'checkbox' })} />
    </>
  );
}

export function DeleteAlert({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const write = useWrite('delete', '/alerts/{id}', { done: t.alertDeleted, invalidates: ['/alerts'] });
  return (
    <ConfirmDialog
      title={t.deleteOf(t.alertKinds[alert.kind])}
      write={write}
      request={{ params: { path: { id: alert.id } } }}
      confirm={texts.common.delete}
      isDangerous
      onClose={onClose}
    >
      {t.deleteAlertText}
    </ConfirmDialog>
  );
}
