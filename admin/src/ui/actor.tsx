import { api } from '../api/client';
import { useCan, useSession } from '../api/session';
import { texts } from '../texts';

/**
 * The names of staff and administrators by the ids of their accounts. Customers are many, and do nothing that needs a name
 * here. Only accounts that manage users see the names of others.
 */
export function useAccountNames(): (id: number) => string | undefined {
  const isOn = useCan()('users:manage');
  const options = { enabled: isOn, staleTime: 5 * 60_000 };
  const staff = api.useQuery('get', '/users', { params: { query: { limit: 100, role: 'staff' } } }, options);
  const admins = api.useQuery('get', '/users', { params: { query: { limit: 100, role: 'admin' } } }, options);
  return (id) => {
    const known = [...(staff.data?.items ?? []), ...(admins.data?.items ?? [])].find((one) => one.id === id);
    return known && (known.full_name ?? known.email);
  };
}

/** The name of who did something, `user:2`, `guest` or `system`. */
export function useActorName(): (actor: string | null | undefined) => string {
  const { user } = useSession();
  const nameOf = useAccountNames();
  return (actor) => {
    if (!actor) return texts.common.noValue;
    if (actor === 'system') return texts.common.system;
    if (actor.startsWith('guest')) return texts.common.guest;
    const id = Number(actor.replace(/^user:/, ''));
    if (Number.isNaN(id)) return actor;
    if (id === user.id) return texts.common.you;
    return nameOf(id) ?? texts.common.accountOf(String(id));
  };
}

export function Actor({ actor }: { actor: string | null | undefined }) {
  return <span>{useActorName()(actor)}</span>;
}
