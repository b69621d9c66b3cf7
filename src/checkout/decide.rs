//! The second part of checkout: pure, on what was read. Each placement becomes a plan or a refusal.

use std::collections::HashSet;

use serde_json::Value;

use super::load::{Carts, Shelf, Terms};
use super::placement::{Buyer, Placement, Source, Wanted};
use super::price::{Priced, price_lines, price_order};
use super::refusal::Refusal;
use super::wanted::add_up;
use super::write::Numbers;
use crate::cart::pricing::Totals;
use crate::catalogue::store::sellables::{Named, Sellable};
use crate::db::Failure;
use crate::error::StockError;
use crate::inventory::level::Movement;
use crate::inventory::shortage;
use crate::kernel::id::{AddressId, CartId, CartItemId};
use crate::kernel::money::Money;
use crate::orders::order::{self, Order, OrderItem, StockReduction};
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::orders::store::items::Allocation;

/// An order that will be written as it is here.
pub struct Plan {
    pub order: Order,
    pub items: Vec<OrderItem>,
    pub allocations: Vec<Allocation>,
    pub movements: Vec<Movement>,
    pub reductions: Vec<StockReduction>,
    /// The cart that it was made of, and its lines.
    pub cart: Option<(CartId, Vec<CartItemId>)>,
    /// Cart and round: one order of each.
    pub checkout: Option<String>,
}

impl Plan {
    /// Units that are sold by it.
    #[must_use]
    pub fn units_sold(&self) -> i64 {
        self.movements.iter().fold(0, |sum: i64, movement| sum.saturating_add(movement.delta.sold))
    }
}

/// Why a placement becomes no plan. A failure is a mistake of ours and ends the whole slice.
pub enum Stop {
    Refused(Refusal),
    Failed(Failure),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

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
        self.check_terms(placement)?;
        let wanted = self.want(placement, named)?;
        let shipping = self.address(placement, placement.shipping_address)?;
        let billing = self.address(placement, placement.billing_address)?.or_else(|| shipping.clone());
        if wanted.is_empty() {
            return Err(Refusal::CartEmpty.into());
        }
        let priced = price_lines(self.terms, &wanted)?;
        let totals = price_order(self.terms, placement, &priced)?;
        self.check_availability(&priced)?;
        // From here on nothing is refused: only the database itself may fail.
        let mut order = self.order(placement, &totals, &priced)?;
        (order.shipping_address, order.billing_address) = (shipping, billing);
        self.reserve(placement, order, &priced).map_err(Stop::Failed)
    }

    fn check_terms(&self, placement: &Placement) -> Result<(), Refusal> {
        let Terms { store, .. } = self.terms;
        if placement.buyer == Buyer::Guest && !store.guest_orders {
            return Err(Refusal::SignInFirst);
        }
        match store.payment_methods.sell_at(&placement.payment_method) {
            Some(_) => Ok(()),
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
            .map(|line| Wanted {
                variant: line.variant_id,
                quantity: line.quantity,
                unit_prices: Vec::new(),
                cart_item: Some(line.id),
            })
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

    fn available(&self, line: &Priced<'_>) -> i64 {
        self.shelf.of(line.wanted.variant).fold(0, |sum: i64, level| sum.saturating_add(level.available()))
    }

    /// Every short line, not only the first.
    fn check_availability(&self, lines: &[Priced<'_>]) -> Result<(), Refusal> {
        let short: Vec<StockError> = lines
            .iter()
            .filter_map(|line| {
                let (available, requested) = (self.available(line), line.wanted.quantity);
                (requested > available).then(|| stock_error(line.sellable, available, requested))
            })
            .collect();
        if short.is_empty() { Ok(()) } else { Err(Refusal::InsufficientStock(short)) }
    }

    fn order(&mut self, placement: &Placement, totals: &Totals, lines: &[Priced<'_>]) -> Result<Order, Stop> {
        let Terms { store, now, .. } = self.terms;
        let (user_id, created_by) = match placement.buyer {
            Buyer::Account(user) => (Some(user), None),
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
            status: OrderStatus::Pending,
            payment_status: PaymentStatus::Pending,
            payment_method: placement.payment_method.clone(),
            payment_expires_at: None,
            paid_at: None,
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
            cart: cart.map(|cart| (cart, lines.iter().filter_map(|line| line.wanted.cart_item).collect())),
            order,
            items: Vec::with_capacity(lines.len()),
            allocations: Vec::with_capacity(lines.len()),
            movements: Vec::with_capacity(lines.len()),
            reductions: Vec::with_capacity(lines.len()),
        };
        for line in lines {
            let item = order_item(&plan.order, line, self.numbers)?;
            self.take(&item, &mut plan)?;
            plan.items.push(item);
        }
        self.emptied.extend(cart);
        Ok(plan)
    }

    fn take(&mut self, item: &OrderItem, plan: &mut Plan) -> Result<(), Failure> {
        let mut missing = item.quantity;
        for level in self.shelf.of_mut(item.variant_id) {
            let quantity = missing.min(level.available());
            if quantity <= 0 {
                continue;
            }
            let previous_stock = level.stock;
            let movement = level.sell(quantity).map_err(|error| Failure::Internal(error.to_string()))?;
            plan.reductions.push(StockReduction {
                product_id: item.product_id,
                size: item.size.clone(),
                quantity,
                previous_stock,
                new_stock: level.stock,
            });
            plan.allocations.push(Allocation {
                order_item_id: item.id,
                variant_id: item.variant_id,
                location_id: level.location,
                quantity,
            });
            plan.movements.push(movement);
            missing = missing.saturating_sub(quantity);
        }
        if missing == 0 { Ok(()) } else { Err(Failure::Internal("a checked line was short".to_owned())) }
    }
}

fn stock_error(sellable: &Sellable, available: i64, requested: i64) -> StockError {
    StockError {
        product_id: sellable.product_id.0,
        sku: sellable.sku.clone(),
        product_name: sellable.product_name.clone(),
        size: sellable.size.clone(),
        requested_quantity: requested,
        available_quantity: available,
        shortage: requested.saturating_sub(available),
        message: shortage::message(&sellable.product_name, available, requested),
    }
}

fn order_item(order: &Order, line: &Priced<'_>, numbers: &mut Numbers) -> Result<OrderItem, Failure> {
    let Sellable { variant_id, product_id, sku, product_name, size, unit_price, attributes, .. } = line.sellable;
    Ok(OrderItem {
        id: numbers.next_item()?,
        order_id: order.id,
        product_id: *product_id,
        variant_id: *variant_id,
        sku: sku.clone(),
        product_name: product_name.clone(),
        size: size.clone(),
        quantity: line.wanted.quantity,
        unit_price: *unit_price,
        total_price: line.total,
        attributes: attributes.clone(),
    })
}
