import { Alert, Button, Center, Loader, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle, IconLock, IconMoodEmpty, IconRefresh } from '@tabler/icons-react';
import type { ReactNode } from 'react';

import { ApiProblem } from '../api/problem';
import { texts } from '../texts';

const t = texts.errors;

/** A sentence for any failure. The server's own sentences are shown as they are. */
export function messageOf(error: unknown): string {
  const problem = ApiProblem.fromFailure(error);
  if (problem.status === 0) return t.offline;
  if (problem.isBusy) return t.busy;
  if (problem.status === 403) return `${t.forbidden} ${problem.message}`;
  return problem.message;
}

interface EmptyProps {
  title: string;
  hint?: string;
  icon?: ReactNode;
  /** The button that makes the first one, or clears the filters. */
  action?: ReactNode;
}

/** Shown instead of a list without rows. */
export function EmptyState({ title, hint, icon, action }: EmptyProps) {
  return (
    <Center p="xl">
      <Stack align="center" gap="xs" maw={420}>
        <ThemeIcon variant="light" color="gray" size={44} radius="xl" aria-hidden>
          {icon ?? <IconMoodEmpty size={24} stroke={1.6} />}
        </ThemeIcon>
        <Text fw={600}>{title}</Text>
        {hint && (
          <Text size="sm" c="dimmed" ta="center">
            {hint}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  );
}

/** Shown instead of something that could not be loaded. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = ApiProblem.fromFailure(error);
  return (
    <Center p="xl">
      <Stack align="center" gap="xs" maw={460} role="alert">
        <ThemeIcon variant="light" color="red" size={44} radius="xl" aria-hidden>
          <IconAlertTriangle size={24} stroke={1.6} />
        </ThemeIcon>
        <Text fw={600}>{problem.status === 404 ? t.notFoundTitle : t.title}</Text>
        <Text size="sm" c="dimmed" ta="center">
          {messageOf(error)}
        </Text>
        {problem.requestId && (
          <Text size="xs" c="dimmed" className="code">
            {texts.common.requestId(problem.requestId)}
          </Text>
        )}
        {retry && problem.status !== 404 && problem.status !== 403 && (
          <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={retry}>
            {texts.common.tryAgain}
          </Button>
        )}
      </Stack>
    </Center>
  );
}

/** A failure inside of a page that is shown otherwise, such as one panel of several. */
export function ErrorNote({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} role="alert">
      {messageOf(error)}{' '}
      {retry && (
        <Button variant="transparent" size="compact-sm" color="red" onClick={retry}>
          {texts.common.tryAgain}
        </Button>
      )}
    </Alert>
  );
}

export function LoadingPage() {
  return (
    <Center mih="50vh">
      <Loader aria-label={texts.common.loading} />
    </Center>
  );
}

export function NotFoundPage() {
  return (
    <>
      <title>{`${t.notFoundTitle} · ${texts.common.appName}`}</title>
      <Title order={1} className="visually-hidden">
        {t.notFoundTitle}
      </Title>
      <EmptyState title={t.notFoundTitle} hint={t.notFound} />
    </>
  );
}

export function NotAllowedPage() {
  return (
    <>
      <title>{`${t.forbidden} · ${texts.common.appName}`}</title>
      <Title order={1} className="visually-hidden">
        {t.forbidden}
      </Title>
      <EmptyState title={t.forbidden} icon={<IconLock size={24} stroke={1.6} />} />
    </>
  );
}

/** A page that stopped with an error of its own code, or whose code could not be loaded after an upgrade of the server. */
export function PageFailed({ error }: { error: unknown }) {
  return (
    <Center mih="50vh">
      <Stack align="center" role="alert">
        <Text fw={600}>{t.crashed}</Text>
        <Text size="sm" c="dimmed">
          {error instanceof Error ? error.message : String(error)}
        </Text>
        <Button variant="default" onClick={() => window.location.reload()}>
          {t.reload}
        </Button>
      </Stack>
    </Center>
  );
}
