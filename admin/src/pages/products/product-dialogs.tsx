import { Text } from '@mantine/core';
import { useForm } from '@mantine/form';

import type { Schemas } from '../../api/client';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, FormDialog, useFrozen } from '../../ui/dialog';
import type { Product } from '../stock/level';
import { changesOf, ProductFields, productRules, valuesOf } from './ProductFields';

const t = texts.stock;

interface ProductDialogProps {
  product: Product;
  onClose: () => void;
}

/** Edits a product. Only what was changed here is sent, so that a colleague's changes of other fields stay. */
export function EditProductDialog({ product, onClose }: ProductDialogProps) {
  const before = useFrozen(valuesOf(product));
  const form = useForm({ initialValues: before, validate: productRules });
  const write = useWrite('patch', '/inventory/products/{id}', { done: t.productSaved });
  return (
    <FormDialog
      title={t.editTitle(product.name)}
      size="lg"
      form={form}
      write={write}
      submit={texts.common.save}
      onClose={onClose}
      request={(values) => ({
        params: { path: { id: String(product.id) } },
        body: changesOf(values, before) as Schemas['UpdateProductRequest'],
      })}
    >
      <ProductFields form={form} hasSizes={product.has_sizes} />
    </FormDialog>
  );
}

/** Takes a product off sale. */
export function ArchiveDialog({ product, onClose }: ProductDialogProps) {
  const write = useWrite('delete', '/inventory/products/{id}', { done: t.archived(product.name) });
  return (
    <ConfirmDialog
      title={t.archiveTitle(product.name)}
      write={write}
      request={{ params: { path: { id: String(product.id) } } }}
      confirm={t.archive}
      isDangerous
      onClose={onClose}
    >
      {t.archiveText}
    </ConfirmDialog>
  );
}

/** Puts an archived product back on sale. */
export function ActivateDialog({ product, onClose }: ProductDialogProps) {
  const write = useWrite('patch', '/inventory/products/{id}', { done: t.activated(product.name) });
  return (
    <ConfirmDialog
      title={t.activateTitle(product.name)}
      write={write}
      request={{ params: { path: { id: String(product.id) } }, body: { status: 'active' } }}
      confirm={t.activate}
      onClose={onClose}
    >
      <Text size="sm">{t.activateText}</Text>
    </ConfirmDialog>
  );
}
