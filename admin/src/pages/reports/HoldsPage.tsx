import { Stack } from '@mantine/core';
import { keepPreviousData } from '@tanstack/react-query';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { ChartPanel } from '../../ui/chart';
import { useFormats } from '../../ui/format';
import { PageHeader, Panel } from '../../ui/page';
import { EmptyState, ErrorState } from '../../ui/states';
import { ExportButton, ReportTable } from './parts';
import { PeriodFilter, useReportState } from './period';
import classes from './reports.module.css';

const t = texts.reports;

type Active = Schemas['ActiveHoldsResponse'];
type Ended = Schemas['EndedHoldsResponse'];
type EndedTotals = Schemas['EndedHoldsTotalsResponse'];

const holderOf = (row: Pick<Active, 'holder' | 'payment_method'>) => [t.holders[row.holder], row.payment_method].filter(Boolean).join(' · ');

export default function HoldsPage() {
  const formats = useFormats();
  const state = useReportState();
  const { from, to } = state;
  const query = { from, to };
  const report = api.useQuery('get', '/reports/holds', { params: { query } }, { placeholderData: keepPreviousData });
  const { data, error } = report;
  return (
    <>
      <PageHeader title={t.holds} actions={<ExportButton path="/reports/holds" query={query} name={`holds-${from}-${to}`} />}>
        {t.holdsHint}
      </PageHeader>
      {error && !data ? (
        <ErrorState error={error} retry={() => void report.refetch()} />
      ) : (
        <Stack gap="md" aria-busy={report.isPlaceholderData || !data}>
          <Panel title={t.activeNow} isFlush>
            {data && data.active.length === 0 ? (
              <EmptyState title={t.noActiveHolds} />
            ) : (
              <ReportTable<Active>
                label={t.activeNow}
                rows={data?.active ?? []}
                rowKey={holderOf}
                name={{ title: t.heldBy, cell: holderOf }}
                columns={[
                  { title: t.number, cell: (row) => formats.quantity(row.holders) },
                  { title: t.units, cell: (row) => formats.quantity(row.units) },
                  { title: t.amount, cell: (row) => formats.money(row.amount) },
                ]}
              />
            )}
          </Panel>
          <div className={classes.filters} role="search">
            <PeriodFilter state={state} />
          </div>
          {data && data.items.length === 0 ? (
            <Panel title={t.endedInPeriod}>
              <EmptyState title={t.noEndedHolds} />
            </Panel>
          ) : (
            <EndedHolds data={data} />
          )}
        </Stack>
      )}
    </>
  );
}

function EndedHolds({ data }: { data: Schemas['HoldsReportResponse'] | undefined }) {
  const formats = useFormats();
  const days = new Map<string, { day: string; converted: number; expired: number }>();
  for (const item of data?.items ?? []) {
    const day = days.get(item.day) ?? { day: item.day, converted: 0, expired: 0 };
    days.set(item.day, { ...day, converted: day.converted + item.converted, expired: day.expired + item.expired });
  }
  const columns = [
    { title: t.ended, cell: (row: Ended | EndedTotals) => formats.quantity(row.ended) },
    { title: t.converted, cell: (row: Ended | EndedTotals) => formats.quantity(row.converted) },
    { title: t.expired, cell: (row: Ended | EndedTotals) => formats.quantity(row.expired) },
    { title: t.conversion, cell: (row: Ended | EndedTotals) => formats.percent(row.conversion_rate) },
    { title: t.expiry, cell: (row: Ended | EndedTotals) => formats.percent(row.expiry_rate) },
  ];
  return (
    <>
      <Panel title={t.endedInPeriod} isFlush>
        <ReportTable<EndedTotals>
          label={t.endedInPeriod}
          rows={data?.totals ?? []}
          rowKey={holderOf}
          name={{ title: t.heldBy, cell: holderOf }}
          columns={columns}
        />
      </Panel>
      <ChartPanel
        title={t.endedByDay}
        kind="bar"
        points={[...days.values()]}
        along="day"
        alongLabel={t.groups.day}
        series={[
          { name: 'converted', label: t.converted, color: 'teal.6' },
          { name: 'expired', label: t.expired, color: 'orange.6' },
        ]}
        format={formats.quantity}
        formatAlong={formats.shortDay}
        height={220}
      />
      <Panel title={t.figures} isFlush>
        <ReportTable<Ended>
          label={t.figures}
          rows={data?.items ?? []}
          rowKey={(row) => `${row.day}-${holderOf(row)}`}
          name={{ title: t.groups.day, cell: (row) => formats.day(row.day) }}
          columns={[{ title: t.heldBy, isText: true, cell: holderOf }, ...columns]}
        />
      </Panel>
    </>
  );
}
