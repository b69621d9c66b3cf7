import { Button } from '@mantine/core';
import { IconPrinter } from '@tabler/icons-react';

import { useCan } from '../../api/session';
import { useShortcut } from '../../shell/shortcuts';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { pathTo } from '../paths';
import { CancelDialog, CollectedDialog, ConfirmPaymentDialog, DeliveredAllDialog, PackDialog, ReadyDialog, ShipDialog } from './dialogs';
import { canShip, outstandingOf, unshipped, type Order } from './order';
import { useOpenDialog } from './open-dialog';

const t = texts.orders.steps;

/** The buttons of the head: what is done next, and printing. The other steps stand where they belong on the page. */
export function Steps({ order }: { order: Order }) {
  const can = useCan();
  const open = useOpenDialog();
  const left = unshipped(order);
  const ship = () => open((close) => <ShipDialog order={order} onClose={close} />);
  const isShippable = can('orders:update') && canShip(order);
  useShortcut({ keys: isShippable ? 's' : null, label: t.ship(left), run: ship });
  return (
    <>
      {can('orders:update') && order.next_statuses.includes('cancelled') && order.fulfilment_status === 'none' && (
        <Button variant="light" color="red" onClick={() => open((close) => <CancelDialog order={order} onClose={close} />)}>
          {t.cancel}
        </Button>
      )}
      {order.status !== 'cancelled' && (
        <Button variant="default" component={Link} to={pathTo.slips([order.order_number])} leftSection={<IconPrinter size={16} aria-hidden />}>
          {t.printSlip}
        </Button>
      )}
      {can('orders:update') && order.status === 'pending' && order.pickup_location_id === null && (
        <Button variant="default" onClick={() => open((close) => <PackDialog order={order} onClose={close} />)}>
          {t.pack}
        </Button>
      )}
      {isShippable && <Button onClick={ship}>{t.ship(left)}</Button>}
      <OtherSteps order={order} />
    </>
  );
}

function OtherSteps({ order }: { order: Order }) {
  const can = useCan();
  const open = useOpenDialog();
  const { money, moneyDigits } = useFormats();
  const isOpen = order.status === 'pending' || order.status === 'processing';
  const isCollected = order.pickup_location_id !== null;
  return (
    <>
      {can('payments:confirm') && order.status === 'under_paying' && (
        <Button onClick={() => open((close) => <ConfirmPaymentDialog order={order} onClose={close} />)}>
          {t.confirm(money(outstandingOf(order, moneyDigits)))}
        </Button>
      )}
      {can('orders:update') && isCollected && isOpen && order.ready_at === null && (
        <Button variant="default" onClick={() => open((close) => <ReadyDialog order={order} onClose={close} />)}>
          {t.ready}
        </Button>
      )}
      {can('orders:update') && isCollected && isOpen && (
        <Button onClick={() => open((close) => <CollectedDialog order={order} onClose={close} />)}>{t.collected(unshipped(order))}</Button>
      )}
      {can('orders:update') && order.status === 'shipped' && order.next_statuses.includes('delivered') && (
        <Button onClick={() => open((close) => <DeliveredAllDialog order={order} onClose={close} />)}>{t.deliveredAll}</Button>
      )}
    </>
  );
}
