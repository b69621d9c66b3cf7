import { texts } from '../../texts';
import { CodeText, Quantity } from '../../ui/values';
import { useCan } from '../../api/session';
import type { ReactNode } from 'react';

import { LevelActions, type LevelAction } from './LevelActions';
import { usePlaceName, type Level } from './level';
import classes from './stock.module.css';

const t = texts.stock;

interface LevelTableProps {
  label: string;
  levels: Level[];
  hasSizes: boolean;
  onAction: (action: LevelAction, level: Level) => void;
}

/** The levels of one product: a table, and on a phone a list. */
export function LevelTable({ label, levels, hasSizes, onAction }: LevelTableProps) {
  const placeName = usePlaceName();
  const can = useCan();
  const columns: [title: string, cell: (level: Level) => ReactNode][] = [
    [t.available, (level) => <Quantity value={level.available_quantity} />],
    [t.inStock, (level) => <Quantity value={level.stock_quantity} />],
    [t.reserved, (level) => <Quantity value={level.reserved_quantity} />],
    [t.onHand, (level) => <Quantity value={level.on_hand_quantity} />],
    [t.quarantined, (level) => <Quantity value={level.quarantined_quantity} />],
    [t.incoming, (level) => <Quantity value={level.incoming_quantity} />],
    [t.safety, (level) => <Quantity value={level.safety_quantity} />],
  ];
  return (
    <div className={classes.levels} tabIndex={0} role="region" aria-label={label}>
      <table>
        <caption className="visually-hidden">{label}</caption>
        <thead>
          <tr>
            {hasSizes && <th scope="col">{t.size}</th>}
            <th scope="col">{t.place}</th>
            {columns.map(([title]) => (
              <th key={title} scope="col" data-align="right">
                {title}
              </th>
            ))}
            {can('inventory:update') && (
              <th scope="col">
                <span className="visually-hidden">{texts.common.moreActions}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {levels.map((level) => (
            <tr key={`${level.variant_id} ${level.location_id}`}>
              {hasSizes && <th scope="row">{level.size}</th>}
              <td className={classes.place}>
                {placeName(level.location_id, level.location_code)} <CodeText>{level.location_code}</CodeText>
              </td>
              {columns.map(([title, cell]) => (
                <td key={title} data-align="right" data-title={title}>
                  {cell(level)}
                </td>
              ))}
              {can('inventory:update') && (
                <td className={classes.actions}>
                  <LevelActions level={level} onAction={onAction} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
