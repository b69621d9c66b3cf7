import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { Quantity } from '../../ui/values';
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
  const has = (figure: (level: Level) => number | null) => levels.some((level) => figure(level));
  // A figure that is 0 everywhere needs no column.
  const columns: [title: string, figure: (level: Level) => number | null][] = [
    [t.available, (level) => level.available_quantity],
    [t.inStock, (level) => level.stock_quantity],
    [t.reserved, (level) => level.reserved_quantity],
    [t.onHand, (level) => level.on_hand_quantity],
  ];
  const others: typeof columns = [
    [t.quarantined, (level) => level.quarantined_quantity],
    [t.incoming, (level) => level.incoming_quantity],
    [t.safety, (level) => level.safety_quantity],
  ];
  columns.push(...others.filter(([, figure]) => has(figure)));
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
              <td className={classes.place}>{placeName(level.location_id, level.location_code)}</td>
              {columns.map(([title, figure]) => (
                <td key={title} data-align="right" data-title={title}>
                  <Quantity value={figure(level)} />
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
