//! The second part of checkout: decides on the loaded data, without I/O. Each placement becomes a plan or a refusal.

use std::collections::HashMap;

use serde_json::Value;

use super::load::{Carts, CheckoutContext};
use super::new_order::{Payment, accounts, order_item};
use super::placement::{Buyer, Placement, RequestedLine, Source};
use super::plan::{IdAllocator, Plan};
use super::price::{OrderPrice, PricedLine, check_amounts, price_lines, price_order};
use super::refusal::Refusal;
use super::requested_lines::add_up;
use crate::cart::queries::{Cart, CartLine, OrderedCart};
use crate::catalogue::queries::sellables::ResolvedVariant;
use crate::db::Failure;
use crate::inventory::hold::{HoldEnd, Holder};
use crate::inventory::hold_set::{HoldSet, Part, ReserveUnits};
use crate::inventory::locked_stock::MovementContext;
use crate::inventory::routing::{self, RoutedPart};
use crate::inventory::stock_level::Movement;
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{AddressId, CartId};
use crate::kernel::money::Money;
use crate::orders::allocation::Allocation;
use crate::orders::order::{Order, OrderItem, StockReduction};
use crate::orders::unfulfilled::{Unfulfilled, UnfulfilledLine};
use crate::stores::payment_methods::SellAt;

mod route;

/// Decides placements one after the other. Each one sees the stock that the placements before it left.
pub struct Decider<'a> {
    context: &'a CheckoutContext,
    carts: &'a Carts,
    holds: &'a mut HoldSet,
    ids: &'a mut IdAllocator,
    /// The carts that placements of the batch have ordered.
    ordered: HashMap<CartId, OrderedCart>,
}

/// A placement that passed all checks.
pub struct Checked<'a> {
    sell_at: SellAt,
    lines: Vec<PricedLine<'a>>,
    /// The places of the units.
    pub route: Vec<RoutedPart>,
    price: OrderPrice,
    shipping_address: Option<Value>,
    billing_address: Option<Value>,
    unfulfilled: Vec<UnfulfilledLine>,
}

impl<'a> Decider<'a> {
    pub fn new(
        context: &'a CheckoutContext,
        carts: &'a Carts,
        holds: &'a mut HoldSet,
        ids: &'a mut IdAllocator,
    ) -> Self {
        Self { context, carts, holds, ids, ordered: HashMap::new() }
    }

