//! The second part of checkout: decides on the loaded data, without I/O. Each placement becomes a plan or a refusal.

use std::collections::HashSet;

use serde_json::Value;

use super::load::{Carts, CheckoutContext};
use super::new_order::{Payment, accounts, order_item};
use super::placement::{Buyer, Placement, RequestedLine, Source};
use super::plan::{IdAllocator, Plan};
use super::price::{PricedLine, check_amounts, price_lines, price_order};
use super::refusal::Refusal;
use super::requested_lines::add_up;
use crate::cart::pricing::Totals;
use crate::cart::queries::Cart;
use crate::catalogue::queries::sellables::ResolvedVariant;
use crate::db::Failure;
use crate::inventory::hold::{HoldEnd, Holder};
use crate::inventory::hold_set::{Delivery, HoldSet, Part, ReserveUnits};
use crate::inventory::locked_stock::MovementContext;
use crate::inventory::routing::{self, Coordinates, Position, RoutedPart};
use crate::inventory::shortage;
use crate::inventory::stock_level::Movement;
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{AddressId, CartId};
use crate::kernel::money::Money;
use crate::orders::order::{Allocation, Order, OrderItem, StockReduction};
use crate::stores::payment_methods::SellAt;

/// Decides placements one after the other. Each one sees the stock that the placements before it left.
pub struct Decider<'a> {
    context: &'a CheckoutContext,
    carts: &'a Carts,
    holds: &'a mut HoldSet,
    ids: &'a mut IdAllocator,
    /// The carts that earlier placements of the batch have ordered.
    ordered: HashSet<CartId>,
}

/// A placement that passed all checks.
pub struct Checked<'a> {
    sell_at: SellAt,
    lines: Vec<PricedLine<'a>>,
    /// The places of the units.
    pub route: Vec<RoutedPart>,
    totals: Totals,
    shipping_address: Option<Value>,
    billing_address: Option<Value>,
}

impl<'a> Decider<'a> {
    pub fn new(
        context: &'a CheckoutContext,
        carts: &'a Carts,
        holds: &'a mut HoldSet,
        ids: &'a mut IdAllocator,
    ) -> Self {
        Self { context, carts, holds, ids, ordered: HashSet::new() }
    }

