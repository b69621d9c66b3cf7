import { Button, Center, Loader, Stack, Text } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';

import { client, setSignedOutListener } from '../api/client';
import { ApiProblem } from '../api/problem';
import { SessionContext, type Session, type Store, type User } from '../api/session';
import { currentStoreId, rememberStoreId } from '../api/store-choice';
import { BASE_PATH } from '../pages/paths';
import { texts } from '../texts';
import { notifyProblem } from '../ui/notify';
import { ErrorState, messageOf } from '../ui/states';
import { forgetUnsaved, mayLeaveDesk } from '../ui/unsaved';

const t = texts.signIn;
const SignInPage = lazy(() => import('./SignIn'));
const SignInAgain = lazy(() => import('./SignInAgain'));

interface Known {
  user: User;
  store: Store | null;
  stores: Store[];
}

/**
 * Shows the desk to a signed-in account, and the sign-in page to others. The address stays the same, so signing in leads
 * back to the page. If a session ends while the desk is open, a dialog asks to sign in again, and the page stays behind it.
 */
export function SessionGate({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [hasEnded, setHasEnded] = useState(false);
  // A session that ended keeps the page, so that what was typed there is not lost. The refused read opens the dialog.
  const load = async (): Promise<Known | null> => (await loadSession()) ?? queries.getQueryData<Known | null>(['session']) ?? null;
  const session = useQuery({ queryKey: ['session'], queryFn: load, staleTime: Infinity, gcTime: Infinity });
  const known = session.data;

  useEffect(() => setSignedOutListener(() => setHasEnded(true)), []);

  const signedIn = useCallback(
    async (user: User) => {
      const before = queries.getQueryData<Known | null>(['session']);
      if (before && before.user.id !== user.id) {
        // Another account must not see what the first one left open, whatever of it was not saved.
        forgetUnsaved();
        window.location.reload();
        return;
      }
      setHasEnded(false);
      await queries.invalidateQueries();
    },
    [queries],
  );

  const signOut = useCallback(async () => {
    if (!mayLeaveDesk()) return;
    try {
      await client.DELETE('/auth/session');
    } catch (error) {
      // Without an answer the cookie may still be valid, and the next person at this browser would be signed in.
      const isSignedOut = error instanceof ApiProblem && error.status === 401;
      if (!isSignedOut) return notifyProblem(t.signOutFailed, messageOf(error));
    }
    forgetUnsaved();
    window.location.reload();
  }, []);

  const refresh = useCallback(() => queries.invalidateQueries({ queryKey: ['session'] }), [queries]);

  const chooseStore = useCallback((store: Store) => {
    if (!mayLeaveDesk()) return;
    forgetUnsaved();
    rememberStoreId(store.id);
    // Nothing of the store before may stay on the screen.
    window.location.assign(`${BASE_PATH}/`);
  }, []);

  const context = useMemo<Session | null>(() => {
    if (!known?.store) return null;
    return { user: known.user, store: known.store, stores: known.stores, chooseStore, signOut: () => void signOut(), refresh };
  }, [known, chooseStore, signOut, refresh]);

  if (session.isPending) return <Waiting />;
  // A failed refresh keeps the desk that is shown.
  if (session.isError && !known) {
    return (
      <Center mih="100vh">
        <ErrorState error={session.error} retry={() => void session.refetch()} />
      </Center>
    );
  }
  if (!known) {
    return (
      <Suspense fallback={<Waiting />}>
        <SignInPage onSignedIn={signedIn} />
      </Suspense>
    );
  }
  if (known.user.role === 'customer') return <Refused text={t.noAccess} signOut={signOut} />;
  if (!context) return <Refused text={t.noStore} signOut={signOut} />;

  return (
    <SessionContext value={context}>
      {children}
      {hasEnded && (
        <Suspense fallback={null}>
          <SignInAgain email={known.user.email} onSignedIn={signedIn} />
        </Suspense>
      )}
    </SessionContext>
  );
}

function Waiting() {
  return (
    <Center mih="100vh">
      <Loader aria-label={texts.common.loading} />
    </Center>
  );
}

function Refused({ text, signOut }: { text: string; signOut: () => void }) {
  return (
    <Center mih="100vh" p="md">
      <Stack align="center" component="main">
        <Text>{text}</Text>
        <Button variant="default" onClick={signOut}>
          {texts.shell.signOut}
        </Button>
      </Stack>
    </Center>
  );
}

/** The account of the cookie and its stores, or null if nobody is signed in. */
async function loadSession(): Promise<Known | null> {
  const remembered = currentStoreId();
  // The store of last time is read together with the session. Anybody may read a store, so this is never refused.
  const store = remembered === null ? null : loadStore(remembered);
  // Its failure is reported below, or not at all if the account could not be read either.
  store?.catch(() => undefined);
  const user = await loadUser();
  if (!user) return null;
  if (user.role === 'customer') return { user, store: null, stores: [] };
  const known = user.role === 'admin' ? await chosenByAdmin(await store) : await boundStore(user, await store);
  rememberStoreId(known.store?.id ?? null);
  return { user, ...known };
}

async function loadUser(): Promise<User | null> {
  try {
    const { data } = await client.GET('/auth/session');
    if (!data) throw new ApiProblem({}, 'UNREADABLE', 200);
    return data.user;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) return null;
    throw error;
  }
}

async function loadStore(id: number): Promise<Store | null> {
  try {
    const { data } = await client.GET('/stores/{id}', { params: { path: { id: String(id) } } });
    return data ?? null;
  } catch (error) {
    if (error instanceof ApiProblem && (error.status === 404 || error.status === 401)) return null;
    throw error;
  }
}

/** Without a choice, the desk works in the default store, which is the first one that was created. */
async function chosenByAdmin(remembered: Store | null): Promise<{ store: Store | null; stores: Store[] }> {
  const { data } = await client.GET('/stores', { params: { query: { limit: 100, sort: 'id' }, header: {} } });
  const stores = data?.items ?? [];
  return { store: remembered ?? stores[0] ?? null, stores };
}

async function boundStore(user: User, remembered: Store | null): Promise<{ store: Store | null; stores: Store[] }> {
  if (user.store_id === null) return { store: null, stores: [] };
  const store = remembered?.id === user.store_id ? remembered : await loadStore(user.store_id);
  return { store, stores: store ? [store] : [] };
}
