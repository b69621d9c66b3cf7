import { createContext, useContext } from 'react';

import type { Schemas } from './client';

export type Permission = Schemas['Permission'];
export type User = Schemas['UserResponse'];
export type Store = Schemas['StoreResponse'];

export interface Session {
  user: User;
  /** The store that the desk works in. */
  store: Store;
  /** The stores to choose from: all for admins, one for staff. */
  stores: Store[];
  chooseStore: (store: Store) => void;
  signOut: () => void;
  /** Reads the account and the stores again, after a change of the store's settings. */
  refresh: () => Promise<void>;
}

export const SessionContext = createContext<Session | null>(null);

/** The signed-in account and the store. Every page has them. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession is only for pages, which are shown to signed-in accounts');
  return session;
}

/** The permissions that a page or a button needs: one, any of several (an array), or the role of administrators. */
export type Needs = Permission | Permission[] | 'admin';

/** True if the account has what is needed. The server refuses the rest all the same. */
export function isAllowed(user: User, needs: Needs | undefined): boolean {
  if (!needs || user.role === 'admin') return true;
  if (needs === 'admin') return false;
  return [needs].flat().some((permission) => user.permissions.includes(permission));
}

/** `const can = useCan(); can('orders:update') && <Button …/>` */
export function useCan(): (needs: Needs) => boolean {
  const { user } = useSession();
  return (needs) => isAllowed(user, needs);
}
