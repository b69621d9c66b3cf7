import { isAllowed, useSession } from '../api/session';
import { findPage } from '../pages/routes';
import { useLocation } from './location';

/** A parameter of the page's path: `usePathParam('number')` in `/orders/$number`. */
export function usePathParam(name: string): string {
  const { path } = useLocation();
  const index = findPage(path)?.path.split('/').indexOf(`$${name}`) ?? -1;
  const value = path.split('/')[index];
  if (value === undefined) throw new Error(`The path of this page has no parameter ${name}`);
  try {
    return decodeURIComponent(value);
  } catch {
    // Such as `%` alone: the server does not find it.
    return value;
  }
}

/** Whether there is a page at a path that the account may see. Links to other paths are not shown. */
export function usePageExists(): (path: string) => boolean {
  const { user } = useSession();
  return (path) => {
    const page = findPage(path);
    return page !== undefined && isAllowed(user, page.needs);
  };
}
