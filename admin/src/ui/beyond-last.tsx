import { Button } from '@mantine/core';

import { texts } from '../texts';
import { Link } from './link';
import type { ListState } from './list-state';
import { EmptyState } from './states';

const t = texts.common;

/** Shown instead of a page of a list that has fewer pages now: rows were deleted, or the link is old. */
export function BeyondLast({ pages, list }: { pages: number; list: ListState<unknown> }) {
  return (
    <EmptyState
      title={t.beyondLast}
      action={
        <Button variant="default" component={Link} to={list.linkTo({ page: pages > 1 ? String(pages) : '' })}>
          {t.lastPage}
        </Button>
      }
    />
  );
}
