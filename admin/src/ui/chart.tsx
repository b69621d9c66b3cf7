import { SegmentedControl, Skeleton, Table } from '@mantine/core';
import { lazy, Suspense, useState, type ReactNode } from 'react';

import { texts } from '../texts';
import { Panel } from './page';
import classes from './chart.module.css';

const ChartCanvas = lazy(() => import('./chart-canvas'));

export interface Series {
  /** The member of each point that it shows. */
  name: string;
  label: string;
  /** A colour of the theme: `indigo.6`. */
  color: string;
  isDashed?: boolean;
}

export type Point = Record<string, string | number | null>;

export interface ChartProps {
  kind: 'line' | 'bar' | 'area';
  points: Point[];
  /** The member of each point that is on the horizontal axis. */
  along: string;
  alongLabel: string;
  series: Series[];
  /** Writes a value of the vertical axis. */
  format: (value: number) => string;
  /** Writes a value on the axis, where there is less room. */
  shortFormat?: (value: number) => string;
  /** Writes a value of the horizontal axis. */
  formatAlong?: (value: string) => string;
  height?: number;
}

interface ChartPanelProps extends ChartProps {
  title: string;
  action?: ReactNode;
}

/** A chart, and the same figures as a table: for screen readers, for copying, for exact values. */
export function ChartPanel({ title, action, ...chart }: ChartPanelProps) {
  const [view, setView] = useState('chart');
  return (
    <Panel
      title={title}
      action={
        <div className={classes.actions}>
          {action}
          <SegmentedControl
            size="xs"
            value={view}
            onChange={setView}
            aria-label={title}
            data={[
              { value: 'chart', label: texts.common.chart },
              { value: 'table', label: texts.common.table },
            ]}
          />
        </div>
      }
    >
      {view === 'chart' ? (
        <Suspense fallback={<Skeleton height={chart.height ?? 220} />}>
          <figure className={classes.figure} aria-label={title}>
            <ChartCanvas {...chart} />
          </figure>
        </Suspense>
      ) : (
        <ChartTable title={title} {...chart} />
      )}
    </Panel>
  );
}

function ChartTable({ title, points, along, alongLabel, series, format, formatAlong, height = 220 }: ChartProps & { title: string }) {
  return (
    <div className={classes.tableScroll} style={{ maxHeight: Math.max(height, 220) }} tabIndex={0} role="region" aria-label={title}>
      <Table verticalSpacing={6} stickyHeader>
        <Table.Caption className="visually-hidden">{title}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{alongLabel}</Table.Th>
            {series.map(({ name, label }) => (
              <Table.Th key={name} ta="right" scope="col">
                {label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {points.map((point) => (
            <Table.Tr key={String(point[along])}>
              <Table.Th scope="row" fw={400}>
                {formatAlong ? formatAlong(String(point[along])) : point[along]}
              </Table.Th>
              {series.map(({ name }) => (
                <Table.Td key={name} ta="right" className="figures">
                  {typeof point[name] === 'number' ? format(point[name]) : (point[name] ?? texts.common.noValue)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
