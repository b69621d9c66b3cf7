import { Stack } from '@mantine/core';
import { keepPreviousData } from '@tanstack/react-query';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { ChartPanel } from '../../ui/chart';
import { useFormats } from '../../ui/format';
import { PageHeader, Panel } from '../../ui/page';
import { EmptyState, ErrorNote, ErrorState } from '../../ui/states';
import { ExportButton, Figures, ReportTable, type ReportColumn } from './parts';
import { ChoiceFilter, PeriodFilter, useReportState } from './period';
import classes from './reports.module.css';
import { TIME_GROUPS, useKeyName, useTimeKey, type GroupBy } from './sales-keys';

const t = texts.reports;

type Sales = Schemas['SalesReportResponse'];
type Item = Schemas['SalesItemResponse'];
type Totals = Schemas['SalesTotalsResponse'];

const GROUPS = Object.keys(t.groups) as GroupBy[];
const COMPARISONS = Object.keys(t.comparisons) as ('none' | 'previous' | 'year')[];
/** More bars than this cannot be read. The table has all rows. */
const MAX_BARS = 20;

export default function SalesPage() {
  const formats = useFormats();
  const state = useReportState();
  const { from, to } = state;
  const group = state.choice('group_by', GROUPS, 'day');
  const comparison = state.choice('compare', COMPARISONS, 'none');
  const query = { from, to, group_by: group, compare: comparison === 'none' ? undefined : comparison };
  const report = api.useQuery('get', '/reports/sales', { params: { query } }, { placeholderData: keepPreviousData });
  const keyName = useKeyName(group, from, to);
  const { data } = report;
  const before = data?.previous;

  return (
    <>
      <PageHeader title={t.sales} actions={<ExportButton path="/reports/sales" query={query} name={`sales-${from}-${to}`} />} />
      <div className={classes.filters} role="search">
        <PeriodFilter state={state} />
        <ChoiceFilter state={state} name="group_by" label={t.groupBy} value={group} options={t.groups} />
        <ChoiceFilter state={state} name="compare" label={t.compare} value={comparison} options={t.comparisons} />
      </div>
      {!data && report.error ? (
        <ErrorState error={report.error} retry={() => void report.refetch()} />
      ) : (
        <Stack gap="md" aria-busy={report.isPlaceholderData || !data}>
          {report.error && <ErrorNote error={report.error} retry={() => void report.refetch()} />}
          <Panel title={before ? t.comparedWith(formats.day(before.from), formats.day(before.to)) : t.summary}>
            <Figures isLoading={!data} figures={figuresOf(data, comparison !== 'none', formats)} />
          </Panel>
          <SalesChart group={group} data={data} />
          <Panel title={t.figures} isFlush>
            {data && data.items.length === 0 ? (
              <EmptyState title={t.noSales} />
            ) : (
              <ReportTable<Item, Totals>
                label={t.figures}
                rows={data?.items ?? []}
                rowKey={(item) => item.key ?? ''}
                name={{ title: t.groups[group], cell: (item) => keyName(item.key) }}
                columns={columnsOf(formats, data?.items[0]?.new_customers !== null)}
                totals={data?.totals}
              />
            )}
          </Panel>
        </Stack>
      )}
    </>
  );
}

type Formats = ReturnType<typeof useFormats>;

function figuresOf(data: Sales | undefined, isCompared: boolean, { money, quantity }: Formats) {
  const figure = (label: string, name: keyof Totals, format: Formats['money'], isCost = false) => ({
    label,
    now: data?.totals[name],
    before: isCompared ? (data?.previous?.[name] ?? null) : undefined,
    format,
    isCost,
  });
  return [
    figure(t.net, 'net', money),
    figure(t.orders, 'orders', quantity),
    figure(t.units, 'units', quantity),
    figure(t.average, 'average_order_value', money),
    figure(t.margin, 'margin', money),
    figure(t.credits, 'credits', money, true),
    figure(t.newCustomers, 'new_customers', quantity),
    figure(t.returningCustomers, 'returning_customers', quantity),
  ];
}

function columnsOf({ money, quantity }: Formats, hasCustomers: boolean): ReportColumn<Item | Totals>[] {
  return [
    { title: t.orders, cell: (row) => quantity(row.orders) },
    { title: t.units, cell: (row) => quantity(row.units) },
    { title: t.gross, cell: (row) => money(row.gross) },
    { title: t.discounts, cell: (row) => money(row.discounts) },
    { title: t.credits, cell: (row) => money(row.credits) },
    { title: t.net, cell: (row) => money(row.net) },
    { title: t.tax, cell: (row) => money(row.tax) },
    { title: t.shipping, cell: (row) => money(row.shipping) },
    { title: t.refunds, cell: (row) => money(row.refunds) },
    { title: t.margin, cell: (row) => money(row.margin) },
    { title: t.average, cell: (row) => money(row.average_order_value) },
    ...(hasCustomers
      ? [
          { title: t.newCustomers, cell: (row: Item | Totals) => quantity(row.new_customers) },
          { title: t.returningCustomers, cell: (row: Item | Totals) => quantity(row.returning_customers) },
        ]
      : []),
  ];
}

/** Net sales in time, beside those of the other period, or of the groups with the most. */
function SalesChart({ group, data }: { group: GroupBy; data: Sales | undefined }) {
  const { money, shortMoney } = useFormats();
  const isTime = TIME_GROUPS.includes(group);
  const timeKey = useTimeKey(group);
  const before = data?.previous;
  const earlier = api.useQuery(
    'get',
    '/reports/sales',
    { params: { query: { from: before?.from, to: before?.to, group_by: group } } },
    { enabled: isTime && Boolean(before) },
  );
  if (!isTime || (data && data.items.length === 0)) return null;

  const earlierItems = before ? earlier.data?.items : undefined;
  const points = (data?.items ?? []).map((item, index) => ({
    key: item.key ?? '',
    now: item.net,
    ...(earlierItems ? { before: earlierItems[index]?.net ?? null } : {}),
  }));
  return (
    <ChartPanel
      title={t.netOverTime}
      kind={points.length > MAX_BARS || earlierItems ? 'line' : 'bar'}
      points={points}
      along="key"
      alongLabel={t.groups[group]}
      series={[
        { name: 'now', label: t.thisPeriod, color: 'indigo.6' },
        ...(earlierItems ? [{ name: 'before', label: t.otherPeriod, color: 'gray.5', isDashed: true }] : []),
      ]}
      format={money}
      shortFormat={shortMoney}
      formatAlong={timeKey}
      height={260}
    />
  );
}
