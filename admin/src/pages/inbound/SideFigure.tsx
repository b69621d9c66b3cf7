import { Quantity } from '../../ui/values';
import classes from './inbound.module.css';

/** The main figure of a row. On a phone it stands beside the heading, with its name below. */
export function SideFigure({ label, value }: { label: string; value: number }) {
  return (
    <span className={value > 0 ? classes.outstanding : undefined}>
      <Quantity value={value} />
      <span className={classes.phoneLabel} aria-hidden>
        {label}
      </span>
    </span>
  );
}
