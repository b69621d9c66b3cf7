//! A cart in responses, with its price and the problems that would refuse its checkout.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::pricing::{self, LinePrice, Price, PriceInputs, Totals};
use super::queries::{self, Cart, CartLine};
use super::taxes::RateTax;
use crate::catalogue::queries::sellables::{self, Sellable};
use crate::db::{self, Failure};
use crate::error::{Abort, Code};
use crate::inventory::hold::{Hold, Holder};
use crate::inventory::queries::{availability, holds};
use crate::inventory::shortage;
use crate::kernel::id::{CartItemId, ProductId, StoreId, UserId, VariantId};
use crate::kernel::money::{Amount, Currency, Money};
use crate::kernel::rate::Rate;
use crate::stores::queries::{self as stores, Store};
use crate::stores::tax_rates::{Destination, TaxRate};

#[derive(Debug, Serialize, ToSchema)]
pub struct CartResponse {
    pub items: Vec<CartItemResponse>,
    pub subtotal: Amount,
    /// The tax that is added to the prices. A cart has no address, so the taxes of countries are not in it.
    pub tax_amount: Amount,
    /// The tax that the prices contain.
    pub included_tax_amount: Amount,
    pub tax_lines: Vec<TaxLineResponse>,
    pub shipping_amount: Amount,
    pub discount_amount: Amount,
    pub total_amount: Amount,
    /// The number of units in all lines.
    pub total_items: i64,
    /// The problems that would refuse the checkout now.
    pub problems: Vec<CartProblem>,
}

