import { forwardRef, type AnchorHTMLAttributes, type MouseEvent } from 'react';

import { BASE_PATH } from '../pages/paths';
import { findPage } from '../pages/routes';
import { navigate } from './location';

export { useGo } from './location';

export interface LinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> {
  /** A path of the desk with its filters, such as `/orders?status=pending`. */
  to: string;
  replace?: boolean;
}

/**
 * A real link to a page of the desk: it opens in a new tab as usual, and otherwise changes the page without a reload.
 * Use it as `component={Link}` of a Mantine component: `<Button component={Link} to="/orders">`.
 */
export const Link = forwardRef<HTMLAnchorElement, LinkProps>(function Link({ to, replace, onClick, ...rest }, ref) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !isPlain || rest.target === '_blank') return;
    event.preventDefault();
    navigate(to, { replace });
  };
  // The code of a page is loaded while the pointer or the focus is on its link.
  // A failure is shown when the page is opened.
  const preload = () => void findPage(to)?.load().catch(() => undefined);

  return <a {...rest} ref={ref} href={BASE_PATH + to} onClick={follow} onMouseEnter={preload} onFocus={preload} />;
});
