import { ActionIcon, Button, Group, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useState } from 'react';

import { useCan } from '../../api/session';
import { texts } from '../../texts';
import type { Level } from './level';
import { MoveDialog, SafetyDialog, SendDialog, useOtherPlaces } from './place-dialogs';
import { AdjustDialog, InOutDialog } from './stock-dialogs';
import { nameWithSize } from '../../ui/product';

const t = texts.stock;

export type LevelAction = 'adjust' | 'receive' | 'remove' | 'move' | 'send' | 'safety';

/** The buttons of a level: what the account may do with its units. */
export function LevelActions({ level, onAction }: { level: Level; onAction: (action: LevelAction, level: Level) => void }) {
  const can = useCan();
  const others = useOtherPlaces(level);
  if (!can('inventory:update')) return null;
  const items: [LevelAction, string][] = [
    ['receive', t.receive],
    ['remove', t.remove],
    ['move', t.move],
    ...(others.length > 0 ? ([['send', t.send]] as [LevelAction, string][]) : []),
    ['safety', t.setSafety],
  ];
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      <Button
        variant="default"
        size="compact-sm"
        aria-label={t.adjustTitle(nameWithSize(level))}
        onClick={() => onAction('adjust', level)}
      >
        {t.adjust}
      </Button>
      <Menu position="bottom-end" shadow="md" withinPortal>
        <Menu.Target>
          <ActionIcon size="md" aria-label={t.actionsFor(nameWithSize(level))}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {items.map(([action, label]) => (
            <Menu.Item key={action} onClick={() => onAction(action, level)}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}

/** The dialog of an action that was chosen. */
export function ActionDialog({ action, level, onClose }: { action: LevelAction; level: Level; onClose: () => void }) {
  switch (action) {
    case 'adjust':
      return <AdjustDialog level={level} onClose={onClose} />;
    case 'receive':
      return <InOutDialog type="in" level={level} onClose={onClose} />;
    case 'remove':
      return <InOutDialog type="out" level={level} onClose={onClose} />;
    case 'move':
      return <MoveDialog level={level} onClose={onClose} />;
    case 'send':
      return <SendDialog level={level} onClose={onClose} />;
    case 'safety':
      return <SafetyDialog level={level} onClose={onClose} />;
  }
}

/** The action that is open, and how it opens: `const { open, dialog } = useLevelAction()`. */
export function useLevelAction() {
  const [current, setCurrent] = useState<{ action: LevelAction; level: Level } | null>(null);
  return {
    current,
    open: (action: LevelAction, level: Level) => setCurrent({ action, level }),
    close: () => setCurrent(null),
    dialog: current && <ActionDialog {...current} onClose={() => setCurrent(null)} />,
  };
}
