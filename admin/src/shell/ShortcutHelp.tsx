import { Kbd, Stack, Table, Text, Title } from '@mantine/core';

import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import type { Shortcut } from './shortcuts';

const t = texts.shell;

/** The help sheet: the shortcuts of the page, and those that work everywhere. */
export default function ShortcutHelp({ shortcuts, onClose }: { shortcuts: Shortcut[]; onClose: () => void }) {
  const here = shortcuts.filter((one) => !one.everywhere);
  const everywhere = shortcuts.filter((one) => one.everywhere);
  return (
    <Dialog title={t.shortcuts} onClose={onClose}>
    <Stack gap="md">
      {here.length > 0 && <HelpPart title={t.shortcutsPage} shortcuts={here} />}
      <HelpPart title={t.shortcutsEverywhere} shortcuts={everywhere} />
      <Text size="sm" c="dimmed">
        {t.copyOf} {t.shortcutScan}.
      </Text>
    </Stack>
    </Dialog>
  );
}

function HelpPart({ title, shortcuts }: { title: string; shortcuts: Shortcut[] }) {
  return (
    <div>
      <Title order={3} mb={4}>
        {title}
      </Title>
      <Table verticalSpacing={6}>
        <Table.Tbody>
          {shortcuts.map(({ keys, label }) => (
            <Table.Tr key={keys}>
              <Table.Td>{label}</Table.Td>
              <Table.Td ta="right">
                <Keys keys={keys ?? ''} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Keys({ keys }: { keys: string }) {
  const [first, second] = keys.split(' ');
  return (
    <span className="figures">
      <Kbd>{first?.replace('mod+', 'Ctrl ')}</Kbd>
      {second && (
        <>
          {' '}
          {t.then} <Kbd>{second}</Kbd>
        </>
      )}
    </span>
  );
}
