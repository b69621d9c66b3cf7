import { useRouter } from '@tanstack/react-router';
import { forwardRef, type AnchorHTMLAttributes, type MouseEvent } from 'react';

import { BASE_PATH } from '../pages/paths';

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
  const router = useRouter();

  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !isPlain || rest.target === '_blank') return;
    event.preventDefault();
    if (replace) router.history.replace(BASE_PATH + to);
    else router.history.push(BASE_PATH + to);
  };

  const preload = () => void router.preloadRoute({ to: to.split('?')[0] as string }).catch(() => undefined);

  return (
    <a {...rest} ref={ref} href={BASE_PATH + to} onClick={follow} onMouseEnter={preload} onFocus={preload} />
  );
});

/** `const go = useGo(); go('/orders')` */
export function useGo(): (to: string, options?: { replace?: boolean }) => void {
  const router = useRouter();
  return (to, options) => (options?.replace ? router.history.replace(BASE_PATH + to) : router.history.push(BASE_PATH + to));
}

