//! Sets the safety stock: the units of a variant at a place that buyers never get.

use std::collections::BTreeSet;

use diesel::PgConnection;

use super::locked_stock::LockedStock;
use super::queries::{levels, locations, stock_by_variant};
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::db;
use crate::error::Abort;
use crate::kernel::id::{LocationId, ProductId, ProductRef, VariantId};
use crate::stores::queries::scarcity_changes;

/// The safety stock of one variant at one place.
#[derive(Clone, Debug)]
pub struct SafetyStock {
    pub location: LocationId,
    pub size: Option<String>,
    pub quantity: i64,
}

/// Sets the safety stock. It is a setting, so it has an audit entry and no movement.
pub fn set_safety(
    conn: &mut PgConnection,
    scope: &Scope,
    name: &ProductRef,
    safety: &SafetyStock,
) -> Result<(ProductId, VariantId), Abort> {
    let product = stock_by_variant::get_stocked(conn, scope.store, name)?;
    let variant = product.variant(name, safety.size.as_deref())?;
    let location = locations::lock_open_location(conn, scope.store, Some(safety.location))?;
    let key = (variant.id, location);
    let stock = LockedStock::lock_keys(conn, scope.store, &BTreeSet::from([key]))?;
    let before = stock.row(key).map_or(0, |level| level.safety);
    let product = product.product.id;
    if before == safety.quantity {
        return Ok((product, variant.id));
    }
    let at = db::clock(conn)?;
    levels::set_safety(conn, scope.store, key, safety.quantity, at)?;
    scarcity_changes::note_variants(conn, scope.store, &[variant.id])?;
    let detail = format!("Safety stock of {} at location {location}: {before} to {}", variant.sku, safety.quantity);
    let entry = NewAuditEntry { entity: Entity::Inventory, entity_id: product.0, action: Action::Update, detail };
    audit::append(conn, scope, &entry, at)?;
    Ok((product, variant.id))
}
