import type { ReactNode } from 'react';

import { Panel } from '../../ui/page';
import type { Column } from '../../ui/table';
import type { Inbound } from './document';
import { History } from './History';
import classes from './inbound.module.css';
import { PlainTable } from './PlainTable';
import { Receipts } from './Receipts';

interface Props<L extends { id: number }> {
  label: string;
  lines: L[];
  columns: Column<L>[];
  document: Inbound;
  details: ReactNode;
}

/** The body of the page of a transfer or a purchase order: its lines, what arrived, its details and its history. */
export function DocumentColumns<L extends { id: number }>({ label, lines, columns, document, details }: Props<L>) {
  return (
    <div className={classes.columns}>
      <div className={classes.column}>
        <Panel title={label} isFlush>
          <PlainTable label={label} rows={lines} columns={columns} rowKey={(line) => String(line.id)} />
        </Panel>
        <Receipts document={document} />
      </div>
      <div className={classes.column}>
        {details}
        <History document={document} />
      </div>
    </div>
  );
}
