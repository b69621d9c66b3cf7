//! The first part of checkout: locks the rows that will change, and reads the data for the decisions.
//!
//! Locks are taken in the global order: keys, carts, stock rows. Locked data is read by a later statement, because
//! only a later statement sees the rows that were committed while the lock was waited for.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::Value;

use super::placement::{Placement, RequestedItem, Source};
use super::plan::IdAllocator;
use crate::cart::queries::{self as carts, Cart, CartLine};
use crate::catalogue::queries::sellables::{self, ResolvedVariant, Sellable};
use crate::db::{self, Failure};
use crate::inventory::hold::{Hold, Holder};
use crate::inventory::hold_set::HoldSet;
use crate::inventory::locked_stock::LockedStock;
use crate::inventory::queries::holds;
use crate::kernel::id::{AddressId, CartId, LocationId, StoreId, UserId, VariantId};
use crate::orders::queries::new_order_context::{self, IdCounts, NewOrderContext};
use crate::stores::queries::{Store, locations};
use crate::stores::tax_rates::TaxRate;

/// Locks rows for an order, or only reads them for a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locking {
    ForUpdate,
    None,
}

/// The carts of the placements with their lines, and the variants of listed items. For an order the carts are locked.
pub struct Carts {
    pub by_user: HashMap<UserId, Cart>,
    pub lines: HashMap<CartId, Vec<CartLine>>,
    /// The holds of the carts.
    pub holds: Vec<Hold>,
    /// The variants of the listed items, in the order of the placements and their items.
    pub resolved: Vec<Vec<ResolvedVariant>>,
}

/// All other data for the decisions, read after the locks.
pub struct CheckoutContext {
    pub store: Store,
    pub tax_rates: Vec<TaxRate>,
    pub sellables: HashMap<VariantId, Sellable>,
    pub addresses: HashMap<AddressId, (UserId, Value)>,
    pub now: DateTime<Utc>,
    /// The requested pickup locations that are places of the store.
    pub pickup_places: HashSet<LocationId>,
    /// The variants with overdue holds, if a placement allows a partial order. Such an order is not decided before the
    /// holds have expired.
    pub overdue: HashSet<VariantId>,
}

/// Locks the carts and reads their lines. Finds the variants of listed items.
pub fn load_and_lock_carts(
    conn: &mut PgConnection,
    store: StoreId,
    placements: &[&Placement],
    locking: Locking,
) -> Result<Carts, Failure> {
    let users: HashSet<UserId> = placements.iter().filter_map(|placement| cart_owner(placement)).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let (mut by_user, mut lines, mut holds) = (HashMap::new(), HashMap::new(), Vec::new());
    if !users.is_empty() {
        let found = match locking {
            Locking::ForUpdate => carts::lock_for_update(conn, store, &users)?,
            Locking::None => carts::find(conn, store, &users)?,
        };
        let ids: Vec<CartId> = found.iter().map(|cart| cart.id).collect();
        lines = carts::list_lines(conn, store, &ids)?;
        let first_lines = lines.values().filter_map(|lines| lines.first());
        let holding = first_lines.filter(|line| line.cart_holds).map(|line| Holder::Cart(line.cart_id));
        let holding: Vec<Holder> = holding.collect();
        if !holding.is_empty() {
            holds = holds::list_active(conn, store, &holding)?;
        }
        by_user = found.into_iter().map(|cart| (cart.user_id, cart)).collect();
    }
    Ok(Carts { by_user, lines, holds, resolved: resolve_items(conn, store, placements)? })
}

fn cart_owner(placement: &Placement) -> Option<UserId> {
    match placement.source {
        Source::Cart(user) => Some(user),
        Source::Items(_) => None,
    }
}

fn listed_items(placement: &Placement) -> &[RequestedItem] {
    match &placement.source {
        Source::Cart(_) => &[],
        Source::Items(items) => items,
    }
}

