import { createContext, Suspense, useContext, useState, type ReactNode } from 'react';

type Open = (render: (close: () => void) => ReactNode) => void;

const Context = createContext<Open>(() => undefined);

/**
 * Holds the open dialog of a page. What a dialog is about is given to it when it opens, and stays as it was, whatever
 * arrives meanwhile.
 */
export function DialogHost({ children }: { children: ReactNode }) {
  const [dialog, setDialog] = useState<ReactNode>(null);
  return (
    <Context value={(render) => setDialog(render(() => setDialog(null)))}>
      {children}
      <Suspense fallback={null}>{dialog}</Suspense>
    </Context>
  );
}

/** `open((close) => <ShipDialog order={order} onClose={close} />)` */
export function useOpenDialog(): Open {
  return useContext(Context);
}
