import { Text } from '@mantine/core';
import { useSyncExternalStore } from 'react';

import type { Schemas } from '../../api/client';
import { useCan, useSession } from '../../api/session';
import { useWrite } from '../../api/use-write';
import { texts } from '../../texts';
import { ConfirmDialog, useFrozen } from '../../ui/dialog';
import { useFormats } from '../../ui/format';
import { nameWithSize } from '../../ui/product';
import { ReasonDialog } from '../../ui/reason-dialog';
import { countQueue } from './queue';

const t = texts.counts;

type Count = Schemas['CountResponse'];
interface Props {
  count: Count;
  onClose: () => void;
}

const COUNTS = ['/counts', '/inventory'];

/** Ends the counting. What still waits in this browser would be refused afterwards, so it is said first. */
export function FinishDialog({ count, onClose }: Props) {
  const { quantity } = useFormats();
  const version = useFrozen(count.version);
  const write = useWrite('post', '/counts/{id}/submit', { done: t.finished, invalidates: COUNTS });
  const { waiting } = useSyncExternalStore(countQueue.subscribe, countQueue.getState);
  const own = waiting.filter((entry) => entry.count === count.count_number).length;
  const left = count.line_totals.total - count.line_totals.counted;
  return (
    <ConfirmDialog
      title={t.finish}
      write={write}
      request={{ params: { path: { id: count.id } }, body: { expected_version: version } }}
      confirm={t.finish}
      onClose={onClose}
    >
      {own > 0 && (
        <Text size="sm" c="var(--mantine-color-error)" fw={550} mb="xs">
          {t.finishWaiting(quantity(own))}
        </Text>
      )}
      {left === 0 ? t.finishAll : count.uncounted === 'zero' ? t.finishZero(quantity(left)) : t.finishLeave(quantity(left))}
    </ConfirmDialog>
  );
}

/** Posts all submitted lines, or those that were chosen. */
export function PostDialog({ count, lines: chosen, onClose }: Props & { lines?: number[] }) {
  const { quantity, money } = useFormats();
  const can = useCan();
  const { store } = useSession();
  const version = useFrozen(count.version);
  const lines = useFrozen(chosen);
  const write = useWrite('post', '/counts/{id}/post', { done: postedText, invalidates: COUNTS });
  const { submitted, refused } = count.line_totals;
  return (
    <ConfirmDialog
      title={lines ? t.postChosen(quantity(lines.length)) : t.post}
      write={write}
      request={{ params: { path: { id: count.id } }, body: { expected_version: version, ...(lines ? { lines } : {}) } }}
      confirm={lines ? t.postChosen(quantity(lines.length)) : t.post}
      onClose={onClose}
    >
      {t.postText(quantity(lines?.length ?? submitted + refused))}
      {!can('inventory:approve') && (
        <Text size="sm" mt="xs">
          {t.tolerance(quantity(store.count_tolerance.units), money(store.count_tolerance.value))}
        </Text>
      )}
    </ConfirmDialog>
  );
}

function postedText({ line_totals }: Count): string {
  return line_totals.refused > 0 ? t.postedWithRefused(String(line_totals.refused)) : t.posted;
}

export function RecountDialog({ count, line, onClose }: Props & { line: Schemas['CountLineResponse'] }) {
  const version = useFrozen(count.version);
  const write = useWrite('post', '/counts/{id}/lines/{n}/recount', { done: t.recounting, invalidates: COUNTS });
  return (
    <ConfirmDialog
      title={t.recount}
      write={write}
      request={{ params: { path: { id: count.id, n: line.line } }, body: { expected_version: version } }}
      confirm={t.recount}
      onClose={onClose}
    >
      {t.recountText(nameWithSize(line))}
    </ConfirmDialog>
  );
}

export function CancelDialog({ count, onClose }: Props) {
  const version = useFrozen(count.version);
  const write = useWrite('post', '/counts/{id}/cancel', { done: t.cancelled, invalidates: COUNTS });
  return (
    <ReasonDialog
      title={t.cancel}
      write={write}
      submit={t.cancel}
      onClose={onClose}
      request={(reason) => ({ params: { path: { id: count.id } }, body: { expected_version: version, reason: reason || null } })}
    >
      {t.cancelText}
    </ReasonDialog>
  );
}
