import { Badge, Button, Text } from '@mantine/core';

import { useCan } from '../../api/session';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Link } from '../../ui/link';
import { Panel } from '../../ui/page';
import { usePageExists } from '../../ui/path';
import { nameWithSize } from '../../ui/product';
import { CodeText } from '../../ui/values';
import { pathTo } from '../paths';
import { CancelLinesDialog, ExchangeDialog, NewReturnDialog, RerouteDialog } from './dialogs';
import { returnableOf, sum, unshipped, unshippedOf, type Order, type OrderItem, type Return } from './order';
import { useOpenDialog } from './open-dialog';
import { usePlaceName } from './places';
import classes from './order.module.css';

const t = texts.orders.items;

/** The items, and what can be done with them. Without its returns, it is not known what can still come back. */
export function ItemsPanel({ order, returns }: { order: Order; returns: Return[] | undefined }) {
  return (
    <Panel title={t.title} isFlush>
      <ul className={classes.list} aria-label={t.title}>
        {order.items.map((item) => (
          <Item key={item.id} order={order} item={item} />
        ))}
      </ul>
      {order.unfulfilled.length > 0 && <Unfulfilled order={order} />}
      <ItemSteps order={order} returns={returns} />
    </Panel>
  );
}

function Item({ order, item }: { order: Order; item: OrderItem }) {
  const { money, quantity } = useFormats();
  const exists = usePageExists();
  const placeName = usePlaceName(order);
  const path = pathTo.product(item.product_id);
  const places = item.allocations.filter((one) => one.quantity > 0).map((one) => t.comesFrom(quantity(one.quantity), placeName(one.location_id)));
  const stock = order.stock_reductions.find((one) => one.product_id === item.product_id && one.size === item.size);
  return (
    <li className={classes.item}>
      <div>
        {exists(path) ? (
          <Link to={path} className={classes.itemName}>
            {nameWithSize(item)}
          </Link>
        ) : (
          <span className={classes.itemName}>{nameWithSize(item)}</span>
        )}
        <div className={classes.small}>
          <CodeText>{item.sku}</CodeText>
          {places.length > 0 && ` · ${places.join(', ')}`}
          {stock && (
            <span title={t.reductions}>
              {' · '}
              <span className="visually-hidden">{t.reductions}: </span>
              <span className="figures">{t.reduction(quantity(stock.previous_stock), quantity(stock.new_stock))}</span>
            </span>
          )}
        </div>
      </div>
      <div className={classes.itemMoney}>
        <div className="figures">{money(item.total_price)}</div>
        <div className={`${classes.small} figures`}>
          {quantity(item.quantity)} × {money(item.unit_price)}
        </div>
      </div>
      <Marks order={order} item={item} />
    </li>
  );
}

/** What became of the units of an item. */
function Marks({ order, item }: { order: Order; item: OrderItem }) {
  const { quantity } = useFormats();
  const left = order.status === 'cancelled' ? 0 : unshippedOf(item);
  const isCollected = order.pickup_location_id !== null;
  const leftText = order.status === 'under_paying' ? t.held : isCollected ? t.toCollect : t.toShip;
  return (
    <div className={classes.marks}>
      {left > 0 && <Badge color={order.status === 'under_paying' ? 'yellow' : 'blue'}>{leftText(quantity(left))}</Badge>}
      {item.shipped_quantity > 0 && <Badge color="teal">{(isCollected ? t.collected : t.shipped)(quantity(item.shipped_quantity))}</Badge>}
      {item.cancelled_quantity > 0 && <Badge color="gray">{t.cancelled(quantity(item.cancelled_quantity))}</Badge>}
      {item.returned_quantity > 0 && <Badge color="gray">{t.returned(quantity(item.returned_quantity))}</Badge>}
    </div>
  );
}

function Unfulfilled({ order }: { order: Order }) {
  const { quantity } = useFormats();
  return (
    <div className={classes.buttons}>
      <div>
        <Text size="sm" fw={550}>
          {t.notFulfilled}
        </Text>
        {order.unfulfilled.map((one) => {
          const item = order.items.find(({ product_id, size }) => product_id === one.product_id && size === one.size);
          return (
            <Text size="sm" key={`${one.product_id}-${one.size}`}>
              {item ? nameWithSize(item) : [`#${one.product_id}`, one.size].filter(Boolean).join(' · ')}: {t.leftOut(quantity(one.shortage), quantity(one.requested_quantity))}
            </Text>
          );
        })}
      </div>
    </div>
  );
}

function ItemSteps({ order, returns: known }: { order: Order; returns: Return[] | undefined }) {
  const can = useCan();
  const open = useOpenDialog();
  if (!can('orders:update')) return null;
  const returns = known ?? [];
  const isOpen = order.status === 'pending' || order.status === 'processing';
  const hasUnshipped = unshipped(order) > 0;
  const canReturn = known !== undefined && sum(order.items.map((item) => Math.max(0, returnableOf(item, returns)))) > 0;
  const canReroute = hasUnshipped && (isOpen || order.status === 'under_paying') && order.pickup_location_id === null;
  const canExchange = canReturn || (known !== undefined && isOpen && hasUnshipped);
  if (!canReroute && !canExchange) return null;
  return (
    <div className={`${classes.buttons} no-print`}>
      {isOpen && hasUnshipped && (
        <Button size="xs" variant="default" onClick={() => open((close) => <CancelLinesDialog order={order} onClose={close} />)}>
          {texts.orders.steps.cancelLines}
        </Button>
      )}
      {canReroute && (
        <Button size="xs" variant="default" onClick={() => open((close) => <RerouteDialog order={order} onClose={close} />)}>
          {texts.orders.steps.reroute}
        </Button>
      )}
      {canReturn && (
        <Button size="xs" variant="default" onClick={() => open((close) => <NewReturnDialog order={order} returns={returns} onClose={close} />)}>
          {texts.orders.steps.return}
        </Button>
      )}
      {canExchange && (
        <Button size="xs" variant="default" onClick={() => open((close) => <ExchangeDialog order={order} returns={returns} onClose={close} />)}>
          {texts.orders.steps.exchange}
        </Button>
      )}
    </div>
  );
}
