import { Autocomplete, CloseButton, List, Radio, Select, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useForm, type UseFormReturnType } from '@mantine/form';

import { api, type Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog } from '../../ui/dialog';
import { useGo } from '../../ui/link';
import { LocationPicker, ProductPicker } from '../../ui/pickers';
import { useLocations } from '../../ui/places';
import { pathTo } from '../paths';
import classes from './counts.module.css';

const t = texts.counts;
const KINDS = ['all', 'category', 'products', 'under_minimum', 'not_counted_since'] as const;

interface Values extends Record<string, unknown> {
  location_id: number | null;
  condition: Schemas['Condition'];
  kind: (typeof KINDS)[number];
  category: string;
  products: { id: number; name: string }[];
  since: string;
  blind: boolean;
  uncounted: Schemas['Uncounted'];
}

export function NewCountDialog({ onClose }: { onClose: () => void }) {
  const go = useGo();
  const locations = useLocations();
  const form = useForm<Values>({
    initialValues: {
      location_id: locations[0]?.id ?? null,
      condition: 'sellable',
      kind: 'all',
      category: '',
      products: [],
      since: '',
      blind: false,
      uncounted: 'leave',
    },
    validate: {
      location_id: (value) => (value === null ? texts.common.required : null),
      category: (value, { kind }) => (kind === 'category' && !value.trim() ? texts.common.required : null),
      products: (value, { kind }) => (kind === 'products' && value.length === 0 ? texts.common.required : null),
      since: (value, { kind }) => (kind === 'not_counted_since' && !value ? texts.common.required : null),
    },
  });
  const write = useWrite('post', '/counts', { done: t.made, onDone: (count) => go(pathTo.count(count.count_number)) });
  return (
    <FormDialog
      title={t.make}
      form={form}
      write={write}
      submit={t.make}
      onClose={onClose}
      fieldNames={{ 'scope.category': 'category', 'scope.products': 'products', 'scope.not_counted_since': 'since', scope: 'kind' }}
      request={(values) => ({
        body: {
          location_id: values.location_id ?? 0,
          condition: values.condition,
          blind: values.blind,
          uncounted: values.uncounted,
          scope: scopeOf(values),
        },
      })}
    >
      <LocationPicker data-autofocus {...form.getInputProps('location_id')} />
      <Select
        label={t.condition}
        data={[
          { value: 'sellable', label: t.conditions.sellable },
          { value: 'quarantine', label: t.conditions.quarantine },
        ]}
        {...form.getInputProps('condition')}
      />
      <ScopeFields form={form} />
      <Switch label={t.blind} description={t.blindHint} {...form.getInputProps('blind', { type: 'checkbox' })} />
      <Switch
        label={t.zero}
        description={t.zeroHint}
        checked={form.values.uncounted === 'zero'}
        onChange={(event) => form.setFieldValue('uncounted', event.currentTarget.checked ? 'zero' : 'leave')}
      />
    </FormDialog>
  );
}

function ScopeFields({ form }: { form: UseFormReturnType<Values> }) {
  const { kind, products } = form.values;
  const remove = (id: number) => form.setFieldValue('products', products.filter((one) => one.id !== id));
  return (
    <>
      <Radio.Group label={t.scope} {...form.getInputProps('kind')}>
        <Stack gap={6} mt={4}>
          {KINDS.map((one) => (
            <Radio key={one} value={one} label={t.scopes[one]} />
          ))}
        </Stack>
      </Radio.Group>
      {kind === 'category' && <CategoryField form={form} />}
      {kind === 'not_counted_since' && <TextInput type="date" label={t.since} {...form.getInputProps('since')} />}
      {kind === 'products' && (
        <>
          <ProductPicker
            takesScans
            label={t.addProduct}
            error={form.errors.products}
            onPick={({ product }) => {
              if (!products.some(({ id }) => id === product.id)) form.setFieldValue('products', [...products, { id: product.id, name: product.name }]);
            }}
          />
          {products.length > 0 && (
            <List listStyleType="none" className={classes.chosen}>
              {products.map(({ id, name }) => (
                <li key={id}>
                  <Text size="sm">{name}</Text>
                  <CloseButton size="sm" aria-label={`${texts.common.remove}: ${name}`} onClick={() => remove(id)} />
                </li>
              ))}
            </List>
          )}
        </>
      )}
    </>
  );
}

/** The categories with stock are suggested to those who may see them. */
function CategoryField({ form }: { form: UseFormReturnType<Values> }) {
  const can = useCan();
  const { data } = api.useQuery('get', '/inventory/summary', {}, { enabled: can('inventory:read'), staleTime: 60_000 });
  const names = (data?.by_category ?? []).flatMap(({ category }) => (category ? [category] : []));
  return <Autocomplete label={t.category} data={[...new Set(names)]} {...form.getInputProps('category')} />;
}

function scopeOf({ kind, category, products, since }: Values): Schemas['CountScopeRequest'] {
  switch (kind) {
    case 'category':
      return { category: category.trim() };
    case 'products':
      return { products: products.map(({ id }) => id) };
    case 'not_counted_since':
      return { not_counted_since: since };
    case 'under_minimum':
      return { under_minimum: true };
    case 'all':
      return { all: true };
  }
}
