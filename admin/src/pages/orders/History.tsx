import { Skeleton } from '@mantine/core';

import { api } from '../../api/client';
import { texts } from '../../texts';
import { Panel } from '../../ui/page';
import { ErrorNote } from '../../ui/states';
import { statusText } from '../../ui/status';
import { DateTime } from '../../ui/values';
import { useActorName } from './actor';
import type { Order } from './order';
import classes from './order.module.css';

const t = texts.orders.history;

export function HistoryPanel({ order }: { order: Order }) {
  const { data, error, refetch } = api.useQuery('get', '/orders/{id}/history', { params: { path: { id: order.order_number } } });
  const actorName = useActorName(order);
  return (
    <Panel title={t.title}>
      {error ? <ErrorNote error={error} retry={() => void refetch()} /> : null}
      {!data && !error && <Skeleton height={60} />}
      {data && (
        <ol className={classes.timeline}>
          {data.map((entry) => (
            <li key={`${entry.at}-${entry.to}`}>
              <div>
                {entry.from === null ? `${t.placed}: ` : ''}
                {statusText('order', entry.to)}
              </div>
              <div className={classes.small}>
                <DateTime at={entry.at} /> {t.by(actorName(entry.actor))}
                {entry.reason && ` · ${entry.reason}`}
              </div>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
