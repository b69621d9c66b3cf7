import { AppShell, Burger, Group, NavLink as MantineNavLink, ScrollArea, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';

import { useLive } from '../api/live';
import { isAllowed, useSession } from '../api/session';
import { pages, type Page } from '../pages/routes';
import { texts } from '../texts';
import { Link } from '../ui/link';
import { LoadingPage, NotAllowedPage } from '../ui/states';
import { AccountMenu } from './AccountMenu';
import classes from './Frame.module.css';
import icon from './icon.svg';
import { LiveDot } from './LiveDot';
import { ScanButton } from './ScanButton';
import { ScannerProvider } from './scanner';
import { ShortcutsProvider, useShortcut } from './shortcuts';
import { StoreSwitch } from './StoreSwitch';

const t = texts.shell;
const Search = lazy(() => import('./Search'));

/** The frame of every page: header, navigation, search, scanner and shortcuts. */
export function Frame() {
  const { user, store } = useSession();
  const live = useLive(isAllowed(user, 'events:read'), store.id);
  const [isNavOpen, nav] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => nav.close(), [path]);

  return (
    <ShortcutsProvider>
      <ScannerProvider>
        <a href="#content" className={classes.skip}>
          {t.skipToContent}
        </a>
        <AppShell
          header={{ height: 52 }}
          navbar={{ width: 216, breakpoint: 'md', collapsed: { mobile: !isNavOpen } }}
          padding={0}
          classNames={{ header: classes.header, navbar: classes.navbar, main: classes.main }}
        >
          <AppShell.Header>
            <Group h="100%" px="sm" gap="xs" wrap="nowrap">
              <Burger
                opened={isNavOpen}
                onClick={nav.toggle}
                hiddenFrom="md"
                size="sm"
                aria-label={isNavOpen ? t.closeNavigation : t.openNavigation}
              />
              <Link to="/" className={classes.brand} aria-label={texts.common.appName}>
                <img src={icon} alt="" width={26} height={26} />
                <span className={classes.brandName}>{texts.common.appName}</span>
              </Link>
              <SearchEverything />
              <Group gap={4} wrap="nowrap" ml="auto">
                <LiveDot state={live} />
                <ScanButton />
                <StoreSwitch />
                <AccountMenu />
              </Group>
            </Group>
          </AppShell.Header>
          <AppShell.Navbar aria-label={t.navigation}>
            <Navigation />
          </AppShell.Navbar>
          <AppShell.Main id="content" tabIndex={-1}>
            <div className={classes.content}>
              <Outlet />
            </div>
          </AppShell.Main>
        </AppShell>
      </ScannerProvider>
    </ShortcutsProvider>
  );
}

/** The page, if the account may see it. */
export function GuardedPage({ page, children }: { page: Page; children: ReactNode }) {
  const { user } = useSession();
  if (!isAllowed(user, page.needs)) return <NotAllowedPage />;
  return <Suspense fallback={<LoadingPage />}>{children}</Suspense>;
}

function SearchEverything() {
  const [isUsed, setIsUsed] = useState(false);
  const [isOpen, setIsOpen] = useState(false);
  const open = () => {
    setIsUsed(true);
    setIsOpen(true);
  };
  useShortcut({ keys: 'mod+K', label: t.shortcutSearch, run: open, everywhere: true });

  return (
    <>
      <UnstyledButton className={classes.search} onClick={open} aria-keyshortcuts="Control+K">
        <IconSearch size={16} aria-hidden />
        <span className={classes.searchText}>{t.searchEverything}</span>
        <kbd className={classes.searchKeys} aria-hidden>
          Ctrl K
        </kbd>
      </UnstyledButton>
      {isUsed && (
        <Suspense fallback={null}>
          <Search isOpen={isOpen} onClose={() => setIsOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

/** The pages of the navigation that the account may see. A group with several shows them when it is open. */
function Navigation() {
  const { user } = useSession();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const visible = pages.filter((page) => page.inNavigation && isAllowed(user, page.needs));
  const groups = [...new Set(visible.map((page) => page.group))];
  const here = groupOf(path);

  return (
    <ScrollArea type="auto" className={classes.links}>
      <ul className={classes.list}>
        {groups.map((group) => {
          const [first, ...rest] = visible.filter((page) => page.group === group);
          if (!first) return null;
          const isHere = group === here;
          return (
            <li key={group}>
              <NavLink page={first} label={rest.length > 0 ? texts[group].title : first.title} isHere={isHere} isCurrent={path === first.path} />
              {isHere && rest.length > 0 && (
                <ul className={classes.sublist}>
                  {[first, ...rest].map((page) => (
                    <li key={page.path}>
                      <NavLink page={page} label={page.title} isHere={false} isCurrent={path === page.path} isSub />
                    </li>
                  ))}
                </ul>
              )}
            </li>
          );
        })}
      </ul>
    </ScrollArea>
  );
}

function groupOf(path: string): string | undefined {
  const exact = pages.find((page) => page.path === path);
  if (exact) return exact.group;
  const root = `/${path.split('/')[1] ?? ''}`;
  return pages.find((page) => page.path !== '/' && (page.path === root || page.path.startsWith(`${root}/`)))?.group;
}

function NavLink({ page, label, isHere, isCurrent, isSub }: { page: Page; label: string; isHere: boolean; isCurrent: boolean; isSub?: boolean }) {
  const Icon = page.icon;
  useShortcut({ keys: isSub || !page.shortcut ? null : `g ${page.shortcut}`, label: t.shortcutGo(label), to: page.path });
  return (
    <MantineNavLink
      component={Link}
      to={page.path}
      label={label}
      active={isHere || isCurrent}
      aria-current={isCurrent ? 'page' : undefined}
      leftSection={!isSub && Icon ? <Icon size={18} stroke={1.7} aria-hidden /> : undefined}
      className={isSub ? classes.sublink : classes.link}
      variant="light"
    />
  );
}
