import { DataTable, type Column } from '../../ui/table';

const NO_LIST = {
  query: {},
  page: 1,
  limit: 25,
  sort: '',
  defaultSort: '',
  value: () => '',
  isFiltered: false,
  set: () => undefined,
  clear: () => undefined,
  setSort: () => undefined,
  linkTo: () => '',
};

interface Props<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T) => string;
}

/** The lines of a document: all of them, as one answer brings them. */
export function PlainTable<T>({ label, rows, columns, rowKey }: Props<T>) {
  const data = { items: rows, total: Math.max(1, rows.length), page: 1, pages: 1, limit: Math.max(1, rows.length) };
  return (
    <DataTable
      label={label}
      query={{ data, error: null, isPlaceholderData: false, refetch: (() => undefined) as never }}
      list={NO_LIST}
      columns={columns}
      rowKey={rowKey}
      empty={null}
      isWhole
    />
  );
}
