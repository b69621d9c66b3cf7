import { NumberInput, SimpleGrid, Switch, Textarea, TextInput } from '@mantine/core';
import { useForm, type UseFormReturnType } from '@mantine/form';

import type { Schemas } from '../../api/client';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog } from '../../ui/dialog';
import { useGo } from '../../ui/link';

const t = texts.purchasing;

interface Values extends Record<string, unknown> {
  code: string;
  name: string;
  email: string;
  phone: string;
  lead_time_days: number | '';
  notes: string;
  active: boolean;
}

type Supplier = Schemas['SupplierResponse'];

export function SupplierDialog({ supplier, onClose }: { supplier?: Supplier; onClose: () => void }) {
  return supplier ? <EditSupplier supplier={supplier} onClose={onClose} /> : <NewSupplier onClose={onClose} />;
}

function NewSupplier({ onClose }: { onClose: () => void }) {
  const go = useGo();
  const form = useSupplierForm();
  const write = useWrite('post', '/suppliers', { done: t.supplierMade, onDone: (made) => go(`/purchasing/suppliers/${made.id}`) });
  return (
    <FormDialog title={t.makeSupplier} form={form} write={write} submit={t.makeSupplierSubmit} onClose={onClose} request={(values) => ({ body: bodyOf(values) })}>
      <Fields form={form} />
    </FormDialog>
  );
}

function EditSupplier({ supplier, onClose }: { supplier: Supplier; onClose: () => void }) {
  const form = useSupplierForm(supplier);
  const write = useWrite('patch', '/suppliers/{id}', { done: texts.common.saved });
  return (
    <FormDialog
      title={t.editSupplier}
      form={form}
      write={write}
      submit={texts.common.save}
      onClose={onClose}
      request={(values) => ({ params: { path: { id: supplier.id } }, body: bodyOf(values) })}
    >
      <Fields form={form} />
    </FormDialog>
  );
}

function useSupplierForm(supplier?: Supplier): UseFormReturnType<Values> {
  return useForm<Values>({
    initialValues: {
      code: supplier?.code ?? '',
      name: supplier?.name ?? '',
      email: supplier?.email ?? '',
      phone: supplier?.phone ?? '',
      lead_time_days: supplier?.lead_time_days ?? '',
      notes: supplier?.notes ?? '',
      active: supplier?.active ?? true,
    },
    validate: {
      code: (code) => (code.trim() ? null : texts.common.required),
      name: (name) => (name.trim() ? null : texts.common.required),
    },
  });
}

function Fields({ form }: { form: UseFormReturnType<Values> }) {
  return (
    <>
      <TextInput label={t.name} data-autofocus {...form.getInputProps('name')} />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput label={t.code} description={t.codeHint} {...form.getInputProps('code')} />
        <NumberInput
          label={t.leadTimeDays}
          description={t.leadTimeHint}
          min={0}
          allowDecimal={false}
          allowNegative={false}
          clampBehavior="none"
          {...form.getInputProps('lead_time_days')}
        />
        <TextInput label={t.email} type="email" {...form.getInputProps('email')} />
        <TextInput label={t.phone} type="tel" {...form.getInputProps('phone')} />
      </SimpleGrid>
      <Textarea label={t.notes} autosize minRows={2} {...form.getInputProps('notes')} />
      <Switch label={t.isActive} description={t.isActiveHint} {...form.getInputProps('active', { type: 'checkbox' })} />
    </>
  );
}

function bodyOf(values: Values) {
  return {
    code: values.code.trim(),
    name: values.name.trim(),
    email: values.email.trim() || null,
    phone: values.phone.trim() || null,
    lead_time_days: values.lead_time_days === '' ? null : values.lead_time_days,
    notes: values.notes.trim() || null,
    active: values.active,
  };
}
