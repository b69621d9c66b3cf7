import type { UseFormReturnType } from '@mantine/form';

import type { InboundLine } from './document';

export interface ReceiveRow {
  accepted: number | '';
  rejected: number | '';
  reject_reason: string;
  /** Refused goods go to quarantine. Otherwise they were refused at the door and are never in stock. */
  keep_rejected: boolean;
  unit_cost: number | '';
}

export interface ReceiveValues extends Record<string, unknown> {
  reference: string;
  allow_over: boolean;
  /** By the id of the line, so that a line that changes meanwhile does not shift the others. */
  rows: Record<string, ReceiveRow>;
}

export type ReceiveForm = UseFormReturnType<ReceiveValues>;

export const EMPTY_ROW: ReceiveRow = { accepted: '', rejected: '', reject_reason: '', keep_rejected: true, unit_cost: '' };

export function startOf(lines: InboundLine[]): ReceiveValues {
  return { reference: '', allow_over: false, rows: Object.fromEntries(lines.map(({ id }) => [String(id), EMPTY_ROW])) };
}

export function arrivedIn(row: ReceiveRow | undefined): number {
  return Number(row?.accepted || 0) + Number(row?.rejected || 0);
}

/** The lines of which something arrived. */
export function arrivedLines(lines: InboundLine[], { rows }: ReceiveValues): { line: InboundLine; row: ReceiveRow }[] {
  return lines.flatMap((line) => {
    const row = rows[String(line.id)];
    return row && arrivedIn(row) > 0 ? [{ line, row }] : [];
  });
}

export function checkRows(rows: Record<string, ReceiveRow>, required: string): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const [id, row] of Object.entries(rows)) {
    if (Number(row.rejected || 0) > 0 && !row.reject_reason.trim()) errors[`rows.${id}.reject_reason`] = required;
  }
  return errors;
}

/** The names of the API for the rows of the form, for refused fields. */
export function fieldNames(arrived: { line: InboundLine }[]): Record<string, string> {
  const parts = ['accepted', 'rejected', 'reject_reason', 'unit_cost'];
  return Object.fromEntries(arrived.flatMap(({ line }, index) => parts.map((part) => [`lines[${index}].${part}`, `rows.${line.id}.${part}`])));
}
