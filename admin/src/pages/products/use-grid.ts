import { useEffect, useMemo, useState } from 'react';

import type { Schemas } from '../../api/client';
import { useSession } from '../../api/session';
import { useKeptUnsaved } from '../../ui/unsaved';
import { COLUMNS, isSame, mistakeOf, plainFigure, type GridColumn, type GridRow, type Notation } from './grid-model';

/** A cell that was changed and is not saved. */
export interface Edit {
  text: string;
  /** The value of the server when the cell was changed, or when the user saw that the value is another one. */
  base: string;
  /** The earlier value of the server, if another user has changed it and this user has seen that. */
  meanwhile?: string;
  /** Why the server refused it. */
  refusal?: string;
}

/** A row with changed cells. Its row is kept, because it may be on another page of the list now. */
export interface EditedRow {
  row: GridRow;
  cells: Partial<Record<GridColumn, Edit>>;
  /** Why the server refused the row, if that is not about a cell. */
  refusal?: string;
}

type Edits = ReadonlyMap<string, EditedRow>;
export type RowRequest = Schemas['ProductRowRequest'];

export interface Mistake {
  row: GridRow;
  column: GridColumn | null;
  reason: string;
}

/** The changes of each account and store. Who looks at another page and comes back finds them again. */
const drafts = new Map<string, Edits>();

/** The changed cells of the grid, until they are saved. They stay while the list is searched and paged. */
export function useGrid(notation: Notation) {
  const { user, store } = useSession();
  const owner = `${user.id} ${store.id}`;
  const [edits, setEdits] = useState<Edits>(() => drafts.get(owner) ?? new Map());
  useEffect(() => void drafts.set(owner, edits), [owner, edits]);
  useKeptUnsaved(`edit many ${owner}`, edits.size > 0);

  /** Changes cells. A cell that is as the server has it is no change. */
  const change = (cells: { row: GridRow; column: GridColumn; text: string }[]) =>
    setEdits((before) => {
      const after = new Map(before);
      for (const { row, column, text } of cells) {
        const known = after.get(row.key);
        const changed = { ...known?.cells };
        if (isSame(text, row.values[column], notation)) delete changed[column];
        else changed[column] = { text, base: known?.cells[column]?.base ?? row.values[column] };
        if (Object.keys(changed).length > 0) after.set(row.key, { row, cells: changed });
        else after.delete(row.key);
      }
      return after;
    });

  const discard = (key?: string) =>
    setEdits((before) => {
      const after = new Map(key === undefined ? [] : before);
      if (key !== undefined) after.delete(key);
      return after;
    });

  const mistakes = useMemo(() => mistakesIn(edits, notation), [edits, notation]);
  const wrongKeys = new Set(mistakes.filter(({ column }) => column !== null).map(({ row }) => row.key));

  return {
    edits,
    change,
    discard,
    mistakes,
    /** The rows that can be sent: those without a mistake that the desk itself sees. */
    requests: () => requestsOf(edits, notation),
    /** How many rows of those that are changed cannot be sent. */
    wrong: [...wrongKeys].filter((key) => hasLocalMistake(edits.get(key), notation)).length,
    accept: (results: Schemas['ImportRowResponse'][], sent: string[]) => setEdits((before) => afterAnswer(before, results, sent)),
    rebase: (rows: GridRow[]) => setEdits((before) => rebased(before, rows, notation)),
  };
}

function hasLocalMistake(edited: EditedRow | undefined, notation: Notation): boolean {
  return COLUMNS.some((column) => {
    const edit = edited?.cells[column];
    return edit !== undefined && edited !== undefined && mistakeOf(edited.row, column, edit.text, notation) !== null;
  });
}

function mistakesIn(edits: Edits, notation: Notation): Mistake[] {
  return [...edits.values()].flatMap(({ row, cells, refusal }) => [
    ...(refusal ? [{ row, column: null, reason: refusal }] : []),
    ...COLUMNS.flatMap((column) => {
      const edit = cells[column];
      const reason = edit && (mistakeOf(row, column, edit.text, notation) ?? edit.refusal);
      return reason ? [{ row, column, reason }] : [];
    }),
  ]);
}

function requestsOf(edits: Edits, notation: Notation): { key: string; request: RowRequest }[] {
  return [...edits.values()]
    .filter((edited) => !hasLocalMistake(edited, notation))
    .map(({ row, cells }) => {
      const request: Record<string, unknown> = { sku: row.sku, ...(row.size === null ? {} : { size: row.size }) };
      for (const column of COLUMNS) {
        const edit = cells[column];
        if (!edit) continue;
        const figure = plainFigure(edit.text, notation);
        const isUnits = column === 'min_stock_level' || column === 'max_stock_level';
        request[column] = figure === '' ? null : isUnits ? Number(figure) : figure;
      }
      return { key: row.key, request: request as RowRequest };
    });
}

/** Saved rows are no changes any more; refused ones keep their cells, with the server's reasons. */
function afterAnswer(before: Edits, results: Schemas['ImportRowResponse'][], sent: string[]): Edits {
  const after = new Map(before);
  for (const { row: number, action, errors } of results) {
    const key = sent[number - 1];
    const edited = key === undefined ? undefined : after.get(key);
    if (key === undefined || !edited) continue;
    if (action !== 'refused') {
      after.delete(key);
      continue;
    }
    const cells = { ...edited.cells };
    const others: string[] = [];
    for (const { field, message } of errors) {
      const column = COLUMNS.find((name) => field === name || field.endsWith(`.${name}`));
      const edit = column && cells[column];
      if (column && edit) cells[column] = { ...edit, refusal: message };
      else others.push(message);
    }
    after.set(key, { ...edited, cells, refusal: others.join(' ') || undefined });
  }
  return after;
}

/** Takes the present values of the server as the base of the changes, after the user has seen them. */
function rebased(before: Edits, rows: GridRow[], notation: Notation): Edits {
  const after = new Map(before);
  for (const row of rows) {
    const edited = after.get(row.key);
    if (!edited) continue;
    const cells = Object.fromEntries(
      Object.entries(edited.cells).map(([column, edit]) => {
        const base = row.values[column as GridColumn];
        return [column, { ...edit, base, meanwhile: isSame(edit.base, base, notation) ? edit.meanwhile : edit.base }];
      }),
    );
    after.set(row.key, { ...edited, row, cells });
  }
  return after;
}

/** The changed cells of which the server now has another value than the one that was edited. */
export function conflictsIn(edits: Edits, rows: GridRow[], notation: Notation): { row: GridRow; column: GridColumn; before: string }[] {
  return rows.flatMap((row) =>
    COLUMNS.flatMap((column) => {
      const edit = edits.get(row.key)?.cells[column];
      if (!edit || isSame(edit.base, row.values[column], notation) || isSame(edit.text, row.values[column], notation)) return [];
      return [{ row, column, before: edit.base }];
    }),
  );
}
