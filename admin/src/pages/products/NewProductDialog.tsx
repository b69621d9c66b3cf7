import { TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';

import type { Schemas } from '../../api/client';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { FormDialog } from '../../ui/dialog';
import { QuantityInput } from '../../ui/inputs';
import { useGo } from '../../ui/link';
import { pathTo } from '../paths';
import { changesOf, emptyProduct, ProductFields, productRules } from './ProductFields';

const t = texts.stock;

/** Makes a product, and opens its page. */
export function NewProductDialog({ onClose }: { onClose: () => void }) {
  const go = useGo();
  const form = useForm({
    initialValues: { ...emptyProduct, initial_stock: '' as number | string, sizes: '' },
    validate: productRules,
  });
  const write = useWrite('post', '/inventory/products', {
    done: (product) => t.productCreated(product.name),
    onDone: (product) => go(pathTo.product(product.id)),
  });
  const sizes = sizesOf(form.values.sizes);
  return (
    <FormDialog
      title={t.newProduct}
      size="lg"
      form={form}
      write={write}
      submit={t.createProduct}
      onClose={onClose}
      request={(values) => ({
        body: {
          ...changesOf(values, emptyProduct),
          ...(sizesOf(values.sizes).length > 0
            ? { sizes: sizesOf(values.sizes).map((size) => ({ size })) }
            : typeof values.initial_stock === 'number'
              ? { initial_stock: values.initial_stock }
              : {}),
        } as Schemas['NewProductRequest'],
      })}
    >
      <ProductFields form={form} hasSizes={sizes.length > 0} />
      <TextInput label={t.sizes} description={sizes.length > 0 ? t.initialPerSize : t.sizesHint} {...form.getInputProps('sizes')} />
      {sizes.length === 0 && <QuantityInput label={t.initialStock} {...form.getInputProps('initial_stock')} />}
    </FormDialog>
  );
}

function sizesOf(text: string): string[] {
  return text.split(',').map((size) => size.trim()).filter(Boolean);
}
