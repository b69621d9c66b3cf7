import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';

import { ApiProblem } from '../api/problem';
import { findCode } from '../api/scan';
import { pathTo, pathToDocument } from '../pages/paths';
import { texts } from '../texts';
import { useGo } from '../ui/link';
import { notifyProblem } from '../ui/notify';
import { usePageExists } from '../ui/path';
import { WedgeReader } from './wedge';

/** Handles a scanned code. `false` leaves it to the page below, and at last to the frame, which opens what it names. */
export type ScanHandler = (code: string) => void | boolean;

interface Scanner {
  /** Hands a code to the page, as if it were scanned: for the camera, and for codes that are typed. */
  take: (code: string) => void;
  register: (handler: ScanHandler) => () => void;
}

const Context = createContext<Scanner | null>(null);

/** `useScan((code) => addLine(code))`: this page or dialog gets what is scanned while it is shown. The last one goes first. */
export function useScan(handler: ScanHandler): void {
  const scanner = useContext(Context);
  const latest = useRef(handler);
  latest.current = handler;
  useEffect(() => scanner?.register((code) => latest.current(code)), [scanner]);
}

export function useScanner(): Scanner {
  const scanner = useContext(Context);
  if (!scanner) throw new Error('The scanner is only for what is inside of the frame');
  return scanner;
}

/**
 * Reads a scanner that works as a keyboard, whatever has the focus. A field with `data-scan="field"` keeps what is scanned
 * into it; in every other field the scanned characters are taken back.
 */
export function ScannerProvider({ children }: { children: ReactNode }) {
  const [handlers] = useState<ScanHandler[]>(() => []);
  const open = useOpenScanned();
  const latestOpen = useRef(open);
  latestOpen.current = open;

  const scanner = useMemo<Scanner>(
    () => ({
      take: (code) => {
        const isTaken = [...handlers].reverse().some((handler) => handler(code) !== false);
        if (!isTaken) void latestOpen.current(code);
      },
      register: (handler) => {
        handlers.push(handler);
        return () => void handlers.splice(handlers.indexOf(handler), 1);
      },
    }),
    [handlers],
  );

  useEffect(() => {
    const reader = new WedgeReader(scanner.take);
    const onKey = (event: KeyboardEvent) => reader.onKey(event);
    document.addEventListener('keydown', onKey, { capture: true });
    return () => document.removeEventListener('keydown', onKey, { capture: true });
  }, [scanner]);

  return <Context value={scanner}>{children}</Context>;
}

/** Opens the page of the product or document that a code names. */
export function useOpenScanned(): (code: string) => Promise<void> {
  const go = useGo();
  const exists = usePageExists();
  return async (code) => {
    const path = await findScanned(code);
    if (path === undefined) return;
    if (path === null) notifyProblem(texts.shell.scanUnknown(code));
    else if (!exists(path)) notifyProblem(texts.shell.scanNoPage(code));
    else go(path);
  };
}

/** The path of what a code names, null if it names nothing, undefined after a failure (which is shown). */
async function findScanned(code: string): Promise<string | null | undefined> {
  try {
    const data = await findCode(code);
    if (data?.document) return pathToDocument(data.document);
    return data?.product ? pathTo.product(data.product.id) : null;
  } catch (error) {
    const problem = ApiProblem.fromFailure(error);
    notifyProblem(texts.errors.title, problem.status === 0 ? texts.errors.offline : problem.message);
    return undefined;
  }
}
