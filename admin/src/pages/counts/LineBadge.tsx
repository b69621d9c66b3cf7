import { Badge, Text } from '@mantine/core';

import type { Schemas } from '../../api/client';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';

const t = texts.counts;

type Line = Schemas['CountLineResponse'];

const COLORS: Record<Line['status'], string> = {
  open: 'blue',
  submitted: 'yellow',
  uncounted: 'gray',
  posted: 'teal',
  superseded: 'gray',
  refused: 'red',
  cancelled: 'gray',
};

/** The state of a line, and for a refused one to whom its units are promised. */
export function LineBadge({ line }: { line: Line }) {
  const { quantity } = useFormats();
  return (
    <div>
      <Badge color={COLORS[line.status]}>{t.lineStates[line.status]}</Badge>
      {line.status === 'refused' && line.promises.length > 0 && (
        <Text size="xs" c="var(--mantine-color-error)">
          {t.promised(line.promises.map(({ kind, id, quantity: units }) => `${kind} ${id}: ${quantity(units)}`).join(', '))}
        </Text>
      )}
    </div>
  );
}
