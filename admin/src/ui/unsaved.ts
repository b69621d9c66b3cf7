import { useEffect } from 'react';

import { texts } from '../texts';

// Knows what would be lost. Every way off a page asks here first: links, Back, scans, shortcuts, and closing the desk.

const t = texts.common;
/** What is lost with its page: what was typed into a dialog, and requests whose outcome is not known yet. */
const onPage = new Set<object>();
/** The names of what stays while other pages are shown, and is lost when the desk is closed or loaded again. */
const kept = new Set<string>();
let isAfterSaving = false;

/** Asks before the page is left, or the desk is closed, while something on the page is not saved. */
export function useUnsaved(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return;
    const mark = {};
    onPage.add(mark);
    watchClosing();
    return () => {
      onPage.delete(mark);
      watchClosing();
    };
  }, [isUnsaved]);
}

/** The same for changes that their page finds again when it is opened again: only closing the desk needs the question. */
export function useKeptUnsaved(name: string, isUnsaved: boolean): void {
  useEffect(() => {
    if (isUnsaved) kept.add(name);
    else kept.delete(name);
    watchClosing();
  }, [name, isUnsaved]);
}

/** True if nothing on the page is lost by leaving it, or if the user agrees. */
export function mayLeavePage(): boolean {
  return isAfterSaving || onPage.size === 0 || window.confirm(t.leavePage);
}

/** True if nothing is lost by signing out or by changing the store, or if the user agrees. */
export function mayLeaveDesk(): boolean {
  return onPage.size + kept.size === 0 || window.confirm(t.leaveDesk);
}

/** Lets the desk be loaded again without a question, because the user has answered it, or is another one now. */
export function forgetUnsaved(): void {
  onPage.clear();
  kept.clear();
  watchClosing();
}

/** Runs what follows a successful write, such as opening the page of what was made. Its form counts as saved. */
export function afterSaving(follow: () => void): void {
  isAfterSaving = true;
  try {
    follow();
  } finally {
    isAfterSaving = false;
  }
}

/** The browser asks in its own words. Without the listener it may keep pages for Back, so there is none without need. */
function watchClosing(): void {
  if (onPage.size + kept.size > 0) window.addEventListener('beforeunload', askBeforeClosing);
  else window.removeEventListener('beforeunload', askBeforeClosing);
}

function askBeforeClosing(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
