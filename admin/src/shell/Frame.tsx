import { Burger } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useEffect } from 'react';

import { useLive } from '../api/live';
import { isAllowed, useSession } from '../api/session';
import { texts } from '../texts';
import { Link } from '../ui/link';
import { useLocation } from '../ui/location';
import { CurrentPage } from './CurrentPage';
import classes from './Frame.module.css';
import icon from './icon.svg';
import { LiveDot } from './LiveDot';
import { AccountButton, StoreButton } from './menus';
import { Navigation } from './Navigation';
import { ScanButton } from './ScanButton';
import { ScannerProvider } from './scanner';
import { SearchButton } from './SearchButton';
import { ShortcutsProvider } from './shortcuts';
import { WaitingEntries } from './WaitingEntries';

const t = texts.shell;

/** The frame of every page: header, navigation, search, scanner and shortcuts. */
export function Frame() {
  const { user, store } = useSession();
  const live = useLive(isAllowed(user, 'events:read'), store.id);
  const [isOpen, navigation] = useDisclosure(false);
  const { path } = useLocation();
  useEffect(() => navigation.close(), [path]);
  useEffect(() => {
    if (!isOpen) return;
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && navigation.close();
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [isOpen]);

  return (
    <ShortcutsProvider>
      <ScannerProvider>
        <a href="#content" className={classes.skip}>
          {t.skipToContent}
        </a>
        <header className={`${classes.header} no-print`}>
          <Burger
            opened={isOpen}
            onClick={navigation.toggle}
            size="sm"
            className={classes.burger}
            aria-expanded={isOpen}
            aria-label={isOpen ? t.closeNavigation : t.openNavigation}
          />
          <Link to="/" className={classes.brand} aria-label={texts.common.appName}>
            <img src={icon} alt="" width={26} height={26} />
            <span className={classes.brandName}>{texts.common.appName}</span>
          </Link>
          <SearchButton />
          <div className={classes.tools}>
            <WaitingEntries />
            <LiveDot state={live} />
            <ScanButton />
            <StoreButton />
            <AccountButton />
          </div>
        </header>
        <div className={`${classes.side} no-print`} data-open={isOpen || undefined}>
          <Navigation />
        </div>
        {isOpen && <div className={classes.backdrop} onClick={navigation.close} aria-hidden />}
        <main id="content" tabIndex={-1} className={classes.main}>
          <CurrentPage />
        </main>
      </ScannerProvider>
    </ShortcutsProvider>
  );
}
