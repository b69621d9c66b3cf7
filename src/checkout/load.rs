//! The first part of checkout: lock what will change, read what is decided on.
//!
//! Locks are taken in the global order: keys, carts, stock rows. What a lock protects is read
//! by a later statement, for only that sees what others committed while the lock was waited for.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::Value;

use super::placement::{Placement, RequestedItem, Source};
use super::write::Numbers;
use crate::cart::queries::{self as carts, Cart, CartLine};
use crate::catalogue::queries::sellables::{self, Named, Sellable};
use crate::db::Failure;
use crate::inventory::hold::{Hold, Holder};
use crate::inventory::queries::holds;
use crate::inventory::shelf::Shelf;
use crate::kernel::id::{AddressId, CartId, StoreId, UserId, VariantId};
use crate::orders::queries::terms::{self, IdCounts, TermsAndIds};
use crate::stores::queries::Store;

/// Whether the rows are locked for an order, or only looked at for a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locking {
    ForUpdate,
    None,
}

/// The carts of the placements, locked, with their lines.
pub struct Carts {
    pub by_user: HashMap<UserId, Cart>,
    pub lines: HashMap<CartId, Vec<CartLine>>,
    /// Stock that the carts hold themselves.
    pub holds: HashMap<CartId, Vec<Hold>>,
    /// What the listed items are, in the order of the placements and their items.
    pub named: Vec<Vec<Named>>,
}

/// All else that is decided on, read after the locks.
pub struct Terms {
    pub store: Store,
    pub sellables: HashMap<VariantId, Sellable>,
    pub addresses: HashMap<AddressId, (UserId, Value)>,
    pub now: DateTime<Utc>,
}

/// Locks the carts and reads their lines; finds the variants of listed items.
pub fn validate_carts(
    conn: &mut PgConnection,
    store: StoreId,
    placements: &[&Placement],
    locking: Locking,
) -> Result<Carts, Failure> {
    let users: HashSet<UserId> = placements.iter().filter_map(|placement| cart_owner(placement)).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let (mut by_user, mut lines, mut holds) = (HashMap::new(), HashMap::new(), HashMap::new());
    if !users.is_empty() {
        let found = match locking {
            Locking::ForUpdate => carts::lock_for_update(conn, store, &users)?,
            Locking::None => carts::find(conn, store, &users)?,
        };
        let ids: Vec<CartId> = found.iter().map(|cart| cart.id).collect();
        lines = carts::list_lines(conn, store, &ids)?;
        let holding: Vec<Holder> = lines
            .values()
            .filter_map(|lines| lines.first())
            .filter(|line| line.cart_holds)
            .map(|line| Holder::Cart(line.cart_id))
            .collect();
        if !holding.is_empty() {
            holds = holds_by_cart(conn, store, &holding)?;
        }
        by_user = found.into_iter().map(|cart| (cart.user_id, cart)).collect();
    }
    Ok(Carts { by_user, lines, holds, named: resolve_items(conn, store, placements)? })
}

fn holds_by_cart(
    conn: &mut PgConnection,
    store: StoreId,
    holders: &[Holder],
) -> Result<HashMap<CartId, Vec<Hold>>, Failure> {
    let mut by_cart: HashMap<CartId, Vec<Hold>> = HashMap::new();
    for hold in holds::list_active(conn, store, holders)? {
        if let Holder::Cart(cart) = hold.holder {
            by_cart.entry(cart).or_default().push(hold);
        }
    }
    Ok(by_cart)
}

fn cart_owner(placement: &Placement) -> Option<UserId> {
    match placement.source {
        Source::Cart(user) => Some(user),
        Source::Items(_) => None,
    }
}

fn items_of(placement: &Placement) -> &[RequestedItem] {
    match &placement.source {
        Source::Cart(_) => &[],
        Source::Items(items) => items,
    }
}

fn resolve_items(
    conn: &mut PgConnection,
    store: StoreId,
    placements: &[&Placement],
) -> Result<Vec<Vec<Named>>, Failure> {
    let names: Vec<_> = placements
        .iter()
        .flat_map(|placement| items_of(placement))
        .map(|item| (&item.product, item.size.as_deref()))
        .collect();
    if names.is_empty() {
        return Ok(placements.iter().map(|_| Vec::new()).collect());
    }
    let mut named = sellables::resolve(conn, store, &names)?.into_iter();
    Ok(placements.iter().map(|placement| named.by_ref().take(items_of(placement).len()).collect()).collect())
}

impl Carts {
    fn variants(&self) -> Vec<VariantId> {
        let of_carts = self.lines.values().flatten().map(|line| line.variant_id);
        let of_items = self.named.iter().flatten().filter_map(|named| match named {
            Named::Variant(variant) => Some(*variant),
            _ => None,
        });
        let of_holds = self.holds.values().flatten().map(|hold| hold.variant);
        let variants: HashSet<VariantId> = of_carts.chain(of_items).chain(of_holds).collect();
        variants.into_iter().collect()
    }

    /// Leaves out holds past their deadline, which a shelf that was only read counts as free.
    pub fn forget_overdue(&mut self, now: DateTime<Utc>) {
        for holds in self.holds.values_mut() {
            holds.retain(|hold| hold.expires_at > now);
        }
    }

    /// The most orders' items that can come of them.
    fn line_count(&self) -> usize {
        self.lines.values().map(Vec::len).sum::<usize>().saturating_add(self.named.iter().map(Vec::len).sum())
    }
}

/// Locks every stock row that the placements may take from.
pub fn lock_stock(conn: &mut PgConnection, store: StoreId, carts: &Carts, locking: Locking) -> Result<Shelf, Failure> {
    let variants = carts.variants();
    match locking {
        Locking::ForUpdate => Shelf::lock(conn, store, &variants),
        Locking::None => Shelf::read(conn, store, &variants),
    }
}

/// Reads prices, addresses, the store's terms and the clock, and takes the ids of what may be written.
pub fn read_terms(
    conn: &mut PgConnection,
    store: StoreId,
    placements: &[&Placement],
    carts: &Carts,
    locking: Locking,
) -> Result<(Terms, Numbers), Failure> {
    let sellables = sellables::load(conn, store, &carts.variants())?;
    let wanted: Vec<AddressId> =
        placements.iter().flat_map(|p| [p.shipping_address, p.billing_address]).flatten().collect();
    let (orders, items) = (placements.len(), carts.line_count());
    let ids = match locking {
        Locking::ForUpdate => IdCounts { orders, items },
        Locking::None => IdCounts::default(),
    };
    let TermsAndIds { store, addresses, now, order_ids, item_ids } = terms::read(conn, store, &wanted, ids)?;
    let numbers = match locking {
        Locking::ForUpdate => Numbers::new(order_ids, item_ids),
        Locking::None => Numbers::none(orders, items),
    };
    let sellables = sellables.into_iter().map(|sellable| (sellable.variant_id, sellable)).collect();
    Ok((Terms { store, sellables, addresses, now }, numbers))
}
