import { SimpleGrid, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';

import type { Schemas } from '../../api/client';
import { texts } from '../../texts';
import { MoneyInput, QuantityInput } from '../../ui/inputs';
import { isFilled, isNumber } from '../stock/stock-dialogs';

const t = texts.stock;

type Figure = number | string;

/** The fields of a product in a form. '' is no value. */
export interface ProductValues extends Record<string, unknown> {
  name: string;
  sku: string;
  price: Figure;
  mrp: Figure;
  cost_price: Figure;
  category: string;
  brand: string;
  unit: string;
  barcode: string;
  description: string;
  min_stock_level: Figure;
  max_stock_level: Figure;
}

export const emptyProduct: ProductValues = {
  name: '',
  sku: '',
  price: '',
  mrp: '',
  cost_price: '',
  category: '',
  brand: '',
  unit: '',
  barcode: '',
  description: '',
  min_stock_level: '',
  max_stock_level: '',
};

export const productRules = { name: isFilled, sku: isFilled, price: isNumber };

export function valuesOf(product: Schemas['ProductResponse']): ProductValues {
  const entries = Object.keys(emptyProduct).map((name) => [name, product[name as keyof Schemas['ProductResponse']] ?? '']);
  return Object.fromEntries(entries) as ProductValues;
}

/** The members of a request for the values that are given or, of an edit, that differ from those before. */
export function changesOf(values: ProductValues, before: ProductValues): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  for (const name of Object.keys(emptyProduct)) {
    const value = typeof values[name] === 'string' ? (values[name] as string).trim() : values[name];
    if (value !== before[name]) changes[name] = value === '' ? null : value;
  }
  return changes;
}

/** The fields of a product, for making and for editing one. */
export function ProductFields<V extends ProductValues>({ form, hasSizes }: { form: UseFormReturnType<V>; hasSizes: boolean }) {
  const field = (name: keyof ProductValues & string) => form.getInputProps(name as never);
  return (
    <>
      <TextInput label={t.name} required data-autofocus maxLength={255} {...field('name')} />
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="sm">
        <TextInput label={t.sku} required maxLength={100} {...field('sku')} />
        <MoneyInput label={t.price} required {...field('price')} />
        <MoneyInput label={t.mrp} {...field('mrp')} />
        <MoneyInput label={t.cost} {...field('cost_price')} />
        <TextInput label={t.category} maxLength={100} {...field('category')} />
        <TextInput label={t.brand} maxLength={100} {...field('brand')} />
        <TextInput label={t.unit} placeholder={t.unitHint} maxLength={50} {...field('unit')} />
        {!hasSizes && <TextInput label={t.barcode} maxLength={100} data-scan="field" {...field('barcode')} />}
        <QuantityInput label={t.minimum} description={t.minimumHint} {...field('min_stock_level')} />
        <QuantityInput label={t.maximum} description={t.maximumHint} {...field('max_stock_level')} />
      </SimpleGrid>
      <Textarea label={t.description} autosize minRows={2} maxRows={8} maxLength={5000} {...field('description')} />
    </>
  );
}