fn resolve_items(
    conn: &mut PgConnection,
    store: StoreId,
    placements: &[&Placement],
) -> Result<Vec<Vec<ResolvedVariant>>, Failure> {
    let names: Vec<_> = placements
        .iter()
        .flat_map(|placement| listed_items(placement))
        .map(|item| (&item.product, item.size.as_deref()))
        .collect();
    if names.is_empty() {
        return Ok(placements.iter().map(|_| Vec::new()).collect());
    }
    let mut resolved = sellables::resolve(conn, store, &names)?.into_iter();
    Ok(placements.iter().map(|placement| resolved.by_ref().take(listed_items(placement).len()).collect()).collect())
}

impl Carts {
    /// The variants whose stock rows the placements need.
    #[must_use]
    pub fn variants(&self) -> Vec<VariantId> {
        let of_carts = self.lines.values().flatten().map(|line| line.variant_id);
        let of_items = self.resolved.iter().flatten().filter_map(|resolved| resolved.variant());
        let of_holds = self.holds.iter().map(|hold| hold.variant);
        let variants: HashSet<VariantId> = of_carts.chain(of_items).chain(of_holds).collect();
        variants.into_iter().collect()
    }

    /// The largest number of order items that the placements can need.
    fn line_count(&self) -> usize {
        self.lines.values().map(Vec::len).sum::<usize>().saturating_add(self.resolved.iter().map(Vec::len).sum())
    }
}

/// Locks every stock row from which the placements may take units.
pub fn lock_stock(
    conn: &mut PgConnection,
    store: StoreId,
    carts: &Carts,
    locking: Locking,
) -> Result<HoldSet, Failure> {
    let variants = carts.variants();
    let mut holds = carts.holds.clone();
    let stock = match locking {
        Locking::ForUpdate => LockedStock::lock(conn, store, &variants)?,
        Locking::None => {
            let stock = LockedStock::read(conn, store, &variants)?;
            // Rows that are only read count the units of overdue holds as available. The clock is read after the
            // rows. So a hold that becomes overdue in between counts as held, and no unit counts twice.
            let now = db::clock(conn)?;
            holds.retain(|hold| !hold.is_overdue(now));
            stock
        }
    };
    Ok(HoldSet::new(stock, holds))
}

/// Reads prices, addresses, the store's settings and the clock, and takes the ids of the rows to write. Gives the active
/// places to the locked stock.
pub fn read_context(
    conn: &mut PgConnection,
    store: StoreId,
    placements: &[&Placement],
    carts: &Carts,
    holds: &mut HoldSet,
    locking: Locking,
) -> Result<(CheckoutContext, IdAllocator), Failure> {
    let sellables = sellables::load(conn, store, &carts.variants())?;
    let overdue = match locking {
        Locking::ForUpdate if placements.iter().any(|placement| placement.allow_partial) => {
            holds::list_overdue_variants(conn, store, &carts.variants())?
        }
        _ => Vec::new(),
    };
    let pickups: Vec<LocationId> = placements.iter().filter_map(|placement| placement.pickup).collect();
    let pickup_places = if pickups.is_empty() { pickups } else { locations::filter_places(conn, store, &pickups)? };
    let pickup_places = pickup_places.into_iter().collect();
    let address_ids: Vec<AddressId> =
        placements.iter().flat_map(|p| [p.shipping_address, p.billing_address]).flatten().collect();
    let (orders, items) = (placements.len(), carts.line_count());
    let ids = match locking {
        Locking::ForUpdate => IdCounts { orders, items },
        Locking::None => IdCounts::default(),
    };
    let NewOrderContext { store, tax_rates, addresses, now, places, order_ids, item_ids } =
        new_order_context::read(conn, store, &address_ids, ids)?;
    holds.stock_mut().set_places(places);
    let ids = match locking {
        Locking::ForUpdate => IdAllocator::new(order_ids, item_ids),
        Locking::None => IdAllocator::zeros(orders, items),
    };
    let sellables = sellables.into_iter().map(|sellable| (sellable.variant_id, sellable)).collect();
    let overdue = overdue.into_iter().collect();
    Ok((CheckoutContext { store, tax_rates, sellables, addresses, now, pickup_places, overdue }, ids))
}
