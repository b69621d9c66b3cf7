import type { Schemas } from '../../api/client';
import { texts } from '../../texts';
import { roundMoney } from '../../ui/format';

export type Order = Schemas['OrderResponse'];
export type OrderItem = Schemas['OrderItemResponse'];
export type Shipment = Schemas['ShipmentResponse'];
export type Return = Schemas['ReturnResponse'];
export type Credit = Schemas['CreditResponse'];

export const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Adds amounts of money without the errors of binary fractions. */
export const sumOfMoney = (amounts: number[], digits: number): number => roundMoney(sum(amounts), digits);

export function customerOf(order: Order): string {
  return order.customer_name ?? order.shipping_address?.full_name ?? order.customer_email ?? texts.orders.list.noName;
}

/** The units of an item that are sold or held, and have not left. */
export function unshippedOf(item: OrderItem): number {
  return item.quantity - item.cancelled_quantity - item.shipped_quantity;
}

export function unshipped(order: Order): number {
  return order.status === 'cancelled' ? 0 : sum(order.items.map(unshippedOf));
}

export function canShip(order: Order): boolean {
  return (order.status === 'pending' || order.status === 'processing') && order.pickup_location_id === null && unshipped(order) > 0;
}

/** The units of each item that can come back: shipped, and neither returned nor expected by an open return. */
export function returnableOf(item: OrderItem, returns: Return[]): number {
  const expected = returns
    .filter(({ status }) => status === 'requested' || status === 'approved' || status === 'partially_received')
    .flatMap(({ lines }) => lines)
    .filter(({ item_id }) => item_id === item.id)
    .map(({ outstanding_quantity }) => outstanding_quantity);
  return item.shipped_quantity - item.returned_quantity - sum(expected);
}

/** The price of some units of an item, with its share of discount and tax. The server rounds by cumulative shares. */
export function priceOf(item: OrderItem, units: number, digits: number): number {
  const whole = item.total_price - item.discount_amount + item.tax_amount;
  return roundMoney((whole * units) / item.quantity, digits);
}

/** The money that has to be paid yet. */
export function outstandingOf(order: Order, digits: number): number {
  if (order.status === 'cancelled') return 0;
  const kept = order.received_amount - order.unapplied_amount - order.refunded_amount - order.credit_used_amount;
  return Math.max(0, roundMoney(order.net_total - kept, digits));
}

/** How much of the received money can still be refunded. It includes the money that was not accepted. */
export function refundableOf(order: Order, digits: number): number {
  return sumOfMoney([order.received_amount, -order.refunded_amount, -order.credit_used_amount], digits);
}

/** The units that are not shipped by the place they are to come from. */
export function unshippedByPlace(order: Order): { item: OrderItem; placeId: number; quantity: number }[] {
  return order.items.flatMap((item) =>
    item.allocations
      .map(({ location_id, quantity, shipped_quantity }) => ({ item, placeId: location_id, quantity: quantity - shipped_quantity }))
      .filter(({ quantity }) => quantity > 0),
  );
}
