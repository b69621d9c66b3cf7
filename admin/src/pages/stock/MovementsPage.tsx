import { api } from '../../api/client';
import { texts } from '../../texts';
import { DayFilter, FilterBar, SearchField, SelectFilter } from '../../ui/filters';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { EmptyState } from '../../ui/states';
import { DataTable } from '../../ui/table';
import { pathTo } from '../paths';
import { asPage, kindOptions, MOVEMENT_FILTERS, useMovementColumns, useMovementQuery } from './movements';

const t = texts.stock;

/** The ledger of the store: everything that changed a figure, newest first. */
export default function MovementsPage() {
  const list = useListState('/inventory/movements', { filters: MOVEMENT_FILTERS, sort: '-id' });
  const query = useMovementQuery(list);
  const movements = api.useQuery('get', '/inventory/movements', { params: { query } }, { placeholderData: keepPreviousData, select: asPage });
  const columns = useMovementColumns(true);
  return (
    <>
      <PageHeader title={t.movementsTitle} />
      <div className="panel">
        <FilterBar>
          <SearchField list={list} name="reference_id" label={t.referenceFilter} />
          <SelectFilter list={list} name="kind" label={t.kind} options={kindOptions} />
          <DayFilter list={list} name="from" label={t.from} />
          <DayFilter list={list} name="to" label={t.until} />
        </FilterBar>
        <DataTable
          label={t.movementsTitle}
          query={movements}
          list={list}
          columns={columns}
          rowKey={(movement) => String(movement.id)}
          rowLink={(movement) => pathTo.product(movement.product_id)}
          empty={<EmptyState title={t.movementsNone} />}
        />
      </div>
    </>
  );
}
