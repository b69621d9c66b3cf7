import { Menu, Text, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { IconCheck, IconDeviceDesktop, IconKeyboard, IconLogout, IconMoon, IconSun, IconUser } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { useSession } from '../api/session';
import { texts } from '../texts';
import { Link } from '../ui/link';
import { useShortcutHelp } from './shortcuts';

const t = texts.shell;

const SCHEMES: [MantineColorScheme, string, typeof IconSun][] = [
  ['auto', t.schemeAuto, IconDeviceDesktop],
  ['light', t.schemeLight, IconSun],
  ['dark', t.schemeDark, IconMoon],
];

export default function AccountMenu({ button }: { button: ReactNode }) {
  const { user, signOut } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const showHelp = useShortcutHelp();
  return (
    <Menu defaultOpened position="bottom-end" width={240} shadow="md">
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" c="var(--mantine-color-text)" fw={550} truncate>
            {user.full_name ?? user.email}
          </Text>
          {user.full_name && <Text size="xs" truncate>{user.email}</Text>}
        </Menu.Label>
        <Menu.Item component={Link} to="/account" leftSection={<IconUser size={16} aria-hidden />}>
          {t.account}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} rightSection={<kbd>?</kbd>} onClick={showHelp}>
          {t.shortcuts}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t.scheme}</Menu.Label>
        {SCHEMES.map(([scheme, label, Icon]) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon size={16} aria-hidden />}
            rightSection={scheme === colorScheme ? <IconCheck size={16} aria-hidden /> : undefined}
            aria-current={scheme === colorScheme || undefined}
            closeMenuOnClick={false}
            onClick={() => setColorScheme(scheme)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={signOut}>
          {t.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
