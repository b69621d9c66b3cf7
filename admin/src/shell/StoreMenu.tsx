import { Menu, Text } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useSession } from '../api/session';
import { texts } from '../texts';
import classes from './menus.module.css';

export default function StoreMenu({ button }: { button: ReactNode }) {
  const { store, stores, chooseStore } = useSession();
  return (
    <Menu defaultOpened position="bottom-end" width={260} shadow="md">
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown mah={400} className={classes.dropdown}>
        <Menu.Label>{texts.shell.store}</Menu.Label>
        {stores.map((one) => (
          <Menu.Item
            key={one.id}
            onClick={() => one.id !== store.id && chooseStore(one)}
            rightSection={one.id === store.id ? <IconCheck size={16} aria-hidden /> : undefined}
            aria-current={one.id === store.id || undefined}
          >
            {one.name}
            <Text size="xs" c="dimmed" className="code">
              {one.code}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
