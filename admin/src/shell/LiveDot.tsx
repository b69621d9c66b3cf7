import type { LiveState } from '../api/live';
import { texts } from '../texts';
import classes from './LiveDot.module.css';

/** Whether what is shown follows the shop at once. */
export function LiveDot({ state }: { state: LiveState }) {
  const label = texts.shell[state];
  return <span className={classes.dot} data-state={state} role="img" aria-label={label} title={label} />;
}
