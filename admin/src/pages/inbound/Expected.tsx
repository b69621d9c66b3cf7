import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import classes from './inbound.module.css';

/** The day on which goods should arrive, and whether it has passed. */
export function Expected({ on, isOpen = true }: { on: string | null; isOpen?: boolean }) {
  const { day, today } = useFormats();
  if (on === null) return <>{texts.common.noValue}</>;
  const isOverdue = isOpen && on < today();
  return (
    <span className={isOverdue ? `figures ${classes.overdue}` : 'figures'}>
      {day(on)}
      {isOverdue && ` · ${texts.inbound.overdue}`}
    </span>
  );
}
