import { Badge, Button, Progress } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { keepPreviousData } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';

import { api, type Schemas } from '../../api/client';
import { useSession } from '../../api/session';
import { useListState } from '../../ui/list-state';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { PageHeader } from '../../ui/page';
import { usePathParam } from '../../ui/path';
import { useLocationName } from '../../ui/places';
import { ErrorNote, ErrorState, LoadingPage } from '../../ui/states';
import { StatusBadge } from '../../ui/status';
import { Actor } from '../../ui/actor';
import { DateTime } from '../../ui/values';
import { CancelDialog, FinishDialog, PostDialog } from './actions';
import { useAnswers } from './answers';
import { Counting } from './Counting';
import classes from './counts.module.css';
import { countQueue } from './queue';
import { Review } from './Review';
import { useScopeText } from './scope';

const t = texts.counts;
const LINES = 500;
/** What colleagues enter is no event of the feed, so an open count is read again from time to time. */
const REFRESH_MS = 20_000;

export type Count = Schemas['CountResponse'];

export default function CountPage() {
  const number = usePathParam('number');
  const list = useListState('/counts/{id}', { filters: ['show'], sort: '', limit: LINES });
  const count = api.useQuery(
    'get',
    '/counts/{id}',
    { params: { path: { id: number }, query: { page: list.page, limit: LINES } } },
    {
      placeholderData: keepPreviousData,
      refetchInterval: (query) => (query.state.data?.status === 'open' ? REFRESH_MS : false),
    },
  );
  const { user } = useSession();
  useEffect(() => countQueue.start(user.id), [user.id]);
  useEffect(loadAhead, []);
  useAnswers(number);
  const { isOnline } = useSyncExternalStore(countQueue.subscribe, countQueue.getState);
  const back = { to: '/counts', label: t.title };

  if (!count.data) {
    return (
      <>
        <PageHeader title={number} back={back} />
        {count.error ? <ErrorState error={count.error} retry={() => void count.refetch()} /> : <LoadingPage />}
      </>
    );
  }
  return (
    <>
      <Header count={count.data} />
      {/* While the network is away, counting goes on; the queue says so. */}
      {count.error && isOnline && count.data.status !== 'open' ? <ErrorNote error={count.error} retry={() => void count.refetch()} /> : null}
      {count.data.status === 'open' ? <Counting count={count.data} list={list} /> : <Review count={count.data} list={list} />}
    </>
  );
}

/** Code that is loaded when it is first used, which must work while the network is away. */
function loadAhead(): void {
  const parts = [import('./WaitingBadge'), import('../../ui/notices'), import('../../shell/CameraScan')];
  void Promise.allSettled(parts);
}

function Header({ count }: { count: Count }) {
  const { quantity } = useFormats();
  const nameOf = useLocationName();
  const scopeText = useScopeText();
  const [open, setOpen] = useState<'finish' | 'post' | 'cancel' | null>(null);
  useEffect(() => setOpen(null), [count.status]);
  const { counted, total } = count.line_totals;
  const isActive = count.status === 'open' || count.status === 'submitted';
  const close = () => setOpen(null);

  return (
    <>
      <PageHeader
        title={count.count_number}
        back={{ to: '/counts', label: t.title }}
        badges={
          <>
            <StatusBadge of="count" status={count.status} />
            {count.blind && <Badge color="gray">{t.isBlind}</Badge>}
          </>
        }
        actions={
          isActive && (
            <>
              <Button variant="default" leftSection={<IconX size={16} aria-hidden />} onClick={() => setOpen('cancel')}>
                {t.cancel}
              </Button>
              {count.status === 'open' ? (
                <Button leftSection={<IconCheck size={16} aria-hidden />} disabled={counted === 0} onClick={() => setOpen('finish')}>
                  {t.finish}
                </Button>
              ) : (
                <Button leftSection={<IconCheck size={16} aria-hidden />} onClick={() => setOpen('post')}>
                  {t.post}
                </Button>
              )}
            </>
          )
        }
      >
        {nameOf(count.location_id)} · {scopeText(count.scope)} · <Actor actor={count.actor} />, <DateTime at={count.created_at} />
      </PageHeader>
      {count.status === 'open' && (
        <div className={classes.progress}>
          <Progress value={total === 0 ? 0 : (counted / total) * 100} aria-label={t.progress} />
          <span className="figures">{t.countedOf(quantity(counted), quantity(total))}</span>
        </div>
      )}
      {open === 'finish' && <FinishDialog count={count} onClose={close} />}
      {open === 'post' && <PostDialog count={count} onClose={close} />}
      {open === 'cancel' && <CancelDialog count={count} onClose={close} />}
    </>
  );
}
