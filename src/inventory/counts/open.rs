//! Opens a count with its lines. No unit moves.

use diesel::PgConnection;

use super::document::record;
use super::queries::documents::{self, Count};
use super::queries::{lines, places, selection as selections};
use super::selection::{Condition, CountSelection, Uncounted};
use super::status::CountStatus;
use crate::audit::document::DocumentChange;
use crate::audit::words::Action;
use crate::auth::Scope;
use crate::catalogue::queries::products;
use crate::db;
use crate::error::{Abort, ApiError};
use crate::kernel::document_number::{document_number, random_code};
use crate::kernel::id::{CountId, LocationId, ProductId, ProductRef, StoreId};

/// The maximal number of lines of a count.
pub const MAX_COUNT_LINES: i64 = 50_000;

/// A count to open.
#[derive(Clone, Debug)]
pub struct NewCount {
    pub location: LocationId,
    pub condition: Option<Condition>,
    /// Without the products, which have names here.
    pub selection: CountSelection,
    pub products: Option<Vec<ProductRef>>,
    pub blind: bool,
    pub uncounted: Uncounted,
}

/// Opens a count. It has a line for each variant of its scope, in the order of their SKUs.
pub fn open(conn: &mut PgConnection, scope: &Scope, new: &NewCount) -> Result<CountId, Abort> {
    let store = scope.store;
    let products = new.products.as_deref().map(|names| find_products(conn, store, names)).transpose()?;
    let selection = CountSelection { products, ..new.selection.clone() };
    let location = places::lock_counted(conn, store, new.location, new.condition)?;
    let variants = selections::list_variants(conn, store, location, &selection, MAX_COUNT_LINES.saturating_add(1))?;
    let line_count = db::count(variants.len());
    if !(1..=MAX_COUNT_LINES).contains(&line_count) {
        let found = if line_count == 0 { "has nothing to count at the location" } else { "has too many variants" };
        return Err(ApiError::field("scope", format!("{found}; a count has 1 to {MAX_COUNT_LINES} lines")).into());
    }
    let now = db::clock(conn)?;
    let mut count = Count {
        id: CountId(0),
        count_number: document_number("CNT", now, &random_code()),
        location_id: location,
        status: CountStatus::Open,
        scope: selection,
        blind: new.blind,
        uncounted: new.uncounted,
        line_count,
        version: 1,
        actor: scope.actor(),
        created_at: now,
        updated_at: now,
    };
    count.id = documents::insert(conn, store, &count)?;
    lines::insert(conn, store, (count.id, 0), &variants, now)?;
    let change = DocumentChange { action: Action::Create, done: "opened", reason: None, event: None };
    record(conn, scope, &count, (None, &change))?;
    Ok(count.id)
}

fn find_products(conn: &mut PgConnection, store: StoreId, names: &[ProductRef]) -> Result<Vec<ProductId>, Abort> {
    let found = selections::find_products(conn, store, names)?;
    let mut ids: Vec<ProductId> = Vec::with_capacity(names.len());
    for (name, id) in names.iter().zip(found) {
        let id = id.ok_or_else(|| products::not_found(name))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}
