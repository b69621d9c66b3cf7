import { api } from '../../api/client';
import { texts } from '../../texts';
import { SelectFilter } from '../../ui/filters';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { Panel } from '../../ui/page';
import { EmptyState } from '../../ui/states';
import { DataTable } from '../../ui/table';
import { asPage, kindOptions, MOVEMENT_FILTERS, useMovementColumns, useMovementQuery } from '../stock/movements';
import type { Product } from '../stock/level';
import classes from './products.module.css';

const t = texts.stock;

/** The ledger of a product. */
export function ProductMovements({ product }: { product: Product }) {
  const list = useListState('/inventory/products/{id}/movements', { filters: MOVEMENT_FILTERS, sort: '-id', limit: 10 });
  const query = useMovementQuery(list);
  const movements = api.useQuery(
    'get',
    '/inventory/products/{id}/movements',
    { params: { path: { id: String(product.id) }, query } },
    { placeholderData: keepPreviousData, select: asPage },
  );
  return (
    <div className={classes.wide}>
      <Panel
        title={t.movementsTitle}
        isFlush
        action={<SelectFilter list={list} name="kind" label={t.kind} options={kindOptions} />}
      >
        <DataTable
          label={t.movementsTitle}
          query={movements}
          list={list}
          columns={useMovementColumns(false, product.has_sizes)}
          rowKey={(movement) => String(movement.id)}
          empty={<EmptyState title={t.movementsNone} />}
        />
      </Panel>
    </div>
  );
}
