import { Button, Menu } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';

import { texts } from '../../texts';

interface Props<Open extends string> {
  items: [label: string, open: Open][];
  onOpen: (open: Open) => void;
}

/** The steps of a document that are not the usual next one. */
export function MoreMenu<Open extends string>({ items, onOpen }: Props<Open>) {
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={15} aria-hidden />}>
          {texts.inbound.more}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {items.map(([label, open]) => (
          <Menu.Item key={open} onClick={() => onOpen(open)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
