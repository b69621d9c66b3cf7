import { Pagination } from '@mantine/core';

import { texts } from '../../texts';
import type { ListState } from '../../ui/list-state';
import classes from './counts.module.css';

/** Pages of lines, for counts with more than one request brings. */
export function Paging({ list, total }: { list: ListState<unknown>; total: number }) {
  const pages = Math.ceil(total / list.limit);
  if (pages <= 1) return null;
  return (
    <nav className={classes.paging} aria-label={texts.common.pages}>
      <Pagination
        size="sm"
        value={list.page}
        total={pages}
        onChange={(page) => list.set({ page: page > 1 ? String(page) : '' })}
        getControlProps={(control) => ({ 'aria-label': control === 'next' ? texts.common.nextPage : texts.common.previousPage })}
      />
    </nav>
  );
}
