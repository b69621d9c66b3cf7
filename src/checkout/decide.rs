//! The second part of checkout: pure, on what was read. Each placement becomes a plan or a refusal.

use std::collections::HashSet;

use serde_json::Value;

use super::load::{Carts, Terms};
use super::placement::{Buyer, Placement, Source, Wanted};
use super::plan::{Plan, Stop, deadline, order_item};
use super::price::{Priced, check_amounts, price_lines, price_order};
use super::refusal::Refusal;
use super::wanted::add_up;
use super::write::Numbers;
use crate::cart::pricing::Totals;
use crate::catalogue::queries::sellables::Named;
use crate::db::Failure;
use crate::error::StockError;
use crate::inventory::hold::{Hold, Holder, NewHold};
use crate::inventory::level::{Figures, MovementKind};
use crate::inventory::shelf::{Note, Shelf};
use crate::inventory::shortage;
use crate::kernel::id::{AddressId, CartId, VariantId};
use crate::kernel::money::Money;
use crate::orders::order::{self, Allocation, Order, OrderItem, StockReduction};
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::stores::payment_methods::SellAt;

/// Decides placements one after the other, each on what the ones before it left.
pub struct Decider<'a> {
    terms: &'a Terms,
    carts: &'a Carts,
    shelf: &'a mut Shelf,
    numbers: &'a mut Numbers,
    /// Carts that an earlier placement of the slice has emptied.
    emptied: HashSet<CartId>,
}

impl<'a> Decider<'a> {
    pub fn new(terms: &'a Terms, carts: &'a Carts, shelf: &'a mut Shelf, numbers: &'a mut Numbers) -> Self {
        Self { terms, carts, shelf, numbers, emptied: HashSet::new() }
    }

    /// Refuses in the order of the contract, or takes the stock in memory.
    pub fn decide(&mut self, placement: &Placement, named: &[Named]) -> Result<Plan, Stop> {
        let sell_at = self.check_terms(placement)?;
        check_amounts(self.terms, placement)?;
        let wanted = self.want(placement, named)?;
        let shipping = self.address(placement, placement.shipping_address)?;
        let billing = self.address(placement, placement.billing_address)?.or_else(|| shipping.clone());
        if wanted.is_empty() {
            return Err(Refusal::CartEmpty.into());
        }
        let priced = price_lines(self.terms, &wanted)?;
        let totals = price_order(self.terms, placement, &priced)?;
        self.check_availability(placement, &priced)?;
        // From here on nothing is refused: only the database itself may fail.
        let mut order = self.order(placement, sell_at, &totals, &priced)?;
        (order.shipping_address, order.billing_address) = (shipping, billing);
        self.reserve(placement, order, &priced).map_err(Stop::Failed)
    }

    fn check_terms(&self, placement: &Placement) -> Result<SellAt, Refusal> {
        let Terms { store, .. } = self.terms;
        if placement.buyer == Buyer::Guest && !store.guest_orders {
            return Err(Refusal::SignInFirst);
        }
        match store.payment_methods.sell_at(&placement.payment_method) {
            Some(sell_at) => Ok(sell_at),
            None => Err(Refusal::UnknownPaymentMethod {
                method: placement.payment_method.clone(),
                known: store.payment_methods.names().map(ToOwned::to_owned).collect(),
            }),
        }
    }

    /// The lines of the cart, or the items of the request with equal ones added up.
    fn want(&self, placement: &Placement, named: &[Named]) -> Result<Vec<Wanted>, Refusal> {
        match &placement.source {
            Source::Cart(_) => Ok(self.cart_lines(placement)),
            Source::Items(items) => add_up(items, named),
        }
    }

    fn cart_lines(&self, placement: &Placement) -> Vec<Wanted> {
        let Some(cart) = self.cart_of(placement) else { return Vec::new() };
        let lines = self.carts.lines.get(&cart).map(Vec::as_slice).unwrap_or_default();
        lines
            .iter()
            .map(|line| Wanted { variant: line.variant_id, quantity: line.quantity, unit_prices: Vec::new() })
            .collect()
    }

    /// The cart that is bought, unless it was bought a moment ago.
    fn cart_of(&self, placement: &Placement) -> Option<CartId> {
        let Source::Cart(user) = placement.source else { return None };
        self.carts.by_user.get(&user).map(|cart| cart.id).filter(|cart| !self.emptied.contains(cart))
    }

    fn address(&self, placement: &Placement, address: Option<AddressId>) -> Result<Option<Value>, Refusal> {
        let Some(id) = address else { return Ok(None) };
        match self.terms.addresses.get(&id) {
            Some((owner, address)) if Some(*owner) == placement.buyer.account() => Ok(Some(address.clone())),
            _ => Err(Refusal::AddressNotFound(id)),
        }
    }