/// The tax of one rate.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxLineResponse {
    #[schema(max_length = 100)]
    pub name: String,
    pub percent: Rate,
    /// The net amount that is taxed.
    pub base: Amount,
    pub tax: Amount,
    /// True if prices contain the tax.
    pub included: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CartItemResponse {
    pub id: CartItemId,
    pub product_id: ProductId,
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub quantity: i64,
    pub unit_price: Amount,
    pub total_price: Amount,
    pub available_quantity: i64,
    /// The deadline of the hold on these units; null without cart holds. The hold keeps units, not their place: if the
    /// place takes no orders any more, `problems` shows the shortage.
    pub reserved_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CartProblem {
    pub code: Code,
    #[schema(max_length = 1000)]
    pub message: String,
    /// The line that has the problem; null if the problem concerns the whole cart.
    pub item_id: Option<CartItemId>,
}

/// Reads a customer's cart in this transaction. A total that is too large for an order is a problem of the cart and
/// is shown exactly: prices may have risen since the lines were added.
pub fn read(conn: &mut PgConnection, store: StoreId, user: UserId) -> Result<CartResponse, Abort> {
    let cart = queries::find(conn, store, &[user])?.pop();
    let lines = lines_of(conn, store, cart)?;
    let variants: Vec<VariantId> = lines.iter().map(|line| line.variant_id).collect();
    let known = sellables::load(conn, store, &variants)?;
    let known: HashMap<VariantId, Sellable> =
        known.into_iter().map(|sellable| (sellable.variant_id, sellable)).collect();
    let held = held_by(conn, store, &lines)?;
    let available = availability::available_by_variant(conn, store, &variants, &held)?;
    let (settings, tax_rates) = stores::tax_rates::get_store_with_rates(conn, store)?;
    describe((&settings, &tax_rates), &lines, &known, |variant| {
        let until = held.iter().filter(|hold| hold.variant == variant).filter_map(|hold| hold.expires_at).min();
        (available.get(&variant).copied().unwrap_or(0), until)
    })
}

/// The holds of the cart itself. Their units are available to this cart only.
fn held_by(conn: &mut PgConnection, store: StoreId, lines: &[CartLine]) -> Result<Vec<Hold>, Abort> {
    let Some(line) = lines.first().filter(|line| line.cart_holds) else { return Ok(Vec::new()) };
    let now = db::clock(conn)?;
    let mut held = holds::list_active(conn, store, &[Holder::Cart(line.cart_id)])?;
    held.retain(|hold| !hold.is_overdue(now));
    Ok(held)
}

fn lines_of(conn: &mut PgConnection, store: StoreId, cart: Option<Cart>) -> Result<Vec<CartLine>, Abort> {
    let Some(cart) = cart else { return Ok(Vec::new()) };
    Ok(queries::list_lines(conn, store, &[cart.id])?.remove(&cart.id).unwrap_or_default())
}

fn describe(
    (store, tax_rates): (&Store, &[TaxRate]),
    lines: &[CartLine],
    known: &HashMap<VariantId, Sellable>,
    stock: impl Fn(VariantId) -> (i64, Option<DateTime<Utc>>),
) -> Result<CartResponse, Abort> {
    let mut items = Vec::with_capacity(lines.len());
    let mut prices = Vec::with_capacity(lines.len());
    let mut problems = Vec::new();
    if lines.is_empty() {
        problems.push(CartProblem { code: Code::CartEmpty, message: CART_EMPTY.to_owned(), item_id: None });
    }
    for line in lines {
        let sellable = known
            .get(&line.variant_id)
            .ok_or_else(|| Failure::Internal(format!("variant {} of a cart is missing", line.variant_id)))?;
        let (free, reserved_until) = stock(line.variant_id);
        let total = pricing::line_total(sellable.unit_price, line.quantity);
        problems.extend(find_problem(line, sellable, free));
        prices.push(LinePrice { total, category: sellable.category.as_deref() });
        items.push(CartItemResponse {
            id: line.id,
            product_id: sellable.product_id,
            sku: sellable.sku.clone(),
            product_name: sellable.product_name.clone(),
            size: sellable.size.clone(),
            quantity: line.quantity,
            unit_price: store.currency.amount(sellable.unit_price),
            total_price: store.currency.total(total),
            available_quantity: free,
            reserved_until,
        });
    }
    let shipping = store.shipping_flat_rate;
    let inputs = PriceInputs { store, tax_rates, destination: Destination::default(), shipping, discount: Money(0) };
    let price = Price::new(&inputs, &prices);
    if let Err(too_large) = price.totals.to_money() {
        problems.push(CartProblem { code: Code::ValidationFailed, message: too_large.to_string(), item_id: None });
    }
    let Totals { subtotal, tax, included_tax, shipping, discount, total } = price.totals;
    let amount = |minor| store.currency.total(minor);
    Ok(CartResponse {
        items,
        subtotal: amount(subtotal),
        tax_amount: amount(tax),
        included_tax_amount: amount(included_tax),
        tax_lines: price.taxes.by_rate().map(|line| TaxLineResponse::new(&line, &store.currency)).collect(),
        shipping_amount: amount(shipping),
        discount_amount: amount(discount),
        total_amount: amount(total),
        total_items: lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.quantity)),
        problems,
    })
}

impl TaxLineResponse {
    fn new(line: &RateTax<'_>, currency: &Currency) -> Self {
        let RateTax { name, percent, base, tax, included } = *line;
        Self { name: name.to_owned(), percent, base: currency.total(base), tax: currency.total(tax), included }
    }
}

/// The detail of CART_EMPTY.
pub const CART_EMPTY: &str = "Cart is empty. Add items before checkout.";

fn find_problem(line: &CartLine, sellable: &Sellable, free: i64) -> Option<CartProblem> {
    let name = &sellable.product_name;
    if !sellable.is_active {
        let message = unavailable(name);
        return Some(CartProblem { code: Code::ProductUnavailable, message, item_id: Some(line.id) });
    }
    (line.quantity > free).then(|| CartProblem {
        code: Code::InsufficientStock,
        message: shortage::message(name, free, line.quantity),
        item_id: Some(line.id),
    })
}

/// The detail of PRODUCT_UNAVAILABLE.
#[must_use]
pub fn unavailable(product_name: &str) -> String {
    format!("'{product_name}' can't be bought any more.")
}
