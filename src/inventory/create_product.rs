//! Creates a product, its variants, and their initial stock.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::json;

use super::queries::levels::{self, NewMovement};
use super::queries::locations;
use super::stock_level::{Movement, MovementKind, StockDelta};
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::catalogue::codes::{CodeChange, ProductCode, product_codes};
use crate::catalogue::listing_keys::ListingKeys;
use crate::catalogue::product::{NewProduct, NewVariant, Product, Variant};
use crate::catalogue::queries::{codes, products, variant_counts, variants};
use crate::db::{self, Failure};
use crate::error::Abort;
use crate::events::{self, EventType, RecordedEvent};
use crate::kernel::id::{ProductId, ProductRef, StoreId, VariantId};
use crate::stores::queries::scarcity_changes;

const INITIAL_STOCK: &str = "Initial stock";

/// Creates the product. Refuses a SKU or a barcode that is in use.
pub fn create_product(conn: &mut PgConnection, scope: &Scope, new: &NewProduct) -> Result<ProductId, Abort> {
    codes::refuse_taken(conn, scope.store, &new.codes().collect::<Vec<_>>(), None)?;
    let at = db::clock(conn)?;
    let product = products::insert_product(conn, scope.store, new, at)?;
    add_variants(conn, scope, product, &new.variants, at)?;
    write_derived(conn, scope.store, product, &[], &[])?;
    let entry = NewAuditEntry {
        entity: Entity::Product,
        entity_id: product.0,
        action: Action::Create,
        detail: format!("Product {} created", new.sku),
    };
    audit::append(conn, scope, &entry, at)?;
    let event = RecordedEvent::new(EventType::ProductCreated, product.0, &scope.actor(), at);
    events::record(scope.store, &event.with_data(json!({"sku": new.sku, "name": new.name})))?;
    variant_counts::add(conn, scope.store, new.variants.len())?;
    Ok(product)
}

/// Writes the data derived from a product and its variants: its listing keys, and its codes instead of the old ones. Notes
/// that its variants changed.
/// `registered` are the codes before the change.
pub(super) fn write_derived(
    conn: &mut PgConnection,
    store: StoreId,
    product: ProductId,
    codes_before: &[ProductCode],
    registered: &[ProductCode],
) -> Result<(), Abort> {
    let written = products::get_product(conn, store, &ProductRef::Id(product))?;
    let variants = variants::list_variants(conn, store, product)?;
    scarcity_changes::note_product(conn, store, product)?;
    let codes_after = product_codes(&written, &variants, registered);
    write_listing_keys(conn, store, (&written, &variants), &codes_after)?;
    codes::apply(conn, store, product, &CodeChange::between(codes_before, &codes_after)?)
}

pub(super) fn write_listing_keys(
    conn: &mut PgConnection,
    store: StoreId,
    (product, variants): (&Product, &[Variant]),
    codes: &[ProductCode],
) -> Result<(), Abort> {
    let further: Vec<&str> = codes.iter().filter(|code| code.position > 0).map(|code| code.code.as_str()).collect();
    let keys = ListingKeys::new(product, variants, &further);
    products::write_listing_keys(conn, store, &[(product.id, keys)])?;
    Ok(())
}

/// Adds variants to a product. Each gets a stock row at the store's main location with its initial stock.
pub(super) fn add_variants(
    conn: &mut PgConnection,
    scope: &Scope,
    product: ProductId,
    new: &[NewVariant],
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let location = match new.iter().any(|variant| variant.initial_stock > 0) {
        true => locations::lock_open_location(conn, scope.store, None)?,
        false => locations::get_location(conn, scope.store, None)?,
    };
    let ids = variants::insert_variants(conn, scope.store, product, new, at)?;
    let keys = ids.iter().map(|id| (*id, location)).collect();
    levels::insert_missing(conn, scope.store, &keys, at)?;
    let initial: HashMap<VariantId, i64> =
        ids.into_iter().zip(new).map(|(id, variant)| (id, variant.initial_stock)).filter(|(_, n)| *n > 0).collect();
    if initial.is_empty() {
        return Ok(());
    }
    receive(conn, scope, &initial, at)
}

fn receive(
    conn: &mut PgConnection,
    scope: &Scope,
    units: &HashMap<VariantId, i64>,
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let ids: Vec<VariantId> = units.keys().copied().collect();
    let mut rows = levels::lock_for_update(conn, scope.store, &ids)?;
    let received: Result<Vec<Movement>, _> = rows
        .iter_mut()
        .map(|row| {
            let stock = units.get(&row.variant).copied().unwrap_or(0);
            row.apply(MovementKind::Receive, StockDelta::stock(stock))
        })
        .collect();
    let received = received.map_err(|misfit| Failure::Internal(format!("initial stock: {misfit}")))?;
    let actor = scope.actor();
    let movements: Vec<_> = received
        .iter()
        .map(|movement| NewMovement {
            movement,
            reason: Some(INITIAL_STOCK),
            reference_id: None,
            actor: &actor,
            effective_at: None,
        })
        .collect();
    levels::write(conn, scope.store, &rows.iter().collect::<Vec<_>>(), &movements, at)?;
    Ok(())
}
