import { Stack } from '@mantine/core';
import { keepPreviousData } from '@tanstack/react-query';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { ChartPanel } from '../../ui/chart';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { PageHeader, Panel } from '../../ui/page';
import { usePageExists } from '../../ui/path';
import { nameWithSize } from '../../ui/product';
import { EmptyState, ErrorState } from '../../ui/states';
import { CodeText } from '../../ui/values';
import { pathTo } from '../paths';
import { ExportButton, ReportTable } from './parts';
import { ChoiceFilter, PeriodFilter, useReportState } from './period';
import classes from './reports.module.css';

const t = texts.reports;

type Top = Schemas['TopProductResponse'];
const MEASURES = Object.keys(t.measures) as ('revenue' | 'units' | 'margin')[];
const LIMITS = Object.keys(t.limits) as (keyof typeof t.limits)[];
/** The names of more bars would not fit. */
const BARS = 10;


export default function TopProductsPage() {
  const formats = useFormats();
  const exists = usePageExists();
  const state = useReportState();
  const { from, to } = state;
  const by = state.choice('by', MEASURES, 'revenue');
  const limit = state.choice('limit', LIMITS, '20');
  const query = { from, to, by, limit: Number(limit) };
  const report = api.useQuery('get', '/reports/top-products', { params: { query } }, { placeholderData: keepPreviousData });
  const rows = report.data?.items ?? [];

  return (
    <>
      <PageHeader title={t.topProducts} actions={<ExportButton path="/reports/top-products" query={query} name={`top-products-${from}-${to}`} />} />
      <div className={classes.filters} role="search">
        <PeriodFilter state={state} />
        <ChoiceFilter state={state} name="by" label={t.rankBy} value={by} options={t.measures} />
        <ChoiceFilter state={state} name="limit" label={t.rows} value={limit} options={t.limits} />
      </div>
      {report.error && !report.data ? (
        <ErrorState error={report.error} retry={() => void report.refetch()} />
      ) : report.data && rows.length === 0 ? (
        <Panel>
          <EmptyState title={t.noSales} />
        </Panel>
      ) : (
        <Stack gap="md" aria-busy={report.isPlaceholderData || !report.data}>
          <ChartPanel
            title={t.bestOf(Math.min(BARS, rows.length || BARS), t.measures[by])}
            kind="bar"
            points={rows.slice(0, BARS).map((row) => ({ name: row.sku, value: row[by] }))}
            along="name"
            alongLabel={t.sku}
            series={[{ name: 'value', label: t.measures[by], color: 'indigo.6' }]}
            format={by === 'units' ? formats.quantity : formats.money}
            shortFormat={by === 'units' ? formats.quantity : formats.shortMoney}
            height={240}
          />
          <Panel title={t.figures} isFlush>
            <ReportTable<Top>
              label={t.topProducts}
              rows={rows}
              rowKey={(row) => row.sku}
              name={{
                title: texts.common.product,
                cell: (row) => (exists(pathTo.product(row.product_id)) ? <Link to={pathTo.product(row.product_id)}>{nameWithSize(row)}</Link> : nameWithSize(row)),
              }}
              columns={[
                { title: t.sku, isText: true, cell: (row) => <CodeText>{row.sku}</CodeText> },
                { title: t.units, cell: (row) => formats.quantity(row.units) },
                { title: t.revenue, cell: (row) => formats.money(row.revenue) },
                { title: t.margin, cell: (row) => formats.money(row.margin) },
                { title: t.marginShare, cell: (row) => formats.percent(row.margin === null || !row.revenue ? null : row.margin / row.revenue) },
              ]}
            />
          </Panel>
        </Stack>
      )}
    </>
  );
}
