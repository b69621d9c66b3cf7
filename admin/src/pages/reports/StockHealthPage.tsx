import { Badge, Group } from '@mantine/core';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { keepPreviousData, useListState } from '../../ui/list-state';
import { PageHeader } from '../../ui/page';
import { usePageExists } from '../../ui/path';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column } from '../../ui/table';
import { CodeText } from '../../ui/values';
import { pathTo } from '../paths';
import { ExportButton } from './parts';
import classes from './reports.module.css';

const t = texts.reports;

type Health = Schemas['StockReportResponse'];

/** The most rows of one answer. */
const FILE_PAGE = 100;
const ABC_COLORS = { A: 'teal', B: 'blue', C: 'gray' };
const XYZ_COLORS = { X: 'teal', Y: 'blue', Z: 'gray' };

export default function StockHealthPage() {
  const list = useListState('/reports/stock', { sort: '-revenue', limit: 50 });
  const report = api.useQuery('get', '/reports/stock', { params: { query: list.query } }, { placeholderData: keepPreviousData });
  const pages = Math.max(1, Math.ceil((report.data?.total ?? 0) / FILE_PAGE));
  const exists = usePageExists();
  return (
    <>
      <PageHeader
        title={t.stockHealth}
        actions={<ExportButton path="/reports/stock" query={{ sort: list.sort, limit: FILE_PAGE }} name="stock-health" pages={pages} />}
      >
        {t.stockHealthHint}
      </PageHeader>
      <div className="panel">
        <DataTable
          label={t.stockHealth}
          query={report}
          list={list}
          columns={useColumns()}
          rowKey={(row) => row.sku}
          rowLink={(row) => (exists(pathTo.product(row.product_id)) ? pathTo.product(row.product_id) : undefined)}
          empty={<EmptyState title={t.noProducts} />}
        />
      </div>
      <dl className={classes.legend}>
        {t.stockTerms.map(([term, meaning]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function useColumns(): Column<Health>[] {
  const { number, percent, quantity } = useFormats();
  const rate = (value: number | null) => <span className="figures">{number(value, 2)}</span>;
  return [
    { title: t.sku, sort: 'sku', cell: (row) => <NameOfRow row={row} /> },
    { title: t.classes, phone: 'side', cell: (row) => <Classes row={row} /> },
    { title: t.velocity7, sort: 'velocity_7', align: 'right', cell: (row) => rate(row.velocity_7) },
    { title: t.velocity30, sort: 'velocity_30', align: 'right', cell: (row) => rate(row.velocity_30) },
    { title: t.velocity90, sort: 'velocity_90', align: 'right', cell: (row) => rate(row.velocity_90) },
    { title: t.cover, sort: 'days_of_cover', align: 'right', cell: (row) => <span className="figures">{number(row.days_of_cover, 0)}</span> },
    { title: t.sellThrough, sort: 'sell_through', align: 'right', cell: (row) => <span className="figures">{percent(row.sell_through, 0)}</span> },
    { title: t.daysOut, sort: 'days_out_of_stock', align: 'right', cell: (row) => <span className="figures">{quantity(row.days_out_of_stock)}</span> },
    { title: t.lost, sort: 'lost_units', align: 'right', cell: (row) => <span className="figures">{number(row.lost_units, 1)}</span> },
    { title: t.forecast, align: 'right', isInteractive: true, phone: 'hidden', cell: (row) => <ForecastLink row={row} /> },
  ];
}

function NameOfRow({ row }: { row: Health }) {
  return (
    <Group gap={6} wrap="nowrap">
      <CodeText>{row.sku}</CodeText>
      {row.size && <span>{row.size}</span>}
    </Group>
  );
}

function Classes({ row }: { row: Health }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Badge color={ABC_COLORS[row.abc]}>{row.abc}</Badge>
      {row.xyz && <Badge color={XYZ_COLORS[row.xyz]}>{row.xyz}</Badge>}
      {row.dead && <Badge color="red">{t.dead}</Badge>}
    </Group>
  );
}

function ForecastLink({ row }: { row: Health }) {
  const search = new URLSearchParams({ product: row.sku });
  return (
    <Link to={`/reports/forecast?${search.toString()}`} aria-label={t.forecastOf(row.sku)}>
      {t.forecast}
    </Link>
  );
}
