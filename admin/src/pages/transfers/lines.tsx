import { texts } from '../../texts';
import { ProductCell } from '../../ui/product';
import type { Column } from '../../ui/table';
import { Quantity } from '../../ui/values';
import type { Transfer } from '../inbound/document';
import { SideFigure } from '../inbound/SideFigure';

const t = texts.transfers;

type Line = Transfer['lines'][number];

/** The figures of the lines. What cannot have happened yet, or did not happen to any line, has no column. */
export function lineColumns(transfer: Transfer): Column<Line>[] {
  const isSent = !['draft', 'ready'].includes(transfer.status) && transfer.lines.some((line) => line.sent_quantity > 0);
  const figure = (title: string, value: (line: Line) => number, isAlways = false): Column<Line>[] =>
    isAlways || transfer.lines.some((line) => value(line) > 0)
      ? [{ title, align: 'right', cell: (line) => <Quantity value={value(line)} /> }]
      : [];
  return [
    {
      title: texts.common.product,
      cell: (line) => <ProductCell line={line} />,
    },
    ...figure(t.plannedUnits, (line) => line.quantity, true),
    ...(isSent ? figure(t.sent, (line) => line.sent_quantity, true) : []),
    ...(isSent ? figure(t.accepted, (line) => line.accepted_quantity, true) : []),
    ...figure(t.rejected, (line) => line.rejected_quantity),
    ...figure(t.lost, (line) => line.lost_quantity),
    ...figure(t.returned, (line) => line.returned_quantity),
    ...figure(t.over, (line) => line.over_quantity),
    ...(isSent
      ? [
          {
            title: t.outstanding,
            align: 'right' as const,
            phone: 'side' as const,
            cell: (line: Line) => <SideFigure label={t.outstanding} value={line.outstanding_quantity} />,
          },
        ]
      : []),
  ];
}
