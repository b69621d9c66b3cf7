//! The stock of the places: counted, damaged, inspected and sold out. Prices and delivery change.

use std::collections::HashMap;

use diesel::PgConnection;

use super::Shop;
use super::goods::{PROFILES, RAISED, Source};
use crate::audit::document::Target;
use crate::auth::Scope;
use crate::catalogue::changes::ProductChanges;
use crate::demo::goods;
use crate::error::Abort;
use crate::inventory::change_product::change_product;
use crate::inventory::change_stock::{MovementType, StockChange, change_stock};
use crate::inventory::counts::enter::{self, EnteredUnits, EntryName};
use crate::inventory::counts::lifecycle;
use crate::inventory::counts::open::{self, NewCount};
use crate::inventory::counts::post::{self, PostRequest};
use crate::inventory::counts::selection::{CountSelection, Uncounted};
use crate::inventory::move_stock::{MoveSource, MoveTarget, StockMove, move_stock};
use crate::inventory::queries::summary::{self, LevelQuantities};
use crate::kernel::document_ref::DocumentRef;
use crate::kernel::id::{CountId, LocationId, ProductRef};
use crate::kernel::money::AmountInput;
use crate::kernel::page::{PageQuery, Sort};
use crate::stores::change_store::change_store;
use crate::stores::settings::StoreChange;

/// The stock rows of all places, by SKU and place.
pub(super) struct Shelves(HashMap<(String, LocationId), LevelQuantities>);

pub(super) fn read_shelves(conn: &mut PgConnection, scope: &Scope) -> Result<Shelves, Abort> {
    let sort = Sort { column: "variant_id", descending: false };
    let rows = summary::list_levels(conn, scope.store, sort, &PageQuery { page: 1, limit: 1_000 })?.items;
    Ok(Shelves(rows.into_iter().map(|row| ((row.sku, row.location_id), row.quantities)).collect()))
}

impl Shelves {
    fn units(&self, sku: &str, place: LocationId, units: impl Fn(&LevelQuantities) -> i64) -> i64 {
        self.0.get(&(sku.to_owned(), place)).map_or(0, units)
    }

    pub fn available(&self, sku: &str, place: LocationId) -> i64 {
        self.units(sku, place, |level| level.available_quantity)
    }

    pub fn incoming(&self, sku: &str, place: LocationId) -> i64 {
        self.units(sku, place, LevelQuantities::incoming)
    }
}

/// The shelves of the shop, which are counted in turn.
const COUNTED: [&str; 5] = ["Vegetables", "Staples", "Dairy", "Oils and Spices", "Drinks"];

impl Shop {
    /// Counts the shelves of a category, and posts the differences.
    pub fn count(&mut self, conn: &mut PgConnection, number: i64) -> Result<(), Abort> {
        let shelf = number.checked_rem(5).and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
        let target = self.begin_count(conn, COUNTED.get(shelf).copied().unwrap_or_default())?;
        lifecycle::submit(conn, &self.scope, &target)?;
        post::post_rest(conn, &self.scope, &PostRequest { target, lines: None }, 0).map(drop)
    }

    /// A count that somebody has begun.
    pub fn open_count(&mut self, conn: &mut PgConnection) -> Result<(), Abort> {
        self.begin_count(conn, "Drinks").map(drop)
    }

    /// Opens a count and enters the units on the shelf. Sometimes a unit is missing.
    fn begin_count(&mut self, conn: &mut PgConnection, category: &str) -> Result<Target<CountId>, Abort> {
        let shelves = read_shelves(conn, &self.scope)?;
        let place = self.places.main;
        let of_category = self.goods.iter().filter(|new| new.category.as_deref() == Some(category));
        let skus: Vec<String> = of_category.map(|new| new.sku.clone()).collect();
        let new = NewCount {
            location: place,
            condition: None,
            selection: CountSelection::default(),
            products: Some(skus.iter().cloned().map(ProductRef::Sku).collect()),
            blind: true,
            uncounted: Uncounted::Leave,
        };
        let target = Target { name: DocumentRef::Id(open::open(conn, &self.scope, &new)?), expected_version: None };
        let mut entries = Vec::with_capacity(skus.len());
        for sku in skus {
            let is_missing = shelves.available(&sku, place) > 3 && self.chance.percent(22);
            let quantity = shelves.units(&sku, place, LevelQuantities::on_hand) - i64::from(is_missing);
            let name = EntryName::Product(ProductRef::Sku(sku));
            entries.push(EnteredUnits { name, size: None, quantity, counted_at: None, is_added: false });
        }
        enter::enter(conn, &self.scope, &target, &entries)?;
        Ok(target)
    }

