import { texts } from '../../texts';
import { Actor } from '../../ui/actor';
import { Panel } from '../../ui/page';
import { StatusBadge } from '../../ui/status';
import { DateTime } from '../../ui/values';
import type { Inbound } from './document';
import classes from './inbound.module.css';

/** Each status that a document has had, the newest first. */
export function History({ document }: { document: Inbound }) {
  return (
    <Panel title={texts.inbound.history}>
      <ol className={classes.history} reversed>
        {[...document.history].reverse().map((entry, index) => (
          <li key={index}>
            <StatusBadge of="inbound" status={entry.to} /> {entry.reason}
            <div className={classes.dim}>
              <DateTime at={entry.at} /> · <Actor actor={entry.actor} />
            </div>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
