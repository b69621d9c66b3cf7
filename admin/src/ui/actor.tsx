import { api } from '../api/client';
import { useCan, useSession } from '../api/session';
import { texts } from '../texts';

/** The names of accounts by their ids. Only accounts that manage users see the names of others. */
export function useAccountNames(role?: 'staff'): (id: number) => string | undefined {
  const can = useCan();
  const { data } = api.useQuery(
    'get',
    '/users',
    { params: { query: { limit: 100, ...(role && { role }) } } },
    { enabled: can('users:manage'), staleTime: 5 * 60_000 },
  );
  return (id) => {
    const known = data?.items.find((one) => one.id === id);
    return known && (known.full_name ?? known.email);
  };
}

/** The name of who did something, `user:2` or `system`. */
export function useActorName(): (actor: string | null | undefined) => string {
  const { user } = useSession();
  const nameOf = useAccountNames();
  return (actor) => {
    if (!actor) return texts.common.noValue;
    const id = Number(actor.replace(/^user:/, ''));
    if (Number.isNaN(id)) return actor === 'system' ? texts.common.system : actor;
    if (id === user.id) return texts.common.you;
    return nameOf(id) ?? texts.common.accountOf(String(id));
  };
}

export function Actor({ actor }: { actor: string | null | undefined }) {
  return <span>{useActorName()(actor)}</span>;
}
