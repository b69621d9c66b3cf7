import '@mantine/charts/styles.css';

import { AreaChart, BarChart, LineChart } from '@mantine/charts';

import type { ChartProps } from './chart';

/** The chart itself. It is a chunk of its own, because recharts is larger than a page. Use `ChartPanel`. */
export default function ChartCanvas({ kind, points, along, series, format, shortFormat, formatAlong, height = 220 }: ChartProps) {
  // The tooltip asks for a label while nothing is under the pointer, too.
  const writeAlong = (value: unknown) => (formatAlong && value ? formatAlong(String(value)) : String(value ?? ''));
  const common = {
    h: height,
    data: points,
    dataKey: along,
    series: series.map(({ name, label, color, isDashed }) => ({ name, label, color, strokeDasharray: isDashed ? '5 4' : undefined })),
    valueFormatter: format,
    xAxisProps: { tickFormatter: writeAlong, minTickGap: 12 },
    yAxisProps: { tickFormatter: shortFormat ?? format, width: 56, interval: 0 },
    tooltipProps: { labelFormatter: writeAlong },
    gridAxis: 'x' as const,
    withLegend: series.length > 1,
    legendProps: { verticalAlign: 'bottom' as const, height: 32 },
  };
  if (kind === 'bar') return <BarChart {...common} />;
  if (kind === 'area') return <AreaChart {...common} curveType="linear" withDots={false} fillOpacity={0.15} strokeWidth={2} />;
  return <LineChart {...common} curveType="linear" withDots={points.length < 40} strokeWidth={2} dotProps={{ r: 2.5 }} />;
}
