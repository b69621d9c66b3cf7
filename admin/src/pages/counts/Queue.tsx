import { Alert, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconCloudOff } from '@tabler/icons-react';
import { useState, useSyncExternalStore } from 'react';

import type { Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Panel } from '../../ui/page';
import classes from './counts.module.css';
import { countQueue, type Entry } from './queue';

const t = texts.counts;
const SHOWN = 8;

/** What was entered in this browser: what the server refused, what waits, and the latest that arrived. */
export function Queue({ count }: { count: Schemas['CountResponse'] }) {
  const { quantity } = useFormats();
  const state = useSyncExternalStore(countQueue.subscribe, countQueue.getState);
  const ofThis = (entries: Entry[]) => entries.filter((entry) => entry.count === count.count_number);
  const waiting = ofThis(state.waiting);
  const refused = ofThis(state.refused);
  const others = state.waiting.length + state.refused.length - waiting.length - refused.length;
  const latest = [...waiting].reverse().concat(ofThis(state.sent)).slice(0, Math.max(SHOWN, waiting.length));
  if (latest.length === 0 && refused.length === 0 && others === 0) return null;

  return (
    <Panel
      isFlush
      title={t.latest}
      action={
        waiting.length > 0 && (
          <Badge color="yellow" role="status">
            {t.waiting(quantity(waiting.length))}
          </Badge>
        )
      }
    >
      {!state.isOnline && waiting.length > 0 && (
        <Alert color="yellow" icon={<IconCloudOff size={18} />} mx={16} mb="xs">
          {t.offline}{' '}
          <Button variant="transparent" size="compact-sm" color="yellow" onClick={() => countQueue.sendNow()}>
            {t.sendNow}
          </Button>
        </Alert>
      )}
      {others > 0 && (
        <Text size="sm" c="dimmed" px={16} pb="xs">
          {t.othersWait(quantity(others))}
        </Text>
      )}
      <ul className={classes.entries} aria-label={t.latest}>
        {refused.map((entry) => (
          <Refused key={entry.key} entry={entry} />
        ))}
        {latest.map((entry) => (
          <li key={entry.key}>
            <EntryText entry={entry} />
            {waiting.includes(entry) ? <Badge color="yellow">{t.stateWaiting}</Badge> : <Badge color="teal">{t.stateSent}</Badge>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function EntryText({ entry }: { entry: Entry }) {
  const { quantity, time } = useFormats();
  return (
    <div className={classes.entry}>
      <span className={classes.entryName}>{entry.name}</span>
      <span className={classes.entryQuantity}>{entry.add ? `+${quantity(entry.quantity)}` : quantity(entry.quantity)}</span>
      <span className={classes.entryTime}>{time(entry.countedAt)}</span>
    </div>
  );
}

function Refused({ entry }: { entry: Entry }) {
  const [isAsking, setIsAsking] = useState(false);
  return (
    <li className={classes.refused}>
      <Stack gap={4} w="100%">
        <EntryText entry={entry} />
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {t.refusedBecause(entry.refusal ?? '')}
        </Text>
        {isAsking ? (
          <Group gap="xs">
            <Text size="sm">{t.discardSure}</Text>
            <Button size="compact-sm" color="red" onClick={() => countQueue.discard(entry)}>
              {t.discard}
            </Button>
            <Button size="compact-sm" variant="default" onClick={() => setIsAsking(false)}>
              {texts.common.cancel}
            </Button>
          </Group>
        ) : (
          <Group gap="xs">
            <Button size="compact-sm" variant="default" onClick={() => countQueue.sendAgain(entry)}>
              {t.sendAgain}
            </Button>
            <Button size="compact-sm" variant="default" onClick={() => setIsAsking(true)}>
              {t.discard}
            </Button>
          </Group>
        )}
      </Stack>
    </li>
  );
}
