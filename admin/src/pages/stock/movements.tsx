import { Anchor } from '@mantine/core';

import type { Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useActorName } from '../../ui/actor';
import { addDays, useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import type { ListState } from '../../ui/list-state';
import { usePageExists } from '../../ui/path';
import type { Column } from '../../ui/table';
import { CodeText, DateTime } from '../../ui/values';
import { pathTo } from '../paths';
import { usePlaceName } from './level';
import { signed } from './stock-dialogs';
import classes from './stock.module.css';

const t = texts.stock;

export type Movement = Schemas['MovementResponse'];
export const MOVEMENT_FILTERS = ['kind', 'reference_id', 'from', 'to'];

/** Only a page that begins behind a place of the feed has no numbers; the desk never asks for one. */
export function asPage(ledger: Schemas['MovementResponseList']) {
  return { ...ledger, total: ledger.total ?? 0, page: ledger.page ?? 1, pages: ledger.pages ?? 1 };
}

export const kindOptions = Object.entries(t.kinds).map(([value, label]) => ({ value, label }));

/** The filters of the URL for the API: days of the store become moments; the last day is included. */
export function useMovementQuery<Q extends object>(list: ListState<Q>): Q {
  const { moment } = useFormats();
  const from = moment(`${list.value('from')}T00:00`);
  const until = list.value('to');
  const to = moment(`${until}T00:00`) === null ? null : moment(`${addDays(until, 1)}T00:00`);
  const { from: _from, to: _to, ...rest } = list.query as { from?: string; to?: string };
  return { ...rest, ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) } as Q;
}

/** The page of a document, by its number. */
function pathToReference(reference: string): string | null {
  const number = reference.toUpperCase();
  if (number.startsWith('ORD-')) return pathTo.order(number);
  if (number.startsWith('TRF-')) return pathTo.transfer(number);
  if (number.startsWith('PO-')) return pathTo.purchaseOrder(number);
  if (number.startsWith('CNT-')) return pathTo.count(number);
  return null;
}

/** A number of a document, as a link if it has a page here. */
export function Reference({ reference }: { reference: string | null }) {
  const exists = usePageExists();
  if (reference === null) return <>{texts.common.noValue}</>;
  const path = pathToReference(reference);
  if (path === null || !exists(path)) return <CodeText>{reference}</CodeText>;
  return (
    <Anchor component={Link} to={path} className="code" inherit>
      {reference}
    </Anchor>
  );
}

function Delta({ value }: { value: number }) {
  const { quantity } = useFormats();
  if (value === 0) return <span className="figures">{texts.common.noValue}</span>;
  return (
    <span className={`figures ${classes.delta}`} data-sign={value > 0 ? 'up' : 'down'}>
      {signed(value, quantity)}
    </span>
  );
}

/** The columns of the ledger. `withProduct` is for the ledger of all products. */
export function useMovementColumns(withProduct: boolean, hasSizes = true): Column<Movement>[] {
  const formats = useFormats();
  const placeName = usePlaceName();
  const actorName = useActorName();
  return [
    {
      title: t.kind,
      phone: 'heading',
      cell: (movement) => (
        <>
          <span className={classes.kind}>{t.kinds[movement.kind]}</span>
          {withProduct ? (
            <span className={classes.sku}>
              <CodeText>{movement.sku}</CodeText>
            </span>
          ) : (
            hasSizes && movement.size !== null && <span className={classes.sku}>{movement.size}</span>
          )}
        </>
      ),
    },
    { title: t.change, align: 'right', phone: 'side', cell: (movement) => <Delta value={movement.stock_delta} /> },
    { title: t.stockAfter, align: 'right', cell: (movement) => <span className="figures">{formats.quantity(movement.stock_after)}</span> },
    { title: t.changeReserved, align: 'right', phone: 'hidden', cell: (movement) => <Delta value={movement.reserved_delta} /> },
    { title: t.place, cell: (movement) => placeName(movement.location_id) },
    { title: t.reference, isInteractive: true, cell: (movement) => <div className={classes.reference}><Reference reference={movement.reference_id} /></div> },
    { title: t.reason, cell: (movement) => <div className={classes.reason}>{movement.reason ?? texts.common.noValue}</div> },
    { title: t.by, phone: 'hidden', cell: (movement) => actorName(movement.actor) },
    {
      title: t.when,
      cell: (movement) => (
        <>
          <DateTime at={movement.created_at} />
          {movement.effective_at !== movement.created_at && (
            <span className={classes.sku}>{t.effective(formats.dateTime(movement.effective_at))}</span>
          )}
        </>
      ),
    },
  ];
}
