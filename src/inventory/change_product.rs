//! Changes a product's name, price, status or sizes.
//!
//! Checkout reads these values after it has locked the stock rows. So a change locks the same rows first: it happens
//! entirely before or entirely after any checkout of the product.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::create_product::{add_variants, write_derived};
use super::queries::levels;
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::catalogue::changes::{ChangedVariants, ProductChanges, SizeChange, changed_fields};
use crate::catalogue::codes::{CodeKind, ProductCode, only_variant, product_codes, second_barcode};
use crate::catalogue::product::{Product, ProductStatus, Variant};
use crate::catalogue::queries::{codes, products, variant_counts, variants};
use crate::catalogue::size;
use crate::db;
use crate::error::{Abort, ApiError};
use crate::events::{self, EventType, RecordedEvent};
use crate::kernel::id::{ProductId, ProductRef, StoreId, VariantId};
use crate::kernel::money::Money;
use crate::stores::queries as stores;

/// Changes a product. A change without effect writes nothing.
pub fn change_product(
    conn: &mut PgConnection,
    scope: &Scope,
    name: &ProductRef,
    changes: &ProductChanges,
) -> Result<ProductId, Abort> {
    let product = products::get_product(conn, scope.store, name)?.id;
    let variants = lock_variants(conn, scope.store, product)?;
    let at = db::clock(conn)?;
    let before = products::get_product(conn, scope.store, &ProductRef::Id(product))?;
    let registered = codes::list(conn, scope.store, product)?;
    let changes = with_next_barcodes(changes, &variants, &registered);
    let refuse = |field| ApiError::validation(vec![field]);
    let after = changes.apply(&before).map_err(refuse)?;
    let sizes = changes.apply_to_variants(&after, &variants).map_err(refuse)?;
    let mut fields = changed_fields(&before, &after);
    if after.has_sizes && sizes != ChangedVariants::default() {
        fields.push("sizes");
    }
    if fields.is_empty() {
        return Ok(product);
    }
    let had = product_codes(&before, &variants, &registered);
    let is_new = |(kind, code): &(CodeKind, &str)| !had.iter().any(|had| had.kind == *kind && had.code == *code);
    let new_codes: Vec<_> = after.codes().chain(sizes.codes()).filter(is_new).collect();
    codes::refuse_taken(conn, scope.store, &new_codes, Some(product))?;
    if before.cost_price != after.cost_price {
        products::append_past_cost(conn, scope.store, &before, at)?;
    }
    products::update_product(conn, scope.store, &after, at)?;
    variants::free_skus(conn, scope.store, &sizes.swapped(&variants))?;
    write_sizes(conn, scope, product, &sizes, at)?;
    write_derived(conn, scope.store, product, &had, &registered)?;
    append_audit(conn, scope, &after, &fields, at)?;
    let prices = changed_prices(conn, scope, (&before, &after), (&variants, &sizes))?;
    record_events(scope, &after, (&fields, prices), at)?;
    if !sizes.new.is_empty() {
        variant_counts::add(conn, scope.store, sizes.new.len())?;
    }
    Ok(product)
}

/// Where a change removes a first barcode, the next one takes its place.
fn with_next_barcodes(changes: &ProductChanges, variants: &[Variant], registered: &[ProductCode]) -> ProductChanges {
    let next = |barcode: Option<Option<String>>, variant: Option<VariantId>| match barcode {
        Some(None) => Some(second_barcode(registered, variant).map(|next| next.code.clone())),
        kept => kept,
    };
    let mut changes = changes.clone();
    changes.barcode = next(changes.barcode, only_variant(variants));
    for change in &mut changes.sizes {
        let is_meant = |variant: &&Variant| size::is_same(variant.size.as_deref(), Some(&change.size));
        if let Some(variant) = variants.iter().find(is_meant) {
            change.barcode = next(change.barcode.take(), Some(variant.id));
        }
    }
    changes
}

/// Archives a product, or the one size with that SKU.
pub fn archive_product(conn: &mut PgConnection, scope: &Scope, name: &ProductRef) -> Result<ProductId, Abort> {
    let product = products::get_product(conn, scope.store, name)?;
    let status = Some(ProductStatus::Archived);
    let changes = if product.is_named(name) {
        ProductChanges { status, ..ProductChanges::default() }
    } else {
        let variants = variants::list_variants(conn, scope.store, product.id)?;
        let size = variants.into_iter().find(|variant| variant.is_named(name)).and_then(|variant| variant.size);
        let sizes = size.map(|size| SizeChange { size, status, ..SizeChange::default() }).into_iter().collect();
        ProductChanges { sizes, ..ProductChanges::default() }
    };
    change_product(conn, scope, &ProductRef::Id(product.id), &changes)
}

