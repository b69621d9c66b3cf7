import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { lazy } from 'react';

import { BASE_PATH } from '../pages/paths';
import { findPage, pages } from '../pages/routes';
import { LoadingPage, NotFoundPage, PageFailed } from '../ui/states';
import { Frame, GuardedPage } from './Frame';

const root = createRootRoute({ component: Frame, notFoundComponent: NotFoundPage });

const routes = pages.map((page) => {
  const Component = lazy(page.load);
  return createRoute({
    getParentRoute: () => root,
    path: page.path,
    component: () => (
      <GuardedPage page={page}>
        <Component />
      </GuardedPage>
    ),
    // Loads the code of the page while a link to it is under the pointer.
    loader: () => void page.load(),
  });
});

export const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: BASE_PATH,
  defaultPendingComponent: LoadingPage,
  defaultErrorComponent: PageFailed,
  scrollRestoration: true,
  // Filters are plain text in the URL: `?status=pending&page=2`.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(Object.entries(search).filter(([, value]) => value !== undefined) as [string, string][]).toString();
    return text ? `?${text}` : '';
  },
});

/** Loads the code of the first page at the same time as the session. */
export function preloadFirstPage(): void {
  const path = window.location.pathname.slice(BASE_PATH.length) || '/';
  void findPage(path)?.load();
}
