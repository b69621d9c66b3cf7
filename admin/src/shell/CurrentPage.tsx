import { lazy, Suspense, type ComponentType } from 'react';

import { isAllowed, useSession } from '../api/session';
import { findPage, pages, type Page } from '../pages/routes';
import { useLocation } from '../ui/location';
import { LoadingPage, NotAllowedPage, NotFoundPage } from '../ui/states';
import { Boundary } from './Boundary';

const components = new Map<Page, ComponentType>(pages.map((page) => [page, lazy(page.load)]));

/** The page of the address, if there is one and the account may see it. */
export function CurrentPage() {
  const { user } = useSession();
  const { path } = useLocation();
  const page = findPage(path);
  const PageComponent = page && components.get(page);
  if (!page || !PageComponent) return <NotFoundPage />;
  if (!isAllowed(user, page.needs)) return <NotAllowedPage key={path} />;
  return (
    <Boundary key={path}>
      <Suspense fallback={<LoadingPage />}>
        <PageComponent />
      </Suspense>
    </Boundary>
  );
}