    /// What the placement's own cart holds.
    fn own_holds(&self, placement: &Placement) -> &'a [Hold] {
        let cart = self.cart_of(placement);
        cart.and_then(|cart| self.carts.holds.get(&cart)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every short line, not only the first. What the cart holds itself is there for it.
    fn check_availability(&self, placement: &Placement, lines: &[Priced<'_>]) -> Result<(), Refusal> {
        let own = self.own_holds(placement);
        let (variants, short): (Vec<VariantId>, Vec<StockError>) = lines
            .iter()
            .filter_map(|line| {
                let variant = line.wanted.variant;
                let held = own.iter().filter(|hold| hold.variant == variant).map(|hold| hold.quantity);
                let available = held.fold(self.shelf.available(variant), i64::saturating_add);
                let requested = line.wanted.quantity;
                (requested > available).then(|| (variant, shortage::line(line.sellable, available, requested)))
            })
            .unzip();
        if short.is_empty() {
            return Ok(());
        }
        Err(Refusal::InsufficientStock { short, variants, overdue: Vec::new() })
    }

    fn order(
        &mut self,
        placement: &Placement,
        sell_at: SellAt,
        totals: &Totals,
        lines: &[Priced<'_>],
    ) -> Result<Order, Stop> {
        let Terms { store, now, .. } = self.terms;
        let is_free = totals.total == Money(0);
        let (status, payment_expires_at) = match sell_at {
            SellAt::AtPayment if !is_free => {
                (OrderStatus::UnderPaying, deadline(*now, placement.payment_window_seconds))
            }
            _ => (OrderStatus::Pending, None),
        };
        // Nobody would ever confirm a payment of nothing.
        let (payment_status, paid_at) =
            if is_free { (PaymentStatus::Paid, Some(*now)) } else { (PaymentStatus::Pending, None) };
        let (user_id, created_by) = match placement.buyer {
            Buyer::Account(user) => (Some(user), Some(user)),
            Buyer::Staff(user) => (None, Some(user)),
            Buyer::Guest => (None, None),
        };
        let contact = placement.contact.clone();
        Ok(Order {
            id: self.numbers.next_order().map_err(Stop::Failed)?,
            store_id: store.id,
            order_number: order::order_number(*now, &order::random_code()),
            user_id,
            created_by,
            customer_name: contact.customer_name,
            customer_phone: contact.customer_phone,
            delivery_address: contact.delivery_address,
            status,
            payment_status,
            payment_method: placement.payment_method.clone(),
            payment_expires_at,
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
            total_items: lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.wanted.quantity)),
            shipping_address: None,
            billing_address: None,
            notes: placement.notes.clone(),
            created_at: *now,
            updated_at: *now,
        })
    }

    /// Takes every line from the rows in memory, location by location.
    fn reserve(&mut self, placement: &Placement, order: Order, lines: &[Priced<'_>]) -> Result<Plan, Failure> {
        let cart = self.cart_of(placement);
        let round = cart.and_then(|_| match placement.source {
            Source::Cart(user) => self.carts.by_user.get(&user).map(|cart| cart.round),
            Source::Items(_) => None,
        });
        let mut plan = Plan {
            checkout: cart.zip(round).map(|(cart, round)| format!("{cart}/{round}")),
            cart: cart.map(|cart| (cart, lines.len())),
            order,
            items: Vec::with_capacity(lines.len()),
            reductions: Vec::with_capacity(lines.len()),
            holds: Vec::new(),
            used_holds: Vec::new(),
        };
        self.let_go(placement, &mut plan)?;
        for line in lines {
            let mut item = order_item(&plan.order, line, self.numbers)?;
            self.take(placement, &mut item, &mut plan)?;
            plan.items.push(item);
        }
        self.emptied.extend(cart);
        Ok(plan)
    }

    /// Lets the cart's own holds go: their units are taken for the order in the same transaction.
    fn let_go(&mut self, placement: &Placement, plan: &mut Plan) -> Result<(), Failure> {
        for hold in self.own_holds(placement) {
            let note = Note { reference: &hold.holder.reference(), reason: None, actor: &placement.actor };
            let release = Figures::release(hold.quantity);
            self.shelf.book((hold.variant, hold.location), MovementKind::Release, release, note)?;
            plan.used_holds.push(hold.id);
        }
        Ok(())
    }

    /// Sells the units of an item, or keeps them until the order is paid.
    fn take(&mut self, placement: &Placement, item: &mut OrderItem, plan: &mut Plan) -> Result<(), Failure> {
        let parts = self
            .shelf
            .allocate(item.variant_id, item.quantity)
            .ok_or_else(|| Failure::Internal("a checked line was short".to_owned()))?;
        let Plan { order, reductions, holds, .. } = plan;
        let note = Note { reference: &order.order_number, reason: None, actor: &placement.actor };
        for (location, quantity) in parts {
            let place = (item.variant_id, location);
            match order.payment_expires_at {
                None => {
                    let sold = self.shelf.book(place, MovementKind::Fulfil, Figures::sell(quantity), note)?;
                    reductions.push(StockReduction {
                        product_id: item.product_id,
                        size: item.size.clone(),
                        quantity,
                        previous_stock: sold.after.stock.saturating_sub(sold.delta.stock),
                        new_stock: sold.after.stock,
                    });
                }
                Some(expires_at) => {
                    self.shelf.book(place, MovementKind::Reserve, Figures::reserve(quantity), note)?;
                    let holder = Holder::Order(order.id);
                    holds.push(NewHold { holder, variant: item.variant_id, location, quantity, expires_at });
                }
            }
            item.allocations.push(Allocation { location_id: location, quantity });
        }
        Ok(())
    }
}
