//! Creates products, their variants, and their initial stock.

use std::collections::{BTreeSet, HashMap};

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
use crate::kernel::id::{ProductId, StoreId, VariantId};
use crate::stores::queries::scarcity_changes;

const INITIAL_STOCK: &str = "Initial stock";

/// Creates the product. Refuses a SKU or a barcode that is in use.
pub fn create_product(conn: &mut PgConnection, scope: &Scope, new: &NewProduct) -> Result<ProductId, Abort> {
    codes::refuse_taken(conn, scope.store, &new.codes().collect::<Vec<_>>(), None)?;
    let at = db::clock(conn)?;
    let created = create_products(conn, scope, &[new], at)?;
    variant_counts::add(conn, scope.store, new.variants.len())?;
    Ok(created.first().copied().ok_or_else(|| Failure::Internal("a product got no id".to_owned()))?)
}

/// Creates products whose codes are free. Returns their ids, in their order. The caller adds their variants to the number
/// of the store at the end of the transaction.
pub fn create_products(
    conn: &mut PgConnection,
    scope: &Scope,
    new: &[&NewProduct],
    at: DateTime<Utc>,
) -> Result<Vec<ProductId>, Abort> {
    let ids = products::insert_products(conn, scope.store, new, at)?;
    let created: Vec<(ProductId, &NewProduct)> = ids.iter().copied().zip(new.iter().copied()).collect();
    let variants = created.iter().flat_map(|(id, new)| new.variants.iter().map(|variant| (*id, variant)));
    let variants: Vec<_> = variants.collect();
    add_variants(conn, scope, &variants, at)?;
    let derived: Vec<_> =
        ids.iter().map(|product| CodesBefore { product: *product, codes: &[], registered: &[] }).collect();
    write_derived(conn, scope.store, &derived)?;
    audit::append_all(conn, scope, &created.iter().map(creation_entry).collect::<Vec<_>>(), at)?;
    for (id, new) in &created {
        let event = RecordedEvent::new(EventType::ProductCreated, id.0, &scope.actor(), at);
        events::record(scope.store, &event.with_data(json!({"sku": new.sku, "name": new.name})))?;
    }
    Ok(ids)
}

fn creation_entry((id, new): &(ProductId, &NewProduct)) -> NewAuditEntry {
    NewAuditEntry {
        entity: Entity::Product,
        entity_id: id.0,
        action: Action::Create,
        detail: format!("Product {} created", new.sku),
    }
}

/// The codes of a product before a change, and all its registered codes.
pub(super) struct CodesBefore<'a> {
    pub product: ProductId,
    pub codes: &'a [ProductCode],
    pub registered: &'a [ProductCode],
}

/// Writes the data derived from products and their variants: their listing keys, and their codes instead of the old
/// ones. Notes that their variants changed.
pub(super) fn write_derived(conn: &mut PgConnection, store: StoreId, changed: &[CodesBefore<'_>]) -> Result<(), Abort> {
    let ids: BTreeSet<ProductId> = changed.iter().map(|change| change.product).collect();
    let mut written: HashMap<ProductId, (Product, Vec<Variant>)> =
        products::list(conn, store, &ids)?.into_iter().map(|product| (product.id, (product, Vec::new()))).collect();
    let mut variant_ids = Vec::new();
    for (product, variant) in variants::list_of_products(conn, store, &ids.into_iter().collect::<Vec<_>>())? {
        variant_ids.push(variant.id);
        if let Some((_, variants)) = written.get_mut(&product) {
            variants.push(variant);
        }
    }
    scarcity_changes::note_variants(conn, store, &variant_ids)?;
    let (mut keys, mut code_changes) = (Vec::new(), Vec::new());
    for CodesBefore { product: id, codes, registered } in changed {
        let Some((product, variants)) = written.get(id) else { continue };
        let codes_after = product_codes(product, variants, registered);
        keys.push((*id, listing_keys(product, variants, &codes_after)));
        code_changes.push((*id, CodeChange::between(codes, &codes_after)?));
    }
    // The search texts have nearly the size of the products, so both are not kept longer than necessary.
    drop(written);
    products::write_listing_keys(conn, store, &keys)?;
    drop(keys);
    codes::apply(conn, store, &code_changes)
}

pub(super) fn listing_keys(product: &Product, variants: &[Variant], codes: &[ProductCode]) -> ListingKeys {
    let further: Vec<&str> = codes.iter().filter(|code| code.position > 0).map(|code| code.code.as_str()).collect();
    ListingKeys::new(product, variants, &further)
}

/// Adds variants to products. Each gets a stock row at the store's main location with its initial stock.
pub(super) fn add_variants(
    conn: &mut PgConnection,
    scope: &Scope,
    new: &[(ProductId, &NewVariant)],
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let location = match new.iter().any(|(_, variant)| variant.initial_stock > 0) {
        true => locations::lock_open_location(conn, scope.store, None)?,
        false => locations::get_location(conn, scope.store, None)?,
    };
    let ids = variants::insert_variants(conn, scope.store, new, at)?;
    let keys = ids.iter().map(|id| (*id, location)).collect();
    levels::insert_missing(conn, scope.store, &keys, at)?;
    let stocked = ids.into_iter().zip(new).map(|(id, (_, variant))| (id, variant.initial_stock));
    let initial: HashMap<VariantId, i64> = stocked.filter(|(_, stock)| *stock > 0).collect();
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
