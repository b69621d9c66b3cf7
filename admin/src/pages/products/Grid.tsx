import { ActionIcon } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { memo, useRef, type ClipboardEvent, type KeyboardEvent } from 'react';

import { texts } from '../../texts';
import { CodeText } from '../../ui/values';
import classes from './grid.module.css';
import { cellsOf, COLUMN_TITLES, isEditable, mistakeOf, type GridColumn, type GridRow, type Notation } from './grid-model';
import type { EditedRow } from './use-grid';

const t = texts.stock;

export interface Paste {
  cells: { row: GridRow; column: GridColumn; text: string }[];
  rowsBeyond: number;
  hasColumnsBeyond: boolean;
}

interface GridProps {
  rows: GridRow[];
  columns: readonly GridColumn[];
  edits: ReadonlyMap<string, EditedRow>;
  notation: Notation;
  onChange: (cells: Paste['cells']) => void;
  onPaste: (paste: Paste) => void;
  onDiscard: (key: string) => void;
}

/** A table of fields, as in a spreadsheet: cells are pasted over rows and columns, Enter and the arrows go up and down. */
export function Grid({ rows, columns, edits, notation, onChange, onPaste, onDiscard }: GridProps) {
  const table = useRef<HTMLTableElement>(null);
  // Rows are many, so each is only rendered again if it changed; what they call is always the latest.
  const latest = useRef({ rows, onChange, onPaste, onDiscard });
  latest.current = { rows, onChange, onPaste, onDiscard };
  const handlers = useRef<RowHandlers>({
    change: (row, column, text) => latest.current.onChange([{ row, column, text }]),
    discard: (key) => latest.current.onDiscard(key),
    key: (event, index, column) => {
      const step = stepOf(event);
      if (step === 0) return;
      event.preventDefault();
      focusCell(table.current, index + step, column);
    },
    paste: (event, index, column) => {
      const cells = cellsOf(event.clipboardData.getData('text/plain'));
      if (cells.length === 1 && cells[0]?.length === 1) return;
      event.preventDefault();
      latest.current.onPaste(placed(cells, latest.current.rows, index, columns, column));
    },
  });

  return (
    <div className={classes.scroll}>
      <table ref={table} className={classes.grid} aria-label={t.gridLabel}>
        <thead>
          <tr>
            <th scope="col">{t.product}</th>
            {columns.map((column) => (
              <th key={column} scope="col" data-align="right">
                {COLUMN_TITLES[column]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <Row
              key={row.key}
              row={row}
              index={index}
              columns={columns}
              edited={edits.get(row.key)}
              notation={notation}
              handlers={handlers.current}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function stepOf(event: KeyboardEvent): number {
  if (event.altKey || event.ctrlKey || event.metaKey) return 0;
  if (event.key === 'ArrowDown' || (event.key === 'Enter' && !event.shiftKey)) return 1;
  if (event.key === 'ArrowUp' || event.key === 'Enter') return -1;
  return 0;
}

/** Goes to the cell of a row, or of the next one in that direction that has such a field. */
export function focusCell(table: HTMLElement | null, index: number, column: GridColumn): void {
  const field = table?.querySelector<HTMLInputElement>(`[data-cell="${index}:${column}"]`);
  field?.focus();
  field?.select();
}

function placed(cells: string[][], rows: GridRow[], index: number, columns: readonly GridColumn[], column: GridColumn): Paste {
  const first = columns.indexOf(column);
  const taken = cells.slice(0, rows.length - index).flatMap((line, down) =>
    line.flatMap((text, right) => {
      const row = rows[index + down];
      const target = columns[first + right];
      return row && target ? [{ row, column: target, text }] : [];
    }),
  );
  return {
    cells: taken,
    rowsBeyond: Math.max(0, cells.length - (rows.length - index)),
    hasColumnsBeyond: cells.some((line) => line.slice(columns.length - first).some((text) => text.trim() !== '')),
  };
}

interface RowHandlers {
  change: (row: GridRow, column: GridColumn, text: string) => void;
  discard: (key: string) => void;
  key: (event: KeyboardEvent, index: number, column: GridColumn) => void;
  paste: (event: ClipboardEvent, index: number, column: GridColumn) => void;
}

interface RowProps {
  row: GridRow;
  index: number;
  columns: readonly GridColumn[];
  edited: EditedRow | undefined;
  notation: Notation;
  handlers: RowHandlers;
}

const Row = memo(function Row({ row, index, columns, edited, notation, handlers }: RowProps) {
  return (
    <tr data-size={row.size !== null || undefined} data-edited={edited !== undefined || undefined}>
      <th scope="row">
        <div className={classes.head}>
          <div>
            {row.size === null ? row.name : row.size}
            {row.size === null && (
              <div className={classes.sku}>
                <CodeText>{row.sku}</CodeText>
              </div>
            )}
            {edited?.refusal && <div className={classes.reason}>{edited.refusal}</div>}
          </div>
          {edited && (
            <ActionIcon size="md" aria-label={t.discardRow(row.name)} onClick={() => handlers.discard(row.key)}>
              <IconArrowBackUp size={16} aria-hidden />
            </ActionIcon>
          )}
        </div>
      </th>
      {columns.map((column) => (
        <Cell key={column} row={row} index={index} column={column} edited={edited} notation={notation} handlers={handlers} />
      ))}
    </tr>
  );
});

function Cell({ row, index, column, edited, notation, handlers }: Omit<RowProps, 'columns'> & { column: GridColumn }) {
  const edit = edited?.cells[column];
  if (!edit && !isEditable(row, column)) return <td className={classes.fixed} />;
  const reason = edit ? (mistakeOf(row, column, edit.text, notation) ?? edit.refusal) : undefined;
  const before = edit?.meanwhile ?? (edit && edit.base !== row.values[column] ? edit.base : undefined);
  const note = !reason && before !== undefined ? t.changedMeanwhile(before || '–', row.values[column] || '–') : undefined;
  const noteId = reason || note ? `note-${index}-${column}` : undefined;
  return (
    <td>
      <input
        className={classes.cell}
        data-cell={`${index}:${column}`}
        data-edited={edit !== undefined || undefined}
        aria-label={t.cell(COLUMN_TITLES[column], row.name)}
        aria-invalid={reason !== undefined || undefined}
        aria-describedby={noteId}
        inputMode={column.endsWith('level') ? 'numeric' : 'decimal'}
        autoComplete="off"
        placeholder={row.size !== null ? t.ofProduct : undefined}
        value={edit?.text ?? row.values[column]}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => handlers.change(row, column, event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') handlers.change(row, column, row.values[column]);
          else handlers.key(event, index, column);
        }}
        onPaste={(event) => handlers.paste(event, index, column)}
      />
      {(reason || note) && (
        <div id={noteId} className={reason ? classes.reason : classes.note}>
          {reason ?? note}
        </div>
      )}
    </td>
  );
}

