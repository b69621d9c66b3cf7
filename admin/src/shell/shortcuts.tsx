import { createContext, lazy, Suspense, useContext, useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react';

import { texts } from '../texts';
import { useGo } from '../ui/link';

const t = texts.shell;
const ShortcutHelp = lazy(() => import('./ShortcutHelp'));

export interface Shortcut {
  /** `mod+K` (Ctrl or Cmd), one key such as `n`, or two in a row such as `g o`. Null: none now. */
  keys: string | null;
  /** What it does, for the help sheet. */
  label: string;
  run?: () => void;
  /** A page to open instead of `run`. */
  to?: string;
  /** True for the shortcuts of the frame. Those of a page are listed first. */
  everywhere?: boolean;
}

interface Shortcuts {
  register: (id: string, shortcut: Shortcut) => () => void;
  showHelp: () => void;
}

const Context = createContext<Shortcuts | null>(null);

/** A shortcut waits this long for another key, so that the first characters of a scan do nothing. */
const SCAN_MS = 60;
/** After the first key of two, the second one has this long. */
const SEQUENCE_MS = 1_200;
const SINGLE_KEYS = 'stockroom.singleKeys';

/** Shortcuts of single keys can be turned off, because they get in the way of speech input (WCAG 2.1.4). */
export function areSingleKeysOn(): boolean {
  return localStorage.getItem(SINGLE_KEYS) !== 'off';
}

export function setSingleKeys(isOn: boolean): void {
  localStorage.setItem(SINGLE_KEYS, isOn ? 'on' : 'off');
}

/** Adds a keyboard shortcut while the component is shown, and lists it in the help sheet. */
export function useShortcut(shortcut: Shortcut): void {
  const shortcuts = useContext(Context);
  const id = useId();
  const go = useGo();
  const latest = useRef(shortcut);
  latest.current = shortcut;
  const { keys, label, to, everywhere } = shortcut;
  useEffect(() => {
    if (!keys) return;
    const run = () => (to ? go(to) : latest.current.run?.());
    return shortcuts?.register(id, { keys, label, run, everywhere: everywhere ?? to !== undefined });
  }, [shortcuts, id, keys, label, to, everywhere]);
}

export function useShortcutHelp(): () => void {
  const shortcuts = useContext(Context);
  return () => shortcuts?.showHelp();
}

export function ShortcutsProvider({ children }: { children: ReactNode }) {
  const [registered] = useState(() => new Map<string, Shortcut>());
  const [isHelpOpen, setIsHelpOpen] = useState(false);

  const value = useMemo<Shortcuts>(
    () => ({
      register: (id, shortcut) => {
        registered.set(id, shortcut);
        return () => registered.delete(id);
      },
      showHelp: () => setIsHelpOpen(true),
    }),
    [registered],
  );

  useEffect(() => {
    registered.set('help', { keys: '?', label: t.shortcutHelp, run: () => setIsHelpOpen(true), everywhere: true });
    let first: { key: string; at: number } | null = null;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const onAnyKey = () => clearTimeout(waiting);
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      const isMod = event.ctrlKey || event.metaKey;
      if (!isMod && (!areSingleKeysOn() || isTextField(event.target) || isInDialog(event.target))) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const before = first && event.timeStamp - first.at < SEQUENCE_MS ? `${first.key} ` : '';
      const pressed = isMod ? `mod+${key.toUpperCase()}` : before + key;
      const all = [...registered.values()].reverse();
      const found = all.find((one) => one.keys === pressed) ?? (isMod ? undefined : all.find((one) => one.keys === key));
      first = !found && !isMod && all.some((one) => one.keys?.startsWith(`${key} `)) ? { key, at: event.timeStamp } : null;
      if (!found) return;
      event.preventDefault();
      if (isMod) found.run?.();
      else waiting = setTimeout(() => found.run?.(), SCAN_MS);
    };
    window.addEventListener('keydown', onAnyKey, { capture: true });
    document.addEventListener('keydown', onKey);
    return () => {
      clearTimeout(waiting);
      window.removeEventListener('keydown', onAnyKey, { capture: true });
      document.removeEventListener('keydown', onKey);
    };
  }, [registered]);

  return (
    <Context value={value}>
      {children}
      {isHelpOpen && (
        <Suspense fallback={null}>
          <ShortcutHelp shortcuts={[...registered.values()]} onClose={() => setIsHelpOpen(false)} />
        </Suspense>
      )}
    </Context>
  );
}

export function isTextField(target: EventTarget | null): target is HTMLElement {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type);
}

function isInDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[role="dialog"], [role="menu"]') !== null;
}
