import { ActionIcon, Button, Text } from '@mantine/core';
import { IconBuildingStore, IconChevronDown, IconUser } from '@tabler/icons-react';
import { lazy, Suspense, useState, type ReactNode } from 'react';

import { useSession } from '../api/session';
import { texts } from '../texts';
import classes from './menus.module.css';

const t = texts.shell;
const loadAccountMenu = () => import('./AccountMenu');
const loadStoreMenu = () => import('./StoreMenu');
const AccountMenu = lazy(loadAccountMenu);
const StoreMenu = lazy(loadStoreMenu);

interface OnDemandProps {
  load: () => Promise<unknown>;
  /** The button of the menu, before and after its code is loaded. */
  button: (open?: () => void) => ReactNode;
  menu: (button: ReactNode) => ReactNode;
}

/** A button whose menu is loaded with its first use. The code of menus is a tenth of that of a page. */
function OnDemand({ load, button, menu }: OnDemandProps) {
  const [isUsed, setIsUsed] = useState(false);
  // A failure is shown when the menu is opened.
  const preload = () => void load().catch(() => undefined);
  return (
    <div onMouseEnter={preload} onFocus={preload}>
      {isUsed ? <Suspense fallback={button()}>{menu(button())}</Suspense> : button(() => setIsUsed(true))}
    </div>
  );
}

export function AccountButton() {
  return (
    <OnDemand
      load={loadAccountMenu}
      button={(open) => (
        <ActionIcon aria-label={t.accountMenu} aria-haspopup="menu" onClick={open}>
          <IconUser size={19} stroke={1.7} />
        </ActionIcon>
      )}
      menu={(button) => <AccountMenu button={button} />}
    />
  );
}

/** The store that the desk works in. It is a menu if the account has several. */
export function StoreButton() {
  const { store, stores } = useSession();
  if (stores.length < 2) {
    return (
      <Text size="sm" c="dimmed" className={classes.name} title={store.name}>
        {store.name}
      </Text>
    );
  }
  return (
    <OnDemand
      load={loadStoreMenu}
      button={(open) => (
        <Button
          variant="subtle"
          color="gray"
          px={8}
          leftSection={<IconBuildingStore size={17} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          aria-label={`${t.switchStore}: ${store.name}`}
          aria-haspopup="menu"
          classNames={{ section: classes.section }}
          onClick={open}
        >
          <span className={classes.name}>{store.name}</span>
        </Button>
      )}
      menu={(button) => <StoreMenu button={button} />}
    />
  );
}
