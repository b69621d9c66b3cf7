import type { Notice } from './notices';

// The code of notifications is loaded with the first one.

let showContainer: () => void = () => {};

/** Sets what mounts the container of notifications. */
export function setNoticeListener(listener: () => void): void {
  showContainer = listener;
}

function show(notice: Notice): void {
  showContainer();
  void import('./notices').then((notices) => notices.showNotice(notice));
}

/** A short message that something is done. It closes by itself. */
export function notifyDone(title: string, message = ''): void {
  show({ title, message, isProblem: false });
}

/** A message that something did not work. It stays until it is closed. */
export function notifyProblem(title: string, message = ''): void {
  show({ title, message, isProblem: true });
}
