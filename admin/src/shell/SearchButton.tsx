import { UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';

import { texts } from '../texts';
import classes from './SearchButton.module.css';
import { useShortcut } from './shortcuts';

const t = texts.shell;
const Search = lazy(() => import('./Search'));

/** Opens the search over everything, whose code is loaded with the first use. */
export function SearchButton() {
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
        <span className={classes.text}>{t.searchEverything}</span>
        <kbd className={classes.keys} aria-hidden>
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
