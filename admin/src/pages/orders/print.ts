import { useShortcut } from '../../shell/shortcuts';

/** Ctrl-P prints by itself; `p` does too. */
export function usePrintShortcut(label: string, isReady: boolean): void {
  useShortcut({ keys: isReady ? 'p' : null, label, run: () => window.print() });
}
