import { Text } from '@mantine/core';
import type { ReactNode } from 'react';

import type { Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useActorName } from '../../ui/actor';
import { useFormats } from '../../ui/format';
import { Panel } from '../../ui/page';
import { Reference } from '../stock/movements';
import { usePlaceName } from '../stock/level';
import classes from './products.module.css';

const t = texts.stock;

interface ExplanationProps {
  explanation: Schemas['ExplanationResponse'];
  hasSizes: boolean;
}

/** What today's figures are made of: who keeps units, for whom and until when, what is sold, and what comes. */
export function Explanation({ explanation, hasSizes }: ExplanationProps) {
  const { holds, allocations, inbound, thresholds, totals } = explanation;
  const isEmpty = holds.length + allocations.length + inbound.length + thresholds.length === 0;
  return (
    <Panel title={t.explain}>
      {isEmpty && (
        <Text size="sm" c="dimmed">
          {t.explainNone}
        </Text>
      )}
      <div className={classes.parts}>
        <Holds holds={holds} total={totals.holds} hasSizes={hasSizes} />
        <Allocations allocations={allocations} total={totals.allocations} hasSizes={hasSizes} />
        <Inbound inbound={inbound} total={totals.inbound} hasSizes={hasSizes} />
        <Thresholds thresholds={thresholds} total={totals.thresholds} hasSizes={hasSizes} />
      </div>
    </Panel>
  );
}

interface PartProps {
  title: string;
  total: number | null;
  rows: { key: string; quantity: number; what: ReactNode; details: ReactNode[] }[];
}

/** One reason with its lines: how many units, and why. */
function Part({ title, total, rows }: PartProps) {
  const { quantity } = useFormats();
  if (rows.length === 0) return null;
  return (
    <section className={classes.part}>
      <h3>{title}</h3>
      <ul tabIndex={0} aria-label={title}>
        {rows.map((row) => (
          <li key={row.key}>
            <span className="figures">{quantity(row.quantity)}</span>
            <div>
              {row.what}
              <div className={classes.partDetails}>
                {row.details.filter(Boolean).map((detail, index) => (
                  <span key={index}>{detail}</span>
                ))}
              </div>
            </div>
          </li>
        ))}
      </ul>
      {total !== null && total > rows.length && (
        <Text size="xs" c="dimmed">
          {t.moreParts(quantity(total - rows.length))}
        </Text>
      )}
    </section>
  );
}

type PartOf<K extends 'holds' | 'allocations' | 'inbound' | 'thresholds'> = {
  [key in K]: Schemas['ExplanationResponse'][K];
} & { total: number | null; hasSizes: boolean };

function Holds({ holds, total, hasSizes }: PartOf<'holds'>) {
  const { relative } = useFormats();
  const placeName = usePlaceName();
  const actorName = useActorName();
  return (
    <Part
      title={t.holds}
      total={total}
      rows={holds.map((hold) => ({
        key: `${hold.kind} ${hold.id} ${hold.variant_id} ${hold.location_id}`,
        quantity: hold.quantity,
        what: (
          <>
            {t.holders[hold.kind]} {hold.kind !== 'cart' && <Reference reference={hold.reference_id} />}
          </>
        ),
        details: [
          hasSizes && hold.size,
          placeName(hold.location_id),
          hold.expires_at === null ? t.noEnd : t.holdUntil(relative(hold.expires_at)),
          actorName(hold.actor),
        ],
      }))}
    />
  );
}

function Allocations({ allocations, total, hasSizes }: PartOf<'allocations'>) {
  const { dateTime } = useFormats();
  const placeName = usePlaceName();
  return (
    <Part
      title={t.allocations}
      total={total}
      rows={allocations.map((part) => ({
        key: `${part.order_id} ${part.variant_id} ${part.location_id}`,
        quantity: part.quantity,
        what: <Reference reference={part.order_number} />,
        details: [hasSizes && part.size, placeName(part.location_id), dateTime(part.created_at)],
      }))}
    />
  );
}

function Inbound({ inbound, total, hasSizes }: PartOf<'inbound'>) {
  const { day } = useFormats();
  const placeName = usePlaceName();
  return (
    <Part
      title={t.inbound}
      total={total}
      rows={inbound.map((part) => ({
        key: `${part.kind} ${part.line_id}`,
        quantity: part.quantity,
        what: <Reference reference={part.number} />,
        details: [hasSizes && part.size, placeName(part.location_id), part.expected_on ? t.arrives(day(part.expected_on)) : t.noDay],
      }))}
    />
  );
}

function Thresholds({ thresholds, total, hasSizes }: PartOf<'thresholds'>) {
  const placeName = usePlaceName();
  return (
    <Part
      title={t.thresholds}
      total={total}
      rows={thresholds.map((part) => ({
        key: `${part.kind} ${part.variant_id} ${part.location_id}`,
        quantity: part.quantity,
        what: t.thresholdKinds[part.kind],
        details: [hasSizes && part.size, part.location_id === null ? null : placeName(part.location_id)],
      }))}
    />
  );
}
