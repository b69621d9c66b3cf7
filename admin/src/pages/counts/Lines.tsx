import { Button, Group, SegmentedControl, Text, TextInput } from '@mantine/core';
import { IconChevronRight, IconSearch } from '@tabler/icons-react';
import { useState, useSyncExternalStore } from 'react';

import type { Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import type { ListState } from '../../ui/list-state';
import { Panel } from '../../ui/page';
import { nameWithSize } from '../../ui/product';
import { Paging } from './Paging';
import classes from './counts.module.css';
import { countQueue } from './queue';

const t = texts.counts;
const STEP = 60;

type Count = Schemas['CountResponse'];
type Line = Schemas['CountLineResponse'];

interface Props {
  count: Count;
  list: ListState<unknown>;
  onChoose: (line: Line) => void;
}

/** What is to be counted. A tap on a line counts it, where there is no barcode to scan. */
export function Lines({ count, list, onChoose }: Props) {
  const show = list.value('show') || 'todo';
  const [text, setText] = useState('');
  const [shown, setShown] = useState(STEP);
  const waiting = useWaiting(count);
  const fits = (line: Line) => {
    const isCounted = line.counted_quantity !== null || waiting.has(line.sku);
    if (show === 'todo' && isCounted) return false;
    if (show === 'counted' && !isCounted) return false;
    return `${line.product_name} ${line.size ?? ''} ${line.sku}`.toLowerCase().includes(text.trim().toLowerCase());
  };
  const lines = count.lines.filter(fits);

  return (
    <Panel isFlush title={t.lines}>
      <Group gap="xs" px={16} pb="sm">
        <SegmentedControl
          size="xs"
          value={show}
          aria-label={t.show}
          data={[
            { value: 'todo', label: t.todo },
            { value: 'counted', label: t.done },
            { value: 'all', label: texts.common.all },
          ]}
          onChange={(value) => list.set({ show: value === 'todo' ? '' : value }, { replace: true })}
        />
        <TextInput
          type="search"
          className={classes.find}
          aria-label={t.find}
          placeholder={t.find}
          data-scan="field"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </Group>
      {lines.length === 0 ? (
        <Text size="sm" c="dimmed" px={16} pb={16}>
          {show === 'todo' && text === '' ? t.allCounted : texts.common.nothingFound}
        </Text>
      ) : (
        <ul className={classes.lines} aria-label={t.lines}>
          {lines.slice(0, shown).map((line) => (
            <LineRow key={line.line} line={line} waiting={waiting.get(line.sku)} onChoose={() => onChoose(line)} />
          ))}
        </ul>
      )}
      {lines.length > shown && (
        <Button variant="subtle" fullWidth onClick={() => setShown(shown + STEP)}>
          {t.showMore}
        </Button>
      )}
      <Paging list={list} total={count.line_totals.total} />
    </Panel>
  );
}

/** What waits to be sent, by the SKU or barcode that was scanned. */
function useWaiting(count: Count): Map<string, string> {
  const { quantity } = useFormats();
  const { waiting } = useSyncExternalStore(countQueue.subscribe, countQueue.getState);
  const own = waiting.filter((entry) => entry.count === count.count_number);
  return new Map(own.map((entry) => [entry.sku ?? entry.code, entry.add ? `+${quantity(entry.quantity)}` : quantity(entry.quantity)]));
}

function LineRow({ line, waiting, onChoose }: { line: Line; waiting: string | undefined; onChoose: () => void }) {
  const { quantity } = useFormats();
  const figures = waiting ?? (line.counted_quantity === null ? null : quantity(line.counted_quantity));
  return (
    <li>
      <button type="button" className={classes.line} onClick={onChoose}>
        <span className={classes.lineName}>
          <span>{nameWithSize(line)}</span>
          <span className={classes.lineSku}>{line.sku}</span>
        </span>
        <span className={classes.lineFigures}>
          {figures !== null && <span className={classes.lineCounted}>{figures}</span>}
          {waiting !== undefined && <span className={classes.lineNote}>{t.stateWaiting}</span>}
          {waiting === undefined && line.expected_quantity !== null && (
            <span className={classes.lineNote}>{t.expectedIs(quantity(line.expected_quantity))}</span>
          )}
        </span>
        <IconChevronRight size={16} aria-hidden />
      </button>
    </li>
  );
}
