import { useSession } from '../../api/session';
import { texts } from '../../texts';
import { useAccountNames } from '../../ui/actor';
import type { Order } from './order';

const t = texts.orders.history;

/** Who did something: `user:7` as a name, as far as the account may read names. */
export function useActorName(order: Order): (actor: string) => string {
  const { user } = useSession();
  const nameOf = useAccountNames();
  return (actor) => {
    if (actor === 'system') return t.system;
    if (actor === 'guest') return t.guest;
    const id = Number(actor.split(':')[1]);
    if (id === user.id) return t.you;
    if (id === order.user_id) return t.customer;
    return nameOf(id) ?? t.account(String(id));
  };
}