    /// Refuses in the order of the contract. Changes nothing.
    pub fn check(&self, placement: &Placement, resolved: &[ResolvedVariant]) -> Result<Checked<'a>, Refusal> {
        let sell_at = self.check_settings(placement)?;
        check_amounts(self.context, placement)?;
        let requested = self.requested_lines(placement, resolved)?;
        let shipping_address = self.address(placement, placement.shipping_address)?;
        let billing_address = self.address(placement, placement.billing_address)?.or_else(|| shipping_address.clone());
        if requested.is_empty() {
            return Err(Refusal::CartEmpty);
        }
        let lines = price_lines(self.context, &requested)?;
        let totals = price_order(self.context, placement, &lines)?;
        let delivery =
            shipping_address.as_ref().map_or(Delivery::Unknown, |address| Delivery::To(position_of(address)));
        let route = self.route(placement, &lines, &delivery)?;
        Ok(Checked { sell_at, lines, route, totals, shipping_address, billing_address })
    }

    /// Takes the units in memory and creates the plan. Nothing is refused here.
    pub fn take(&mut self, placement: &Placement, checked: Checked<'a>) -> Result<Plan, Failure> {
        let order = self.order(placement, &checked)?;
        let cart = self.find_cart(placement);
        let mut plan = Plan {
            checkout: cart.map(|cart| format!("{}/{}", cart.id, cart.round)),
            cart: cart.map(|cart| (cart.id, checked.lines.len())),
            items: Vec::with_capacity(checked.lines.len()),
            reductions: Vec::with_capacity(checked.lines.len()),
            order,
        };
        self.transfer_holds(placement, &plan.order)?;
        for line in &checked.lines {
            let mut item = order_item(&plan.order, line, self.ids)?;
            let parts = routing::parts_of(&checked.route, item.variant_id);
            self.take_units(placement, &mut item, &parts, &mut plan)?;
            plan.items.push(item);
        }
        self.ordered.extend(plan.cart.map(|(cart, _)| cart));
        Ok(plan)
    }

    fn check_settings(&self, placement: &Placement) -> Result<SellAt, Refusal> {
        let CheckoutContext { store, .. } = self.context;
        if placement.buyer == Buyer::Guest && !store.guest_orders {
            return Err(Refusal::SignInFirst);
        }
        let methods = &store.payment_methods;
        methods.sell_at(&placement.payment_method).ok_or_else(|| Refusal::UnknownPaymentMethod {
            method: placement.payment_method.clone(),
            known: methods.names().map(ToOwned::to_owned).collect(),
        })
    }

    /// The lines of the cart, or the items of the request with equal items added up.
    fn requested_lines(
        &self,
        placement: &Placement,
        resolved: &[ResolvedVariant],
    ) -> Result<Vec<RequestedLine>, Refusal> {
        let Source::Items(items) = &placement.source else {
            let cart = self.find_cart(placement).and_then(|cart| self.carts.lines.get(&cart.id));
            let lines = cart.into_iter().flatten();
            let requested = lines.map(|line| RequestedLine {
                variant: line.variant_id,
                quantity: line.quantity,
                unit_prices: Vec::new(),
            });
            return Ok(requested.collect());
        };
        add_up(items, resolved)
    }

    /// The cart of the placement, unless an earlier placement of the batch has ordered it.
    fn find_cart(&self, placement: &Placement) -> Option<&'a Cart> {
        let Source::Cart(user) = placement.source else { return None };
        self.carts.by_user.get(&user).filter(|cart| !self.ordered.contains(&cart.id))
    }

    fn address(&self, placement: &Placement, address: Option<AddressId>) -> Result<Option<Value>, Refusal> {
        let Some(id) = address else { return Ok(None) };
        match self.context.addresses.get(&id) {
            Some((owner, address)) if Some(*owner) == placement.buyer.account() => Ok(Some(address.clone())),
            _ => Err(Refusal::AddressNotFound(id)),
        }
    }

    /// Chooses the places of all units, or lists every shortage. The units that the placement's own cart holds are
    /// available to it.
    fn route(
        &self,
        placement: &Placement,
        lines: &[PricedLine<'_>],
        delivery: &Delivery,
    ) -> Result<Vec<RoutedPart>, Refusal> {
        let holder = self.find_cart(placement).map(|cart| Holder::Cart(cart.id));
        let demand = lines.iter().map(|line| (line.variant, line.quantity)).collect();
        self.holds.route(&demand, delivery, holder).map_err(|short| {
            let is_short = |line: &PricedLine<'_>| short.iter().find(|short| short.variant == line.variant);
            let short = lines.iter().filter_map(|line| Some((line, is_short(line)?)));
            let (variants, short) = short
                .map(|(line, short)| {
                    (line.variant, shortage::stock_error(line.sellable, short.available, short.requested))
                })
                .unzip();
            Refusal::InsufficientStock { short, variants }
        })
    }

    fn order(&mut self, placement: &Placement, checked: &Checked<'_>) -> Result<Order, Failure> {
        let Checked { sell_at, lines, totals, shipping_address, billing_address, .. } = checked;
        let CheckoutContext { store, now, .. } = self.context;
        let Payment { status, payment_status, paid_at, expires_at } =
            Payment::new(*sell_at, totals.total, *now, placement.payment_window_seconds);
        let (user_id, created_by) = accounts(&placement.buyer);
        let contact = placement.contact.clone();
        Ok(Order {
            id: self.ids.next_order()?,
            store_id: store.id,
            order_number: document_number("ORD", *now, &random_code()),
            user_id,
            created_by,
            customer_name: contact.customer_name,
            customer_phone: contact.customer_phone,
            delivery_address: contact.delivery_address,
            status,
            payment_status,
            payment_method: placement.payment_method.clone(),
            payment_expires_at: expires_at,
            paid_at,
            payment_reference: None,
            received_amount: Money(0),
            refunded_amount: Money(0),
            tracking_number: None,
            currency: store.currency.clone(),
            subtotal: totals.subtotal,
            tax_amount: totals.tax,
            shipping_amount: totals.shipping,
            discount_amount: totals.discount,
            total_amount: totals.total,
            total_items: lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.quantity)),
            shipping_address: shipping_address.clone(),
            billing_address: billing_address.clone(),
            notes: placement.notes.clone(),
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

/// The position of a stored address.
fn position_of(address: &Value) -> Position {
    let text = |name: &str| address[name].as_str().map(ToOwned::to_owned);
    Position {
        coordinates: Coordinates::new(address["latitude"].as_f64(), address["longitude"].as_f64()),
        country: text("country"),
        region: text("state"),
        postal_code: text("postal_code"),
    }
}

#[cfg(test)]
mod tests;
