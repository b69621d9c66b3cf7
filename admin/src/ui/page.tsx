import { Group, Title } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { texts } from '../texts';
import { Link } from './link';
import classes from './page.module.css';

interface PageHeaderProps {
  /** The name of the page, also for the tab of the browser. */
  title: string;
  /** The list that the page belongs to. */
  back?: { to: string; label: string };
  /** Beside the title: status badges. */
  badges?: ReactNode;
  /** Under the title: one line of facts. */
  children?: ReactNode;
  /** Buttons, the main one last. */
  actions?: ReactNode;
}

/** The head of every page. A page has exactly one. */
export function PageHeader({ title, back, badges, children, actions }: PageHeaderProps) {
  return (
    <header className={classes.header}>
      <title>{`${title} · ${texts.common.appName}`}</title>
      <div className={classes.heading}>
        {back && (
          <Link to={back.to} className={`${classes.back} no-print`}>
            <IconArrowLeft size={15} aria-hidden />
            {back.label}
          </Link>
        )}
        <Group gap="xs">
          <Title order={1}>{title}</Title>
          {badges}
        </Group>
        {children && <div className={classes.facts}>{children}</div>}
      </div>
      {actions && (
        <Group gap="xs" className="no-print">
          {actions}
        </Group>
      )}
    </header>
  );
}

interface PanelProps {
  title?: ReactNode;
  /** At the right of the title: a link or a button. */
  action?: ReactNode;
  /** Without padding, for lists and tables that reach the edges. */
  isFlush?: boolean;
  children: ReactNode;
}

/** A part of a page, with a border and a heading. */
export function Panel({ title, action, isFlush, children }: PanelProps) {
  return (
    <section className="panel">
      {(title || action) && (
        <div className={classes.panelHead}>
          {title && <Title order={2}>{title}</Title>}
          {action}
        </div>
      )}
      <div className={isFlush ? classes.flush : classes.panelBody}>{children}</div>
    </section>
  );
}

/** Facts as pairs of a name and a value. */
export function Facts({ facts }: { facts: [name: string, value: ReactNode][] }) {
  return (
    <dl className={classes.pairs}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