/// Locks the stock rows of every variant. Sizes that were added during the wait are locked too. After that no size
/// can be added, because adding one needs these locks.
pub(super) fn lock_variants(
    conn: &mut PgConnection,
    store: StoreId,
    product: ProductId,
) -> Result<Vec<Variant>, Abort> {
    let known: Vec<VariantId> = ids(&variants::list_variants(conn, store, product)?);
    levels::lock_for_update(conn, store, &known)?;
    let variants = variants::list_variants(conn, store, product)?;
    let added: Vec<VariantId> = ids(&variants).into_iter().filter(|id| !known.contains(id)).collect();
    if !added.is_empty() {
        levels::lock_for_update(conn, store, &added)?;
    }
    Ok(variants)
}

fn ids(variants: &[Variant]) -> Vec<VariantId> {
    variants.iter().map(|variant| variant.id).collect()
}

fn write_sizes(
    conn: &mut PgConnection,
    scope: &Scope,
    product: ProductId,
    sizes: &ChangedVariants,
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let ChangedVariants { changed, new } = sizes;
    if !changed.is_empty() {
        variants::update_variants(conn, scope.store, changed, at)?;
    }
    if !new.is_empty() {
        add_variants(conn, scope, product, new, at)?;
    }
    Ok(())
}

/// The prices that buyers see, before and after a change, in minor units of the currency. Sizes without a price of their
/// own have that of the product. None if no price has changed.
fn changed_prices(
    conn: &mut PgConnection,
    scope: &Scope,
    (before, after): (&Product, &Product),
    (variants, sizes): (&[Variant], &ChangedVariants),
) -> Result<Option<Value>, Abort> {
    let after_change = |variant: &Variant| sizes.changed.iter().find(|changed| changed.id == variant.id).cloned();
    let changed = variants.iter().filter_map(|variant| {
        let changed = after_change(variant).unwrap_or_else(|| variant.clone());
        let (old, new) = (variant.price.unwrap_or(before.price), changed.price.unwrap_or(after.price));
        (old != new).then_some((changed, old, new))
    });
    let changed: Vec<_> = changed.collect();
    if changed.is_empty() {
        return Ok(None);
    }
    let currency = stores::get_store(conn, scope.store)?.currency;
    let price = |(variant, old, new): (Variant, Money, Money)| {
        json!({"variant_id": variant.id, "sku": variant.sku, "size": variant.size,
               "old_price": old.0, "new_price": new.0})
    };
    let prices: Vec<Value> = changed.into_iter().map(price).collect();
    Ok(Some(json!({"currency": currency.code(), "prices": prices})))
}

/// A change of prices alone has only their event.
fn record_events(
    scope: &Scope,
    product: &Product,
    (fields, prices): (&[&str], Option<Value>),
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let event = |event_type| RecordedEvent::new(event_type, product.id.0, &scope.actor(), at);
    let (sku, name, has_prices) = (&product.sku, &product.name, prices.is_some());
    if let Some(prices) = prices {
        let data = events::merged(json!({"sku": sku, "name": name}), prices);
        events::record(scope.store, &event(EventType::PriceChanged).with_data(data))?;
    }
    let event_type = match (fields, product.is_active()) {
        (["status"], false) => EventType::ProductArchived,
        (["price"], _) if has_prices => return Ok(()),
        _ => EventType::ProductUpdated,
    };
    let data = json!({"sku": sku, "name": name, "status": product.status, "changed": fields});
    Ok(events::record(scope.store, &event(event_type).with_data(data))?)
}

fn append_audit(
    conn: &mut PgConnection,
    scope: &Scope,
    product: &Product,
    fields: &[&str],
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let (action, detail) = match (fields, product.is_active()) {
        (["status"], false) => (Action::Archive, format!("Product {} archived", product.sku)),
        _ => (Action::Update, format!("Product {} changed: {}", product.sku, fields.join(", "))),
    };
    audit::append(
        conn,
        scope,
        &NewAuditEntry { entity: Entity::Product, entity_id: product.id.0, action, detail },
        at,
    )?;
    Ok(())
}