    /// Vegetables that nobody can buy any more.
    pub fn spoil(&mut self, conn: &mut PgConnection) -> Result<(), Abort> {
        let shelves = read_shelves(conn, &self.scope)?;
        let vegetables: Vec<&str> = (PROFILES.iter().filter(|profile| profile.source == Source::Farms))
            .map(|profile| profile.sku)
            .filter(|sku| shelves.available(sku, self.places.main) >= 8)
            .collect();
        let Some(sku) = self.chance.pick(&vegetables).copied() else { return Ok(()) };
        let quantity = self.chance.between(1, 3);
        self.remove(conn, sku, quantity, "Spoiled")
    }

    /// The vegetables that are low or out in every demo store.
    pub fn sell_out(&mut self, conn: &mut PgConnection) -> Result<(), Abort> {
        let shelves = read_shelves(conn, &self.scope)?;
        for (sku, left) in [("prod_005", 2), ("prod_006", 0)] {
            let quantity = shelves.available(sku, self.places.main) - left;
            if quantity > 0 {
                self.remove(conn, sku, quantity, "Spoiled in the heat")?;
            }
        }
        Ok(())
    }

    fn remove(&self, conn: &mut PgConnection, sku: &str, quantity: i64, reason: &str) -> Result<(), Abort> {
        let removed = StockChange {
            movement_type: MovementType::Out,
            quantity,
            on_hand: None,
            expected_stock: None,
            size: None,
            location: Some(self.places.main),
            reason: reason.to_owned(),
            reference_id: None,
        };
        change_stock(conn, &self.scope, &ProductRef::Sku(sku.to_owned()), &removed).map(drop)
    }

    /// Half of the inspected units are for sale again.
    pub fn inspect(&mut self, conn: &mut PgConnection, sku: &str, units: &StockMove) -> Result<(), Abort> {
        let is_good = self.chance.percent(50);
        let (to, reason) = if is_good {
            (MoveTarget::Sellable, "Inspected: as new")
        } else {
            (MoveTarget::Scrap, "Inspected: damaged")
        };
        let units = StockMove { to, reason: reason.to_owned(), ..units.clone() };
        move_stock(conn, &self.scope, &ProductRef::Sku(sku.to_owned()), &units).map(drop)
    }

    /// Raises a price to that of every demo store.
    pub fn raise_price(&mut self, conn: &mut PgConnection) -> Result<(), Abort> {
        let price = goods::all().into_iter().find(|new| new.sku == RAISED.0).map(|new| new.price);
        let changes = ProductChanges { price, ..ProductChanges::default() };
        change_product(conn, &self.scope, &ProductRef::Sku(RAISED.0.to_owned()), &changes).map(drop)
    }

    pub fn make_delivery_free(&mut self, conn: &mut PgConnection) -> Result<(), Abort> {
        let change = StoreChange { shipping_flat_rate: Some(AmountInput::from_units(0, 0)), ..StoreChange::default() };
        change_store(conn, &self.scope, &change).map(drop)
    }
}

/// Units in quarantine that are to be inspected.
pub(super) fn quarantined(size: Option<String>, quantity: i64, location: LocationId) -> StockMove {
    StockMove {
        quantity,
        size,
        location,
        from: MoveSource::Quarantine,
        to: MoveTarget::Sellable,
        reason: String::new(),
    }
}
