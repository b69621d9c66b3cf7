import { Badge, Button, Group, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

import type { Schemas } from '../../api/client';
import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { StatusTabs } from '../../ui/filters';
import { useFormats } from '../../ui/format';
import type { ListState } from '../../ui/list-state';
import { Panel } from '../../ui/page';
import { EmptyState } from '../../ui/states';
import { DataTable, type Column, type Selection } from '../../ui/table';
import { Actor } from '../../ui/actor';
import { ProductCell, nameWithSize } from '../../ui/product';
import { DateTime, Quantity } from '../../ui/values';
import { PostDialog, RecountDialog } from './actions';
import classes from './counts.module.css';
import { EntriesDialog } from './EntriesDialog';
import { LineBadge } from './LineBadge';
import { Queue } from './Queue';

const t = texts.counts;

type Count = Schemas['CountResponse'];
type Line = Schemas['CountLineResponse'];
type Open = { kind: 'recount' | 'entries'; line: Line } | { kind: 'post' };

const WANTED: Record<string, (line: Line) => boolean> = {
  '': (line) => line.variance !== 0 && line.variance !== null,
  refused: (line) => line.status === 'refused',
  uncounted: (line) => line.counted_quantity === null,
  all: () => true,
};

/** The differences of a count whose counting has ended. */
export function Review({ count, list }: { count: Count; list: ListState<unknown> }) {
  const can = useCan();
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [open, setOpen] = useState<Open | null>(null);
  // A changed count has other lines to post. Until then, the choice stays, also if the dialog is cancelled.
  useEffect(() => setChosen(new Set()), [count.version]);
  const isSubmitted = count.status === 'submitted';
  const lines = count.lines.filter(WANTED[list.value('show')] ?? WANTED['']!);
  const selection: Selection | undefined = isSubmitted && can('inventory:approve') ? { keys: chosen, set: setChosen } : undefined;
  const amount = (show: string) => count.lines.filter(WANTED[show]!).length;
  const close = () => setOpen(null);

  return (
    <div className={classes.review}>
      <Queue count={count} />
      <Summary count={count} />
      <div className="panel">
        <StatusTabs
          list={list}
          label={t.show}
          tabs={[
            { label: t.differences, filters: { show: '' }, count: amount('') },
            { label: t.refusedLines, filters: { show: 'refused' }, count: amount('refused') },
            { label: t.notCounted, filters: { show: 'uncounted' }, count: amount('uncounted') },
            { label: texts.common.all, filters: { show: 'all' }, count: amount('all') },
          ]}
        />
        {selection && chosen.size > 0 && (
          <Group p="sm" gap="xs">
            <Text size="sm">{texts.common.selected(String(chosen.size))}</Text>
            <Button size="xs" onClick={() => setOpen({ kind: 'post' })}>
              {t.postChosen(String(chosen.size))}
            </Button>
          </Group>
        )}
        {lines.length === 0 ? (
          <EmptyState title={list.value('show') === '' ? t.noDifferences : texts.common.nothingFound} />
        ) : (
          <DataTable
            label={t.differences}
            query={{ data: pageOf(lines, count, list), error: null, isPlaceholderData: false, refetch: (() => undefined) as never }}
            list={list}
            columns={columns(isSubmitted, setOpen)}
            rowKey={(line) => String(line.line)}
            rowName={nameWithSize}
            selection={selection}
            empty={null}
          />
        )}
      </div>
      {open?.kind === 'recount' && <RecountDialog count={count} line={open.line} onClose={close} />}
      {open?.kind === 'entries' && <EntriesDialog count={count} line={open.line} onClose={close} />}
      {open?.kind === 'post' && <PostDialog count={count} lines={[...chosen].map(Number)} onClose={close} />}
    </div>
  );
}

/** The lines of one request are shown together. */
function pageOf(items: Line[], count: Count, list: ListState<unknown>) {
  const pages = Math.ceil(count.line_totals.total / list.limit);
  const total = pages > 1 ? count.line_totals.total : items.length;
  return { items, total, page: list.page, pages, limit: pages > 1 ? list.limit : Math.max(1, items.length) };
}

function columns(isSubmitted: boolean, open: (open: Open) => void): Column<Line>[] {
  const mayRecount = (line: Line) => isSubmitted && ['submitted', 'refused', 'uncounted'].includes(line.status);
  return [
    {
      title: texts.common.product,
      cell: (line) => <ProductCell line={line} />,
    },
    { title: t.expected, align: 'right', cell: (line) => <Quantity value={line.expected_quantity} /> },
    { title: t.counted, align: 'right', cell: (line) => <Quantity value={line.counted_quantity} /> },
    { title: t.difference, align: 'right', phone: 'side', cell: (line) => <Variance line={line} /> },
    { title: t.countedAt, cell: (line) => <CountedBy line={line} /> },
    { title: t.status, cell: (line) => <LineBadge line={line} /> },
    {
      title: t.actions,
      align: 'right',
      isInteractive: true,
      cell: (line) => (
        <Group gap={6} justify="flex-end" wrap="nowrap">
          {line.counted_quantity !== null && (
            <Button size="compact-sm" variant="default" aria-label={`${t.entries}: ${nameWithSize(line)}`} onClick={() => open({ kind: 'entries', line })}>
              {t.entries}
            </Button>
          )}
          {mayRecount(line) && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconRefresh size={14} aria-hidden />}
              aria-label={`${t.recount}: ${nameWithSize(line)}`}
              onClick={() => open({ kind: 'recount', line })}
            >
              {t.recount}
            </Button>
          )}
        </Group>
      ),
    },
  ];
}

