import { Alert, Button, Group, Pagination, Skeleton, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { keepPreviousData, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';

import { api, client } from '../../api/client';
import { useCan } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { WriteProblem } from '../../ui/dialog';
import { FilterBar, SearchField } from '../../ui/filters';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { useListState } from '../../ui/list-state';
import { notifyDone, notifyProblem } from '../../ui/notify';
import { PageHeader } from '../../ui/page';
import { EmptyState, ErrorState, messageOf } from '../../ui/states';
import { useUnsaved } from '../../ui/unsaved';
import { CategoryFilter } from '../stock/StockPage';
import { focusCell, Grid, type Paste } from './Grid';
import classes from './grid.module.css';
import { COLUMN_TITLES, COLUMNS, notationOf, rowsOf, type GridRow, type Notation } from './grid-model';
import { conflictsIn, useGrid, type Mistake } from './use-grid';

const t = texts.stock;
const PAGE = 50;
/** The rows of one request of the bulk route. */
const SLICE = 500;

/** Prices and limits of many products, as a grid that takes cells of a spreadsheet. */
export default function BulkEditPage() {
  const formats = useFormats();
  const can = useCan();
  const notation = useMemo(() => notationOf(formats.locale, formats.moneyDigits), [formats]);
  const list = useListState('/inventory/products', { filters: ['q', 'category'], sort: 'name', limit: PAGE });
  const products = api.useQuery('get', '/inventory/products', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const rows = useMemo(() => rowsOf(products.data?.items ?? [], notation), [products.data, notation]);
  const grid = useGrid(notation);
  const save = useSave(grid, notation);
  const area = useRef<HTMLDivElement>(null);
  // Changed cells stay while another page is shown; what is being saved would lose its outcome.
  useUnsaved(save.isSaving || save.write.state === 'unknown');
  // The cost is not shown to accounts that may not see it, so they do not overwrite it either.
  const columns = useMemo(() => COLUMNS.filter((column) => column !== 'cost_price' || can('inventory:read')), [can('inventory:read')]);

  const paste = ({ cells, rowsBeyond, hasColumnsBeyond }: Paste) => {
    grid.change(cells);
    notifyDone(t.pasted(formats.quantity(cells.length)));
    if (rowsBeyond > 0) notifyProblem(t.pastedBeyond(formats.quantity(rowsBeyond)));
    if (hasColumnsBeyond) notifyProblem(t.pastedColumns);
  };

  return (
    <>
      <PageHeader title={t.bulkEdit} back={{ to: '/products', label: t.products }} actions={<Actions grid={grid} save={save} />}>
        {t.gridHint}
      </PageHeader>
      <div className="panel" ref={area}>
        <FilterBar>
          <SearchField list={list} label={t.searchProducts} />
          <CategoryFilter list={list} />
        </FilterBar>
        <Notes grid={grid} save={save} rows={rows} area={area} />
        {products.error && !products.data && <ErrorState error={products.error} retry={() => void products.refetch()} />}
        {!products.data && !products.error && <Skeleton height={400} m="md" />}
        {products.data && rows.length === 0 && <EmptyState title={list.isFiltered ? texts.common.nothingFound : t.none} />}
        {rows.length > 0 && (
          <Grid
            rows={rows}
            columns={columns}
            edits={grid.edits}
            notation={notation}
            onChange={grid.change}
            onPaste={paste}
            onDiscard={grid.discard}
          />
        )}
        {products.data && products.data.pages > 1 && (
          <nav className={classes.bar} aria-label={texts.common.pages}>
            <Pagination
              size="sm"
              value={list.page}
              total={products.data.pages}
              getItemProps={(number) => ({ component: Link, to: list.linkTo({ page: number > 1 ? String(number) : '' }) })}
              getControlProps={(control) => ({
                'aria-label': control === 'next' ? texts.common.nextPage : texts.common.previousPage,
                component: Link,
                to: list.linkTo({ page: String(Math.min(products.data.pages, Math.max(1, list.page + (control === 'next' ? 1 : -1)))) }),
              })}
            />
          </nav>
        )}
      </div>
    </>
  );
}

type GridState = ReturnType<typeof useGrid>;
type SaveState = ReturnType<typeof useSave>;

/** Sends the changed rows. What other people changed meanwhile is shown before it is replaced. */
function useSave(grid: GridState, notation: Notation) {
  const { quantity } = useFormats();
  const queries = useQueryClient();
  const write = useWrite('patch', '/inventory/products/bulk', {});
  const [isChecking, setIsChecking] = useState(false);
  const [hasConflicts, setHasConflicts] = useState(false);
  const sent = useRef<string[]>([]);

  const send = async () => {
    const requests = grid.requests();
    let saved = 0;
    for (let at = 0; at < requests.length; at += SLICE) {
      const slice = requests.slice(at, at + SLICE);
      sent.current = slice.map(({ key }) => key);
      const answer = await write.send({ params: { query: { on_error: 'skip' } }, body: slice.map(({ request }) => request) });
      if (!answer) return;
      grid.accept(answer.rows, sent.current);
      saved += answer.rows.filter(({ action }) => action !== 'refused').length;
    }
    const refused = requests.length - saved + grid.wrong;
    if (refused > 0) notifyProblem(t.savedSome(quantity(saved), quantity(refused)));
    else notifyDone(t.saved(quantity(saved)));
  };

  const run = async () => {
    setIsChecking(true);
    try {
      const ids = [...new Set([...grid.edits.values()].map(({ row }) => row.productId))];
      const current = rowsOf(await Promise.all(ids.map(readProduct)), notation);
      const conflicts = conflictsIn(grid.edits, current, notation);
      grid.rebase(current);
      setHasConflicts(conflicts.length > 0);
      if (conflicts.length === 0) await send();
      else void queries.invalidateQueries({ queryKey: ['get', '/inventory/products'] });
    } catch (error) {
      notifyProblem(messageOf(error));
    } finally {
      setIsChecking(false);
    }
  };
  /** Asks for the answer that was lost. Rows of further slices are still changed, and are saved next. */
  const retry = async () => {
    const answer = await write.retry();
    if (answer) grid.accept(answer.rows, sent.current);
  };
  return { run, retry, write, isSaving: isChecking || write.isSending, hasConflicts: hasConflicts && grid.edits.size > 0 };
}

async function readProduct(id: number) {
  const { data } = await client.GET('/inventory/products/{id}', { params: { path: { id: String(id) } } });
  if (!data) throw new Error(texts.errors.title);
  return data;
}

function Actions({ grid, save }: { grid: GridState; save: SaveState }) {
  const { quantity } = useFormats();
  const count = grid.edits.size;
  const { write } = save;
  return (
    <>
      {count > 0 && (
        <Button variant="default" disabled={save.isSaving} onClick={() => window.confirm(t.discardText(quantity(count))) && grid.discard()}>
          {t.discard}
        </Button>
      )}
      {write.state === 'unknown' ? (
        <Button onClick={() => void save.retry()}>{texts.common.checkAgain}</Button>
      ) : (
        <Button disabled={count === 0 || grid.requests().length === 0} loading={save.isSaving} onClick={() => void save.run()}>
          {count === 0 ? t.saveNothing : t.saveCells(quantity(grid.requests().length))}
        </Button>
      )}
    </>
  );
}

interface NotesProps {
  grid: GridState;
  save: SaveState;
  rows: GridRow[];
  area: React.RefObject<HTMLDivElement | null>;
}

/** What stands in the way of saving: refused cells, values of other people, a lost answer. */
function Notes({ grid, save, rows, area }: NotesProps) {
  const { quantity } = useFormats();
  const { mistakes } = grid;
  if (mistakes.length === 0 && !save.hasConflicts && !save.write.problem && save.write.state !== 'retrying') return null;
  return (
    <Stack gap="xs" px={16} pb={12}>
      <WriteProblem write={save.write} />
      {save.hasConflicts && (
        <Alert color="yellow" title={t.meanwhileTitle} icon={<IconAlertTriangle size={18} />} role="alert">
          {t.meanwhileText}
        </Alert>
      )}
      {mistakes.length > 0 && (
        <Alert color="red" title={t.mistakes(quantity(mistakes.length))} icon={<IconAlertTriangle size={18} />} role="alert">
          <ul className={classes.mistakes}>
            {mistakes.slice(0, 10).map((mistake) => (
              <MistakeLine key={`${mistake.row.key} ${mistake.column}`} mistake={mistake} rows={rows} area={area} />
            ))}
          </ul>
          {mistakes.length > 10 && <Text size="sm">{t.moreParts(quantity(mistakes.length - 10))}</Text>}
        </Alert>
      )}
    </Stack>
  );
}

function MistakeLine({ mistake: { row, column, reason }, rows, area }: { mistake: Mistake } & Pick<NotesProps, 'rows' | 'area'>) {
  const index = rows.findIndex(({ key }) => key === row.key);
  return (
    <li>
      <Group gap="xs">
        <Text size="sm">{column === null ? `${row.name}: ${reason}` : t.mistakeAt(row.name, COLUMN_TITLES[column], reason)}</Text>
        {index >= 0 && column !== null && (
          <Button variant="transparent" size="compact-sm" onClick={() => focusCell(area.current, index, column)}>
            {t.goToCell}
          </Button>
        )}
      </Group>
    </li>
  );
}
