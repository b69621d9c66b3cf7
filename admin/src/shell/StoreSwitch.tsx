import { Button, Menu, Text } from '@mantine/core';
import { IconBuildingStore, IconCheck, IconChevronDown } from '@tabler/icons-react';

import { useSession } from '../api/session';
import { texts } from '../texts';
import classes from './StoreSwitch.module.css';

/** The store that the desk works in. It is a menu if the account has several. */
export function StoreSwitch() {
  const { store, stores, chooseStore } = useSession();
  if (stores.length < 2) {
    return (
      <Text size="sm" c="dimmed" className={classes.name} title={store.name}>
        {store.name}
      </Text>
    );
  }
  return (
    <Menu position="bottom-end" width={260} shadow="md">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px={8}
          leftSection={<IconBuildingStore size={17} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          aria-label={`${texts.shell.switchStore}: ${store.name}`}
          classNames={{ label: classes.name, section: classes.section }}
        >
          {store.name}
        </Button>
      </Menu.Target>
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