function Variance({ line }: { line: Line }) {
  const { quantity, money } = useFormats();
  if (line.variance === null) return <>{texts.common.noValue}</>;
  const sign = line.variance > 0 ? '+' : '';
  return (
    <span className={classes.variance} data-down={line.variance < 0 || undefined}>
      <span className="figures">{`${sign}${quantity(line.variance)}`}</span>
      {line.value !== null && line.variance !== 0 && <span className={classes.value}>{money(line.value)}</span>}
    </span>
  );
}

function CountedBy({ line }: { line: Line }) {
  if (!line.counted_at) return <>{texts.common.noValue}</>;
  return (
    <div>
      <DateTime at={line.counted_at} />
      <Text size="xs" c="dimmed" component="div">
        <Actor actor={line.counted_by} />
        {line.touched && (
          <Badge ml={6} size="xs" color="yellow" title={t.touchedHint}>
            {t.touched}
          </Badge>
        )}
      </Text>
    </div>
  );
}

function Summary({ count }: { count: Count }) {
  const { quantity, money } = useFormats();
  const can = useCan();
  const sum = (fits: (variance: number) => boolean) => {
    return count.lines.reduce((total, { variance }) => (variance !== null && fits(variance) ? total + variance : total), 0);
  };
  const value = count.lines.reduce((total, line) => total + (line.value ?? 0), 0);
  const { line_totals: totals } = count;
  const isWhole = count.lines.length === totals.total;
  const reason = count.history.find((entry) => entry.to === 'cancelled')?.reason;
  const figures: [string, string][] = [
    [t.countedLines, t.countedOf(quantity(totals.counted), quantity(totals.total))],
    [t.postedLines, quantity(totals.posted)],
  ];
  if (isWhole) figures.push([t.found, `+${quantity(sum((variance) => variance > 0))}`], [t.missing, quantity(sum((variance) => variance < 0))]);
  if (isWhole && can('inventory:read')) figures.push([t.value, money(value)]);
  if (totals.superseded > 0) figures.push([t.superseded, quantity(totals.superseded)]);
  return (
    <Panel>
      <dl className={classes.summary}>
        {figures.map(([name, figure]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{figure}</dd>
          </div>
        ))}
      </dl>
      {reason && (
        <Text size="sm" mt="xs">
          {texts.common.reason}: {reason}
        </Text>
      )}
      {totals.superseded > 0 && (
        <Text size="xs" c="dimmed" mt="xs">
          {t.supersededHint}
        </Text>
      )}
    </Panel>
  );
}
