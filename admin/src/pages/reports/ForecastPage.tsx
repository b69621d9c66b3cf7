import { Stack, Text } from '@mantine/core';
import { keepPreviousData } from '@tanstack/react-query';

import { api, type Schemas } from '../../api/client';
import { texts } from '../../texts';
import { ChartPanel } from '../../ui/chart';
import { useFormats } from '../../ui/format';
import { useLocation } from '../../ui/location';
import { PageHeader, Panel } from '../../ui/page';
import { ProductPicker } from '../../ui/pickers';
import { EmptyState, ErrorState } from '../../ui/states';
import { Figures } from './parts';
import { ChoiceFilter, useReportState } from './period';
import classes from './reports.module.css';

const t = texts.reports;

const HORIZONS = Object.keys(t.horizons) as (keyof typeof t.horizons)[];

/** The expected demand of a product or size, whose SKU is in the URL. */
export default function ForecastPage() {
  const state = useReportState();
  const sku = useLocation().search.product ?? '';
  const horizon = state.choice('horizon', HORIZONS, '28');
  const query = { product_id: sku, horizon: Number(horizon) };
  const report = api.useQuery('get', '/reports/forecast', { params: { query } }, { enabled: sku !== '', placeholderData: keepPreviousData });
  const { data, error } = report;

  return (
    <>
      <PageHeader title={t.forecast} />
      <div className={classes.filters} role="search">
        <div className={classes.wide}>
          <ProductPicker label={t.pickProduct} placeholder={t.pickHint} takesScans onPick={({ variant }) => state.set({ product: variant.sku })} />
        </div>
        <ChoiceFilter state={state} name="horizon" label={t.horizon} value={horizon} options={t.horizons} />
      </div>
      {sku === '' ? (
        <Panel>
          <EmptyState title={t.pickFirst} hint={t.pickFirstHint} />
        </Panel>
      ) : error ? (
        <ErrorState error={error} retry={() => void report.refetch()} />
      ) : (
        <Stack gap="md" aria-busy={report.isPlaceholderData || !data}>
          <Quality sku={sku} data={data} />
          <ForecastChart sku={sku} data={data} />
        </Stack>
      )}
    </>
  );
}

function Quality({ sku, data }: { sku: string; data: Schemas['ForecastResponse'] | undefined }) {
  const { number, percent } = useFormats();
  const oneDecimal = (value: number | null | undefined) => number(value, 1);
  const twoDecimals = (value: number | null | undefined) => number(value, 2);
  const share = (value: number | null | undefined) => percent(value, 0);
  const sum = data?.items.reduce((total, item) => total + item.expected, 0);
  return (
    <Panel title={t.forecastOf(sku)}>
      <Figures
        isLoading={!data}
        figures={[
          { label: t.expectedIn(String(data?.items.length ?? '')), now: sum, format: oneDecimal },
          { label: t.mase, now: data?.mase, format: twoDecimals },
          { label: t.bias, now: data?.bias, format: twoDecimals },
          { label: t.coverage80, now: data?.coverage['80'], format: share },
          { label: t.coverage95, now: data?.coverage['95'], format: share },
        ]}
      />
      {data && (
        <Text size="sm" c="dimmed" mt="sm">
          {t.methods[data.method]} {t.maseHint}
        </Text>
      )}
    </Panel>
  );
}

function ForecastChart({ sku, data }: { sku: string; data: Schemas['ForecastResponse'] | undefined }) {
  const { number, shortDay } = useFormats();
  const points = (data?.items ?? []).map(({ day, expected, low_80, high_80, low_95, high_95 }) => ({ day, expected, low_80, high_80, low_95, high_95 }));
  const hasIntervals = points.some((point) => point.low_80 !== null);
  return (
    <ChartPanel
      title={t.demandByDay(sku)}
      kind="line"
      points={points}
      along="day"
      alongLabel={t.groups.day}
      series={[
        { name: 'expected', label: t.expected, color: 'indigo.6' },
        ...(hasIntervals
          ? [
              { name: 'low_80', label: t.low80, color: 'cyan.6', isDashed: true },
              { name: 'high_80', label: t.high80, color: 'cyan.6', isDashed: true },
              { name: 'low_95', label: t.low95, color: 'gray.5', isDashed: true },
              { name: 'high_95', label: t.high95, color: 'gray.5', isDashed: true },
            ]
          : []),
      ]}
      format={(value) => number(value, 2)}
      shortFormat={(value) => number(value, 1)}
      formatAlong={shortDay}
      height={300}
    />
  );
}
