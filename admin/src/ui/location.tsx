import { createContext, startTransition, useContext, useEffect, useLayoutEffect, useMemo, useState, type ReactNode } from 'react';

import { BASE_PATH } from '../pages/paths';

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

function read(): Location {
  const { pathname, search } = window.location;
  const path = pathname.slice(BASE_PATH.length).replace(/\/+$/, '') || '/';
  return { path, search: Object.fromEntries(new URLSearchParams(search)) };
}

/** The path in the address. While the code of a page is loaded, the page before it is still shown. */
export function currentPath(): string {
  return read().path;
}

/** Goes to a page of the desk, such as `/orders?status=pending`. */
export function navigate(to: string, { replace = false }: NavigateOptions = {}): void {
  const before = window.location.pathname;
  if (replace) window.history.replaceState(null, '', BASE_PATH + to);
  else window.history.pushState(null, '', BASE_PATH + to);
  mustScrollUp = window.location.pathname !== before;
  for (const listener of listeners) listener();
}

const Context = createContext<Location | null>(null);

export function LocationProvider({ children }: { children: ReactNode }) {
  const [location, setLocation] = useState(read);
  useEffect(() => {
    // The old page stays until the code of the next one is here. Back is rendered at once, so the browser finds its place.
    const update = () => startTransition(() => setLocation(read()));
    listeners.add(update);
    window.addEventListener('popstate', update);
    return () => {
      listeners.delete(update);
      window.removeEventListener('popstate', update);
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

/** Asks before the desk is closed while something is not saved. */
export function useLeaveWarning(isUnsaved: boolean): void {
  const warn = useMemo(() => (event: BeforeUnloadEvent) => event.preventDefault(), []);
  useEffect(() => {
    if (!isUnsaved) return;
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isUnsaved, warn]);
}
