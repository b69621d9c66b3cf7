import { NumberInput, SimpleGrid, Text, TextInput } from '@mantine/core';
import { useForm, type UseFormReturnType } from '@mantine/form';

import type { Schemas } from '../../api/client';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog } from '../../ui/dialog';
import { MoneyInput, QuantityInput } from '../../ui/inputs';
import { ProductPicker } from '../../ui/pickers';
import { nameWithSize } from '../../ui/product';

const t = texts.purchasing;

interface Values extends Record<string, unknown> {
  product_id: string;
  name: string;
  supplier_sku: string;
  unit_cost: number | '';
  pack_quantity: number | '';
  min_quantity: number | '';
  lead_time_days: number | '';
}

interface Props {
  supplier: Schemas['SupplierResponse'];
  onClose: () => void;
}

type Item = Schemas['SupplierItemResponse'];

export function ItemDialog({ item, ...props }: Props & { item?: Item }) {
  return item ? <EditItem item={item} {...props} /> : <NewItem {...props} />;
}

function NewItem({ supplier, onClose }: Props) {
  const form = useItemForm();
  const write = useWrite('post', '/suppliers/{id}/items', { done: t.itemAdded });
  return (
    <FormDialog
      title={t.addItem}
      form={form}
      write={write}
      submit={t.addItem}
      onClose={onClose}
      request={(values) => ({ params: { path: { id: supplier.id } }, body: { product_id: values.product_id, ...termsOf(values) } })}
    >
      {form.values.name === '' ? (
        <ProductPicker
          takesScans
          autoFocus
          error={form.errors.product_id}
          onPick={({ product, variant }) => {
            form.setFieldValue('product_id', variant.sku);
            form.setFieldValue('name', nameWithSize({ product_name: product.name, size: variant.size }));
            if (form.values.unit_cost === '' && product.cost_price) form.setFieldValue('unit_cost', product.cost_price);
          }}
        />
      ) : (
        <Text fw={550}>{form.values.name}</Text>
      )}
      <Terms form={form} supplier={supplier} />
    </FormDialog>
  );
}

function EditItem({ supplier, item, onClose }: Props & { item: Item }) {
  const form = useItemForm(item);
  const write = useWrite('patch', '/suppliers/{id}/items/{item_id}', { done: texts.common.saved });
  return (
    <FormDialog
      title={t.editItem}
      form={form}
      write={write}
      submit={texts.common.save}
      onClose={onClose}
      request={(values) => ({ params: { path: { id: supplier.id, item_id: item.id } }, body: termsOf(values) })}
    >
      <Text fw={550}>{form.values.name}</Text>
      <Terms form={form} supplier={supplier} />
    </FormDialog>
  );
}

function useItemForm(item?: Item): UseFormReturnType<Values> {
  return useForm<Values>({
    initialValues: {
      product_id: item?.sku ?? '',
      name: item ? nameWithSize(item) : '',
      supplier_sku: item?.supplier_sku ?? '',
      unit_cost: item?.unit_cost ?? '',
      pack_quantity: item?.pack_quantity ?? 1,
      min_quantity: item?.min_quantity ?? 1,
      lead_time_days: item?.lead_time_days ?? '',
    },
    validate: {
      product_id: (sku) => (sku ? null : texts.common.required),
      unit_cost: (cost) => (cost === '' ? texts.common.required : null),
      pack_quantity: (units) => (Number(units || 0) < 1 ? texts.common.required : null),
      min_quantity: (units) => (Number(units || 0) < 1 ? texts.common.required : null),
    },
  });
}

function Terms({ form, supplier }: { form: UseFormReturnType<Values>; supplier: Schemas['SupplierResponse'] }) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
      <MoneyInput label={t.unitCost} {...form.getInputProps('unit_cost')} />
      <TextInput label={t.supplierSku} {...form.getInputProps('supplier_sku')} />
      <QuantityInput label={t.pack} description={t.packHint} min={1} {...form.getInputProps('pack_quantity')} />
      <QuantityInput label={t.minimum} description={t.minimumHint} min={1} {...form.getInputProps('min_quantity')} />
      <NumberInput
        label={t.leadTimeDays}
        description={supplier.lead_time_days === null ? undefined : t.leadTimeOfSupplier(String(supplier.lead_time_days))}
        min={0}
        allowDecimal={false}
        allowNegative={false}
        clampBehavior="none"
        {...form.getInputProps('lead_time_days')}
      />
    </SimpleGrid>
  );
}

function termsOf(values: Values) {
  return {
    supplier_sku: values.supplier_sku.trim() || null,
    unit_cost: values.unit_cost === '' ? 0 : values.unit_cost,
    pack_quantity: Number(values.pack_quantity),
    min_quantity: Number(values.min_quantity),
    lead_time_days: values.lead_time_days === '' ? null : values.lead_time_days,
  };
}
