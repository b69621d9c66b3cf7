import { Select, SimpleGrid, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import { api, type Schemas } from '../../api/client';
import { useWrite, type Write } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog, useFrozen } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { useGo } from '../../ui/link';
import { LocationPicker, type Picked } from '../../ui/pickers';
import { useLocations } from '../../ui/places';
import { nameWithSize } from '../../ui/product';
import type { PurchaseOrder } from '../inbound/document';
import { checkLines, LinesEditor, type WithLines } from '../inbound/LinesEditor';
import { pathTo } from '../paths';
import { useSuppliers } from './suppliers';

const t = texts.purchasing;

interface Values extends WithLines {
  supplier_id: number | null;
  location_id: number | null;
  reference: string;
  expected_on: string;
  notes: string;
}

/** Makes a purchase order, or changes a draft. */
export function OrderDialog({ order, onClose }: { order?: PurchaseOrder; onClose: () => void }) {
  return order ? <EditOrder order={order} onClose={onClose} /> : <NewOrder onClose={onClose} />;
}

function NewOrder({ onClose }: { onClose: () => void }) {
  const go = useGo();
  const locations = useLocations();
  const write = useWrite('post', '/purchase-orders', { done: t.made_, onDone: (made) => go(pathTo.purchaseOrder(made.purchase_order_number)) });
  const start = { supplier_id: null, location_id: locations[0]?.id ?? null, reference: '', expected_on: '', notes: '', lines: [] };
  return <Editor title={t.make} submit={t.makeSubmit} start={start} write={write} onClose={onClose} request={(values) => ({ body: bodyOf(values) })} />;
}

function EditOrder({ order, onClose }: { order: PurchaseOrder; onClose: () => void }) {
  const version = useFrozen(order.version);
  const write = useWrite('patch', '/purchase-orders/{id}', { done: texts.common.saved });
  const start: Values = {
    supplier_id: order.supplier_id,
    location_id: order.location_id,
    reference: order.reference ?? '',
    expected_on: order.expected_on ?? '',
    notes: order.notes ?? '',
    lines: order.lines.map((line) => ({ sku: line.sku, name: nameWithSize(line), quantity: line.quantity, unit_cost: line.unit_cost })),
  };
  return (
    <Editor
      title={t.edit}
      submit={texts.common.save}
      start={start}
      write={write}
      onClose={onClose}
      request={(values) => ({ params: { path: { id: order.id } }, body: { ...bodyOf(values), expected_version: version } })}
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
  const { money } = useFormats();
  const suppliers = useSuppliers().filter(({ active, id }) => active || id === start.supplier_id);
  const form = useForm<Values>({
    initialValues: start,
    validate: (values) => ({
      supplier_id: values.supplier_id === null ? texts.common.required : null,
      location_id: values.location_id === null ? texts.common.required : null,
      ...checkLines(values.lines),
    }),
  });
  const costOf = useCosts(form.values.supplier_id);
  const { supplier_id, lines } = form.values;
  const total = lines.reduce((sum, line) => sum + Number(line.quantity || 0) * Number(line.unit_cost || 0), 0);
  return (
    <FormDialog title={title} size="lg" form={form} write={write} submit={submit} onClose={onClose} request={request}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <Select
          label={t.supplier}
          data-autofocus
          data={suppliers.map(({ id, name }) => ({ value: String(id), label: name }))}
          value={supplier_id === null ? null : String(supplier_id)}
          error={form.errors.supplier_id}
          searchable={suppliers.length > 8}
          nothingFoundMessage={texts.common.nothingFound}
          onChange={(id) => form.setFieldValue('supplier_id', id === null ? null : Number(id))}
        />
        <LocationPicker label={t.arrivesAt} {...form.getInputProps('location_id')} />
      </SimpleGrid>
      <LinesEditor form={form} hasCost costOf={costOf} />
      {lines.length > 0 && (
        <Text size="sm" ta="right" className="figures">
          {t.sum(money(total))}
        </Text>
      )}
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput type="date" label={t.expectedOn} {...form.getInputProps('expected_on')} />
        <TextInput label={t.reference} {...form.getInputProps('reference')} />
      </SimpleGrid>
      <Textarea label={t.notes} autosize minRows={2} {...form.getInputProps('notes')} />
    </FormDialog>
  );
}

/** What the supplier asks for a product; else what it cost before. */
function useCosts(supplierId: number | null): (picked: Picked) => number | '' {
  const { data } = api.useQuery(
    'get',
    '/suppliers/{id}/items',
    { params: { path: { id: supplierId ?? 0 }, query: { limit: 100 } } },
    { enabled: supplierId !== null },
  );
  return ({ product, variant }) => data?.items.find((item) => item.variant_id === variant.id)?.unit_cost ?? product.cost_price ?? '';
}

function bodyOf(values: Values): Schemas['NewPurchaseOrderRequest'] {
  return {
    supplier_id: values.supplier_id ?? 0,
    location_id: values.location_id ?? 0,
    reference: values.reference.trim() || null,
    expected_on: values.expected_on || null,
    notes: values.notes.trim() || null,
    lines: values.lines.map(({ sku, quantity, unit_cost }) => ({
      product_id: sku,
      quantity: Number(quantity),
      unit_cost: unit_cost === '' ? null : unit_cost,
    })),
  };
}
