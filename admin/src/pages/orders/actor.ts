import { api } from '../../api/client';
import { useCan, useSession } from '../../api/session';
import { texts } from '../../texts';
import type { Order } from './order';

const t = texts.orders.history;

/** Who did something: `user:7` as a name, as far as the account may read names. */
export function useActorName(order: Order): (actor: string) => string {
  const { user } = useSession();
  const can = useCan();
  const { data } = api.useQuery(
    'get',
    '/users',
    { params: { query: { limit: 100, role: 'staff' } } },
    { enabled: can('users:manage'), staleTime: 5 * 60_000 },
  );
  return (actor) => {
    if (actor === 'system') return t.system;
    if (actor === 'guest') return t.guest;
    const id = Number(actor.split(':')[1]);
    if (id === user.id) return t.you;
    if (id === order.user_id) return t.customer;
    const account = data?.items.find((one) => one.id === id);
    return account ? (account.full_name ?? account.email) : t.account(String(id));
  };
}
