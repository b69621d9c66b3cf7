import { SimpleGrid, Skeleton } from '@mantine/core';
import { IconArrowDownRight, IconArrowUpRight } from '@tabler/icons-react';
import { keepPreviousData } from '@tanstack/react-query';

import { api } from '../../api/client';
import { texts } from '../../texts';
import { ChartPanel } from '../../ui/chart';
import { addDays, useFormats } from '../../ui/format';
import { Panel } from '../../ui/page';
import { ErrorNote } from '../../ui/states';
import classes from './today.module.css';

const t = texts.today;
const REFRESH_MS = 60_000;

/** The sales of today beside those of the same day a week ago, and of the last two weeks. */
export function Sales() {
  const formats = useFormats();
  const today = formats.today();
  const report = api.useQuery(
    'get',
    '/reports/sales',
    { params: { query: { from: addDays(today, -13), to: today, group_by: 'day' } } },
    { placeholderData: keepPreviousData, refetchInterval: REFRESH_MS },
  );
  if (report.error && !report.data) return <ErrorNote error={report.error} retry={() => void report.refetch()} />;

  const days = new Map(report.data?.items.map((item) => [item.key, item]));
  const now = days.get(today);
  const lastWeek = days.get(addDays(today, -7));
  const figures = [
    { label: t.net, now: now?.net, before: lastWeek?.net, format: formats.money },
    { label: t.orders, now: now?.orders, before: lastWeek?.orders, format: formats.quantity },
    { label: t.units, now: now?.units, before: lastWeek?.units, format: formats.quantity },
    { label: t.average, now: now?.average_order_value, before: lastWeek?.average_order_value, format: formats.money },
  ];
  const points = Array.from({ length: 7 }, (_, index) => {
    const day = addDays(today, index - 6);
    return { day, now: days.get(day)?.net ?? null, before: days.get(addDays(day, -7))?.net ?? null };
  });

  return (
    <div className={classes.sales}>
      <Panel title={t.sales}>
        <SimpleGrid cols={2} spacing="lg" verticalSpacing="lg">
          {figures.map((figure) => (
            <Figure key={figure.label} {...figure} isLoading={!report.data} />
          ))}
        </SimpleGrid>
      </Panel>
      <ChartPanel
        title={t.byDay}
        kind="line"
        points={report.data ? points : []}
        along="day"
        alongLabel={t.day}
        series={[
          { name: 'now', label: t.thisWeek, color: 'indigo.6' },
          { name: 'before', label: t.weekBefore, color: 'gray.5', isDashed: true },
        ]}
        format={formats.money}
        shortFormat={formats.shortMoney}
        formatAlong={formats.shortDay}
        height={190}
      />
    </div>
  );
}

interface FigureProps {
  label: string;
  now: number | undefined;
  before: number | undefined;
  format: (value: number | undefined) => string;
  isLoading: boolean;
}

function Figure({ label, now, before, format, isLoading }: FigureProps) {
  const { percent } = useFormats();
  const change = now !== undefined && before ? now / before - 1 : null;
  const Icon = change !== null && change < 0 ? IconArrowDownRight : IconArrowUpRight;
  return (
    <div>
      <div className={classes.figureLabel}>{label}</div>
      {isLoading ? (
        <Skeleton height={26} width="70%" my={4} />
      ) : (
        <div className={classes.figure}>
          {format(now)}
          {change !== null && change !== 0 && (
            <span className={classes.change} data-down={change < 0 || undefined}>
              <Icon size={15} aria-hidden />
              {percent(Math.abs(change), 0)}
            </span>
          )}
        </div>
      )}
      <div className={classes.before}>{isLoading ? '\u00a0' : t.comparedTo(format(before))}</div>
    </div>
  );
}
