import { texts } from '../../texts';
import { ProductCell } from '../../ui/product';
import type { Column } from '../../ui/table';
import { Money, Quantity } from '../../ui/values';
import type { PurchaseOrder } from '../inbound/document';
import { Expected } from '../inbound/Expected';
import { SideFigure } from '../inbound/SideFigure';

const t = texts.purchasing;

type Line = PurchaseOrder['lines'][number];

/** The figures of the lines. What did not happen to any line has no column. */
export function lineColumns(order: PurchaseOrder): Column<Line>[] {
  const isOrdered = order.status !== 'draft';
  const figure = (title: string, value: (line: Line) => number, isAlways = false): Column<Line>[] =>
    isAlways || order.lines.some((line) => value(line) > 0)
      ? [{ title, align: 'right', cell: (line) => <Quantity value={value(line)} /> }]
      : [];
  const hasDates = order.lines.some((line) => line.expected_on !== null && line.expected_on !== order.expected_on);
  return [
    {
      title: texts.common.product,
      cell: (line) => <ProductCell line={line} />,
    },
    ...figure(t.ordered, (line) => line.quantity, true),
    ...(isOrdered ? figure(t.accepted, (line) => line.accepted_quantity, true) : []),
    ...figure(t.rejected, (line) => line.rejected_quantity),
    ...figure(t.over, (line) => line.over_quantity),
    ...figure(t.closed, (line) => line.cancelled_quantity),
    ...(isOrdered
      ? [
          {
            title: t.outstanding,
            align: 'right' as const,
            phone: 'side' as const,
            cell: (line: Line) => <SideFigure label={t.outstanding} value={line.outstanding_quantity} />,
          },
        ]
      : []),
    { title: t.unitCost, align: 'right', cell: (line) => <Money amount={line.unit_cost} /> },
    ...(hasDates ? [{ title: t.expectedOn, cell: (line: Line) => <Expected on={line.expected_on} isOpen={line.outstanding_quantity > 0} /> }] : []),
  ];
}
