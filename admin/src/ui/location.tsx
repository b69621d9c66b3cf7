import { createContext, startTransition, useContext, useEffect, useLayoutEffect, useState, type ReactNode } from 'react';

import { BASE_PATH } from '../pages/paths';
import { mayLeavePage } from './unsaved';

// The router of the desk. Pages are a flat list, so this is all that is needed; a library would be a sixth of the script of
// the orders page.

export interface Location {
  /** The path below `/admin`: `/orders/ORD-…`. */
  path: string;
  /** The filters in the URL. */
  search: Readonly<Record<string, string>>;
}

interface NavigateOptions {
  /** Does not add an entry to the history. */
  replace?: boolean;
}

const listeners = new Set<() => void>();
let mustScrollUp = false;

/** The path that is shown, and the number of its entry in the browser's history. */
const shown = { path: currentPath(), entry: -1 };
shown.entry = numberOfEntry();

function read({ pathname, search }: Pick<URL, 'pathname' | 'search'> = window.location): Location {
  const path = pathname.slice(BASE_PATH.length).replace(/\/+$/, '') || '/';
  return { path, search: Object.fromEntries(new URLSearchParams(search)) };
}

/** The path in the address. While the code of a page is loaded, the page before it is still shown. */
export function currentPath(): string {
  return read().path;
}

/** The number of the browser's present entry. One without a number is new: a link within a page has made it. */
function numberOfEntry(): number {
  const { state } = window.history;
  if (typeof state?.entry === 'number') return state.entry;
  const entry = shown.entry + 1;
  window.history.replaceState({ entry }, '');
  return entry;
}

/** Goes to a page of the desk, such as `/orders?status=pending`, unless the user stays for what is not saved. */
export function navigate(to: string, { replace = false }: NavigateOptions = {}): void {
  const { path } = read(new URL(BASE_PATH + to, window.location.href));
  const isOther = path !== shown.path;
  if (isOther && !mayLeavePage()) return;
  if (!replace) shown.entry += 1;
  shown.path = path;
  if (replace) window.history.replaceState({ entry: shown.entry }, '', BASE_PATH + to);
  else window.history.pushState({ entry: shown.entry }, '', BASE_PATH + to);
  mustScrollUp = isOther;
  for (const listener of listeners) listener();
}

/** Takes over the address after Back and Forward. If the user stays, the browser returns to the entry of the page. */
function acceptHistory(): boolean {
  const entry = numberOfEntry();
  const path = currentPath();
  if (path !== shown.path && !mayLeavePage()) {
    window.history.go(shown.entry - entry);
    return false;
  }
  shown.path = path;
  shown.entry = entry;
  return true;
}

const Context = createContext<Location | null>(null);

export function LocationProvider({ children }: { children: ReactNode }) {
  const [location, setLocation] = useState(read);
  useEffect(() => {
    // The old page stays until the code of the next one is here. Back is rendered at once, so the browser finds its place.
    const update = () => startTransition(() => setLocation(read()));
    const onPopState = () => acceptHistory() && update();
    listeners.add(update);
    window.addEventListener('popstate', onPopState);
    return () => {
      listeners.delete(update);
      window.removeEventListener('popstate', onPopState);
    };
  }, []);
  useLayoutEffect(() => {
    if (!mustScrollUp) return;
    mustScrollUp = false;
    window.scrollTo(0, 0);
    // Screen readers and the Tab key go on at the new page.
    document.getElementById('content')?.focus({ preventScroll: true });
  }, [location.path]);
  return <Context value={location}>{children}</Context>;
}

export function useLocation(): Location {
  const location = useContext(Context);
  if (!location) throw new Error('useLocation is only for what is inside of LocationProvider');
  return location;
}

/** `const go = useGo(); go('/orders')` */
export function useGo(): typeof navigate {
  return navigate;
}

/** The link to a path with filters. Empty filters are left out. */
export function withSearch(path: string, search: Record<string, string | undefined>): string {
  const set = Object.entries(search).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return set.length > 0 ? `${path}?${new URLSearchParams(set)}` : path;
}
