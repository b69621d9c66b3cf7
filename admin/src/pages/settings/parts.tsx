import { Alert, Button, List } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';

import { texts } from '../../texts';
import type { Change } from './checked-write';

const t = texts.settings;

/** What somebody else changed while the dialog was open. */
export function Changes({ changes, nameOf }: { changes: Change[]; nameOf?: (name: string) => string }) {
  if (changes.length === 0) return null;
  return (
    <Alert color="yellow" icon={<IconUsers size={18} />} title={t.changedByOther}>
      <List size="sm">
        {changes.map(({ name, now }) => (
          <List.Item key={name}>{t.isNow(nameOf?.(name) ?? t.fields[name as keyof typeof t.fields] ?? name, textOf(now))}</List.Item>
        ))}
      </List>
    </Alert>
  );
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return texts.common.none;
  if (typeof value === 'boolean') return value ? texts.common.yes : texts.common.no;
  if (Array.isArray(value)) return value.length === 0 ? texts.common.none : value.map(textOf).join(', ');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, inner]) => `${name}: ${textOf(inner)}`)
      .join(', ');
  }
  return String(value);
}

export function EditButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button variant="default" size="xs" aria-label={label} onClick={onClick}>
      {texts.common.edit}
    </Button>
  );
}

/** A number of a form, which is '' while its field is empty. */
export function orNull(value: number | string): number | null {
  return value === '' ? null : Number(value);
}

/** Text of a form without spaces around, or null if there is none. */
export function textOrNull(value: string): string | null {
  return value.trim() || null;
}
