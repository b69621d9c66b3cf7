import { Button, Skeleton, Table } from '@mantine/core';
import { IconArrowDownRight, IconArrowUpRight, IconDownload } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';

import { download, downloadPages } from '../../api/download';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { notifyProblem } from '../../ui/notify';
import { messageOf } from '../../ui/states';
import classes from './reports.module.css';

const t = texts.reports;

type Query = Record<string, string | number | undefined>;

/** A file has so many pages of a list at most, because each is a request. */
const MAX_PAGES = 100;

interface ExportProps {
  path: string;
  query: Query;
  name: string;
  /** The pages of a list with the limit of the query. Without them, one answer has the whole report. */
  pages?: number;
}

/** Saves a report as CSV, with the filters of the page. */
export function ExportButton({ path, query, name, pages }: ExportProps) {
  const { quantity } = useFormats();
  const [isLoading, setIsLoading] = useState(false);
  const pathOf = (page?: number) => {
    const all = Object.entries({ ...query, page, format: 'csv' });
    const set = all.flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]));
    return `${path}?${new URLSearchParams(set).toString()}`;
  };
  const save = async () => {
    setIsLoading(true);
    try {
      if (pages === undefined) await download(pathOf(), `${name}.csv`);
      else await downloadPages(Array.from({ length: Math.min(pages, MAX_PAGES) }, (_, index) => pathOf(index + 1)), `${name}.csv`);
      if (pages !== undefined && pages > MAX_PAGES) notifyProblem(t.exportCut(quantity(MAX_PAGES * Number(query.limit))));
    } catch (error) {
      notifyProblem(t.exportFailed, messageOf(error));
    }
    setIsLoading(false);
  };
  return (
    <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} loading={isLoading} onClick={() => void save()}>
      {t.exportCsv}
    </Button>
  );
}

interface FigureProps {
  label: string;
  now: number | null | undefined;
  /** The same figure of the period to compare with. */
  before?: number | null;
  format: (value: number | null | undefined) => string;
  /** More of it is worse. */
  isCost?: boolean;
}

export function Figures({ figures, isLoading }: { figures: FigureProps[]; isLoading: boolean }) {
  return (
    <div className={classes.figures}>
      {figures.map((figure) => (
        <Figure key={figure.label} {...figure} isLoading={isLoading} />
      ))}
    </div>
  );
}

function Figure({ label, now, before, format, isCost = false, isLoading }: FigureProps & { isLoading: boolean }) {
  const { percent } = useFormats();
  const change = typeof now === 'number' && before ? now / before - 1 : 0;
  const Icon = change < 0 ? IconArrowDownRight : IconArrowUpRight;
  return (
    <div>
      <div className={classes.label}>{label}</div>
      {isLoading ? (
        <Skeleton height={24} width="70%" my={4} />
      ) : (
        <div className={classes.figure}>
          {format(now)}
          {change !== 0 && (
            <span className={classes.change} data-bad={change < 0 !== isCost || undefined}>
              <Icon size={15} aria-hidden />
              {percent(Math.abs(change), 0)}
            </span>
          )}
        </div>
      )}
      {before !== undefined && !isLoading && <div className={classes.before}>{t.before(format(before))}</div>}
    </div>
  );
}

export interface ReportColumn<T> {
  title: string;
  cell: (row: T) => ReactNode;
  isText?: boolean;
}

interface ReportTableProps<Row, Totals> {
  label: string;
  rows: Row[];
  rowKey: (row: Row) => string;
  name: { title: string; cell: (row: Row) => ReactNode };
  columns: ReportColumn<Row | Totals>[];
  totals?: Totals;
}

/** The figures of a report, all on one page. The first column names the row. */
export function ReportTable<Row, Totals = Row>({ label, rows, rowKey, name, columns, totals }: ReportTableProps<Row, Totals>) {
  const cells = (row: Row | Totals) =>
    columns.map((column) => (
      <Table.Td key={column.title} ta={column.isText ? undefined : 'right'} className={column.isText ? undefined : 'figures'}>
        {column.cell(row)}
      </Table.Td>
    ));
  return (
    <div className={classes.scroll} tabIndex={0} role="region" aria-label={label}>
      <Table verticalSpacing={7} highlightOnHover>
        <Table.Caption className="visually-hidden">{label}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{name.title}</Table.Th>
            {columns.map((column) => (
              <Table.Th key={column.title} scope="col" ta={column.isText ? undefined : 'right'}>
                {column.title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={rowKey(row)}>
              <Table.Th scope="row" fw={400}>
                <span className={classes.name}>{name.cell(row)}</span>
              </Table.Th>
              {cells(row)}
            </Table.Tr>
          ))}
        </Table.Tbody>
        {totals !== undefined && (
          <Table.Tfoot className={classes.total}>
            <Table.Tr>
              <Table.Th scope="row">{t.total}</Table.Th>
              {cells(totals)}
            </Table.Tr>
          </Table.Tfoot>
        )}
      </Table>
    </div>
  );
}
