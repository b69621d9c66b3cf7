import { Button, SimpleGrid, Text, Textarea, TextInput } from '@mantine/core';
import { useForm, type UseFormReturnType } from '@mantine/form';
import { IconWand } from '@tabler/icons-react';
import { useState } from 'react';

import { client, type Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { useWrite, type Write } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog, useFrozen } from '../../ui/dialog';
import { useGo } from '../../ui/link';
import { notifyProblem } from '../../ui/notify';
import { LocationPicker } from '../../ui/pickers';
import { useLocations } from '../../ui/places';
import { nameWithSize } from '../../ui/product';
import { messageOf } from '../../ui/states';
import type { Transfer } from '../inbound/document';
import { checkLines, LinesEditor, type DraftLine, type WithLines } from '../inbound/LinesEditor';
import { pathTo } from '../paths';

const t = texts.transfers;

interface Values extends WithLines {
  from_location_id: number | null;
  to_location_id: number | null;
  reference: string;
  expected_on: string;
  notes: string;
}

/** Plans a transfer, or changes a draft. */
export function TransferDialog({ transfer, onClose }: { transfer?: Transfer; onClose: () => void }) {
  return transfer ? <EditTransfer transfer={transfer} onClose={onClose} /> : <NewTransfer onClose={onClose} />;
}

function NewTransfer({ onClose }: { onClose: () => void }) {
  const go = useGo();
  const write = useWrite('post', '/transfers', { done: t.planned, onDone: (made) => go(pathTo.transfer(made.transfer_number)) });
  const start = { from_location_id: null, to_location_id: null, reference: '', expected_on: '', notes: '', lines: [] };
  return <Editor title={t.make} submit={t.makeSubmit} start={start} write={write} onClose={onClose} request={(values) => ({ body: bodyOf(values) })} />;
}

function EditTransfer({ transfer, onClose }: { transfer: Transfer; onClose: () => void }) {
  const version = useFrozen(transfer.version);
  const write = useWrite('patch', '/transfers/{id}', { done: texts.common.saved });
  const start: Values = {
    from_location_id: transfer.from_location_id,
    to_location_id: transfer.to_location_id,
    reference: transfer.reference ?? '',
    expected_on: transfer.expected_on ?? '',
    notes: transfer.notes ?? '',
    lines: transfer.lines.map((line) => ({ sku: line.sku, name: nameWithSize(line), quantity: line.quantity, unit_cost: '' })),
  };
  return (
    <Editor
      title={t.edit}
      submit={texts.common.save}
      start={start}
      write={write}
      onClose={onClose}
      request={(values) => ({ params: { path: { id: transfer.id } }, body: { ...bodyOf(values), expected_version: version } })}
    />
  );
}

interface EditorProps<R, T> {
  title: string;
  submit: string;
  start: Values;
  write: Write<R, T>;
  request: (values: Values) => R;
  onClose: () => void;
}

function Editor<R, T>({ title, submit, start, write, request, onClose }: EditorProps<R, T>) {
  const form = useForm<Values>({
    initialValues: start,
    validate: (values) => ({
      from_location_id: values.from_location_id === null ? texts.common.required : null,
      to_location_id:
        values.to_location_id === null ? texts.common.required : values.to_location_id === values.from_location_id ? t.samePlace : null,
      ...checkLines(values.lines),
    }),
  });
  return (
    <FormDialog title={title} size="lg" form={form} write={write} submit={submit} onClose={onClose} request={request}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <LocationPicker label={t.from} data-autofocus {...form.getInputProps('from_location_id')} />
        <LocationPicker label={t.to} {...form.getInputProps('to_location_id')} />
      </SimpleGrid>
      <Suggestions form={form} />
      <LinesEditor form={form} />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput type="date" label={t.expectedOn} {...form.getInputProps('expected_on')} />
        <TextInput label={t.reference} {...form.getInputProps('reference')} />
      </SimpleGrid>
      <Textarea label={t.notes} autosize minRows={2} {...form.getInputProps('notes')} />
    </FormDialog>
  );
}

/** Adds what the destination needs, as far as the source has it. */
function Suggestions({ form }: { form: UseFormReturnType<Values> }) {
  const can = useCan();
  const locations = useLocations();
  const [isLoading, setIsLoading] = useState(false);
  const { from_location_id: from, to_location_id: to } = form.values;
  if (!can('inventory:read')) return null;
  const source = locations.find(({ id }) => id === from);

  const add = async () => {
    if (!source || to === null) return;
    setIsLoading(true);
    try {
      const lines = await suggest(source, to);
      const known = new Set(form.getValues().lines.map(({ sku }) => sku));
      const fresh = lines.filter(({ sku }) => !known.has(sku));
      if (fresh.length === 0) notifyProblem(t.nothingNeeded);
      form.setFieldValue('lines', [...form.getValues().lines, ...fresh]);
    } catch (error) {
      notifyProblem(messageOf(error));
    } finally {
      setIsLoading(false);
    }
  };
  return (
    <div>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconWand size={15} aria-hidden />}
        loading={isLoading}
        disabled={!source || to === null || from === to}
        onClick={() => void add()}
      >
        {t.suggest}
      </Button>
      <Text size="xs" c="dimmed" mt={4}>
        {t.suggestHint}
      </Text>
    </div>
  );
}

async function suggest(source: Schemas['LocationResponse'], to: number): Promise<DraftLine[]> {
  const { data } = await client.GET('/inventory/reorder', { params: { query: { location: to, limit: 50, sort: '-needed' } } });
  const lines = await Promise.all((data?.items ?? []).map((item) => lineOf(item, source)));
  return lines.filter((line): line is DraftLine => line !== null);
}

async function lineOf(item: Schemas['ReorderResponse'], source: Schemas['LocationResponse']): Promise<DraftLine | null> {
  const { data } = await client.GET('/inventory/products/{id}/stock', {
    params: { path: { id: String(item.product_id) }, query: item.size === null ? {} : { size: item.size } },
  });
  const level = data?.locations.find(({ location_id }) => location_id === source.id);
  const quantity = Math.min(item.needed, level?.available_quantity ?? 0);
  return quantity > 0 ? { sku: item.sku, name: nameWithSize(item), quantity, unit_cost: '' } : null;
}

function bodyOf(values: Values): Schemas['NewTransferRequest'] {
  return {
    from_location_id: values.from_location_id ?? 0,
    to_location_id: values.to_location_id ?? 0,
    reference: values.reference.trim() || null,
    expected_on: values.expected_on || null,
    notes: values.notes.trim() || null,
    lines: values.lines.map(({ sku, quantity }) => ({ product_id: sku, quantity: Number(quantity) })),
  };
}