    /// Refuses in a fixed order, which clients can rely on (see ARCHITECTURE.md). Changes nothing.
    pub fn check(&self, placement: &Placement, resolved: &[ResolvedVariant]) -> Result<Checked<'a>, Refusal> {
        let sell_at = self.check_settings(placement)?;
        check_amounts(self.context, placement)?;
        self.check_pickup(placement)?;
        let requested = self.requested_lines(placement, resolved)?;
        let (shipping_address, billing_address) = self.addresses(placement)?;
        let delivery = self.delivery(placement, shipping_address.as_ref())?;
        if requested.is_empty() {
            return Err(Refusal::CartEmpty);
        }
        let lines = price_lines(self.context, &requested)?;
        let (lines, unfulfilled) = match placement.allow_partial {
            true => self.leave_out_short(placement, lines, &delivery)?,
            false => (lines, Vec::new()),
        };
        let price = price_order(self.context, placement, &lines, self.destination(&delivery))?;
        let route = self.route(placement, &lines, &delivery)?;
        Ok(Checked { sell_at, lines, route, price, shipping_address, billing_address, unfulfilled })
    }

    /// Takes the units in memory and creates the plan. Nothing is refused here.
    pub fn take(&mut self, placement: &Placement, checked: Checked<'a>) -> Result<Plan, Failure> {
        let order = self.order(placement, &checked)?;
        let cart = self.find_cart(placement);
        let mut plan = Plan {
            checkout: cart.map(|cart| format!("{}/{}", cart.id, cart.round)),
            items: Vec::with_capacity(checked.lines.len()),
            reductions: Vec::with_capacity(checked.lines.len()),
            order,
        };
        self.transfer_holds(placement, &plan.order)?;
        for (line, shares) in checked.lines.iter().zip(&checked.price.shares) {
            let mut item = order_item(&plan.order, line, *shares, self.ids)?;
            let parts = routing::parts_of(&checked.route, item.variant_id);
            self.take_units(placement, &mut item, &parts, &mut plan)?;
            plan.items.push(item);
        }
        if let Some(cart) = cart {
            self.end_round(cart.id, &checked.lines);
        }
        Ok(plan)
    }

    /// The ordered carts, as they are after all placements.
    pub fn into_ordered(self) -> Vec<OrderedCart> {
        self.ordered.into_values().collect()
    }

    fn check_settings(&self, placement: &Placement) -> Result<SellAt, Refusal> {
        let CheckoutContext { store, .. } = self.context;
        if placement.buyer == Buyer::Guest && !store.guest_orders {
            return Err(Refusal::SignInFirst);
        }
        let methods = &store.payment_methods;
        let sell_at = methods.sell_at(&placement.payment_method).ok_or_else(|| Refusal::UnknownPaymentMethod {
            method: placement.payment_method.clone(),
            known: methods.names().map(ToOwned::to_owned).collect(),
        })?;
        Ok(if placement.exchange.is_some() { SellAt::AtCheckout } else { sell_at })
    }

    /// The lines of the cart, or the items of the request with equal items added up.
    fn requested_lines(
        &self,
        placement: &Placement,
        resolved: &[ResolvedVariant],
    ) -> Result<Vec<RequestedLine>, Refusal> {
        match &placement.source {
            Source::Items(items) => add_up(items, resolved),
            Source::Cart(_) => {
                let lines = self.find_cart(placement).map(|cart| self.lines_of(cart.id)).unwrap_or_default();
                let requested = lines.iter().map(|line| RequestedLine {
                    variant: line.variant_id,
                    quantity: line.quantity,
                    unit_prices: Vec::new(),
                });
                Ok(requested.collect())
            }
        }
    }

    /// The cart of the placement, after the orders of earlier placements of the batch.
    fn find_cart(&self, placement: &Placement) -> Option<Cart> {
        let Source::Cart(user) = placement.source else { return None };
        let mut cart = *self.carts.by_user.get(&user)?;
        let orders = self.ordered.get(&cart.id).map_or(0, |ordered| ordered.orders);
        cart.round = cart.round.saturating_add(orders);
        Some(cart)
    }

    fn lines_of(&self, cart: CartId) -> &[CartLine] {
        match self.ordered.get(&cart) {
            Some(ordered) => &ordered.left,
            None => self.carts.lines.get(&cart).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Removes the ordered units from a cart. Units that the order left out stay in it.
    fn end_round(&mut self, cart: CartId, bought: &[PricedLine<'_>]) {
        let lines = self.lines_of(cart);
        let bought_units = |line: &CartLine| {
            bought.iter().find(|bought| bought.variant == line.variant_id).map_or(0, |bought| bought.quantity)
        };
        let left =
            lines.iter().map(|line| CartLine { quantity: line.quantity.saturating_sub(bought_units(line)), ..*line });
        let left: Vec<CartLine> = left.filter(|line| line.quantity > 0).collect();
        let bought_lines = lines.len().saturating_sub(left.len());
        let ordered =
            self.ordered.entry(cart).or_insert(OrderedCart { id: cart, orders: 0, bought_lines: 0, left: Vec::new() });
        ordered.orders = ordered.orders.saturating_add(1);
        ordered.bought_lines = ordered.bought_lines.saturating_add(bought_lines);
        ordered.left = left;
    }

    /// The shipping and the billing address.
    fn addresses(&self, placement: &Placement) -> Result<(Option<Value>, Option<Value>), Refusal> {
        if let Some(exchange) = &placement.exchange {
            return Ok((exchange.shipping_address.clone(), exchange.billing_address.clone()));
        }
        let shipping = self.address(placement, placement.shipping_address)?;
        let billing = self.address(placement, placement.billing_address)?.or_else(|| shipping.clone());
        Ok((shipping, billing))
    }

    fn address(&self, placement: &Placement, address: Option<AddressId>) -> Result<Option<Value>, Refusal> {
        let Some(id) = address else { return Ok(None) };
        match self.context.addresses.get(&id) {
            Some((owner, address)) if Some(*owner) == placement.buyer.account() => Ok(Some(address.clone())),
            _ => Err(Refusal::AddressNotFound(id)),
        }
    }

    fn order(&mut self, placement: &Placement, checked: &Checked<'_>) -> Result<Order, Failure> {
        let Checked { sell_at, lines, price, shipping_address, billing_address, unfulfilled, .. } = checked;
        let OrderPrice { totals, tax_lines, .. } = price;
        let CheckoutContext { store, now, .. } = self.context;
        let Payment { status, payment_status, paid_at, expires_at } =
            Payment::new(*sell_at, totals.total, *now, placement.payment_window_seconds);
        let (user_id, created_by) = accounts(placement);
        let contact = placement.contact.clone();
        Ok(Order {
            id: self.ids.next_order()?,
            store_id: store.id,
            order_number: document_number("ORD", *now, &random_code()),
            user_id,
            created_by,
            customer_name: contact.customer_name,
            customer_phone: contact.customer_phone,
            customer_email: contact.customer_email,
            delivery_address: contact.delivery_address,
            status,
            payment_status,
            payment_method: placement.payment_method.clone(),
            payment_expires_at: expires_at,
            paid_at,
            payment_reference: None,
            received_amount: Money(0),
            refunded_amount: Money(0),
            unapplied_amount: Money(0),
            credited_amount: Money(0),
            credit_used_amount: Money(0),
            credited_items: 0,
            tracking_number: None,
            currency: store.currency.clone(),
            subtotal: totals.subtotal,
            tax_amount: totals.tax,
            included_tax_amount: totals.included_tax,
            tax_lines: tax_lines.clone(),
            shipping_amount: totals.shipping,
            discount_amount: totals.discount,
            total_amount: totals.total,
            total_items: lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.quantity)),
            shipping_address: shipping_address.clone(),
            billing_address: billing_address.clone(),
            notes: placement.notes.clone(),
            pickup_location_id: placement.pickup,
            unfulfilled: (!unfulfilled.is_empty()).then(|| Unfulfilled(unfulfilled.clone())),
            exchange_of: placement.exchange.as_ref().map(|exchange| exchange.order),
            invoice_number: None,
            ready_at: None,
            created_at: *now,
            updated_at: *now,
        })
    }

    /// Releases the holds of the placement's cart: the order takes the units in the same transaction.
    fn transfer_holds(&mut self, placement: &Placement, order: &Order) -> Result<(), Failure> {
        let Some(cart) = self.find_cart(placement) else { return Ok(()) };
        let holder = Holder::Cart(cart.id);
        let end = if order.is_sold_at_payment() { HoldEnd::Transferred } else { HoldEnd::Sold };
        let context = MovementContext { reference: &holder.reference(), reason: None, actor: &placement.actor };
        self.holds.end_for_order(holder, end, context).map(drop)
    }

    /// Sells the units of an item, or reserves them until the order is paid.
    fn take_units(
        &mut self,
        placement: &Placement,
        item: &mut OrderItem,
        parts: &[Part],
        plan: &mut Plan,
    ) -> Result<(), Failure> {
        let Plan { order, reductions, .. } = plan;
        let variant = item.variant_id;
        item.allocations.0.extend(parts.iter().map(|(location, quantity)| Allocation::new(*location, *quantity)));
        let context = MovementContext { reference: &order.order_number, reason: None, actor: &placement.actor };
        match order.payment_expires_at {
            None => {
                let sold = self.holds.sell_available(variant, parts, context)?;
                reductions.extend(sold.iter().map(|sold| reduction(item, sold)));
            }
            Some(expires_at) => {
                let units = ReserveUnits { holder: Holder::Order(order.id), variant, expires_at: Some(expires_at) };
                self.holds.reserve(units, parts, context)?;
            }
        }
        Ok(())
    }
}

fn reduction(item: &OrderItem, sold: &Movement) -> StockReduction {
    StockReduction {
        product_id: item.product_id,
        size: item.size.clone(),
        quantity: sold.delta.sold,
        previous_stock: sold.after.stock.saturating_sub(sold.delta.stock),
        new_stock: sold.after.stock,
    }
}

#[cfg(test)]
mod tests;
