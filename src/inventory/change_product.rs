//! Changes the names, prices, statuses or sizes of products.
//!
//! Checkout reads these values after it has locked the stock rows. So a change locks the same rows first: it happens
//! entirely before or entirely after any checkout of the product.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::create_product::{CodesBefore, add_variants, write_derived};
use super::locked_product::LockedProduct;
use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::catalogue::changes::{ChangedVariants, ProductChanges, SizeChange, changed_fields};
use crate::catalogue::codes::{CodeKind, ProductCode, only_variant, product_codes, second_barcode};
use crate::catalogue::product::{NewVariant, Product, ProductStatus, Variant};
use crate::catalogue::queries::{codes, products, variant_counts, variants};
use crate::catalogue::size;
use crate::db;
use crate::error::{Abort, ApiError, FieldError};
use crate::events::{self, EventType, RecordedEvent};
use crate::kernel::id::{ProductId, ProductRef, VariantId};
use crate::kernel::money::Money;
use crate::stores::queries as stores;

/// Changes a product. A change without effect writes nothing.
pub fn change_product(
    conn: &mut PgConnection,
    scope: &Scope,
    name: &ProductRef,
    changes: &ProductChanges,
) -> Result<ProductId, Abort> {
    let locked = LockedProduct::lock(conn, scope.store, name)?;
    let product = locked.product.id;
    let planned = PlannedChange::new(locked, changes).map_err(|field| ApiError::validation(vec![field]))?;
    if let Some(planned) = planned {
        let at = db::clock(conn)?;
        codes::refuse_taken(conn, scope.store, &planned.new_codes(), Some(product))?;
        let added = write_changes(conn, scope, &[planned], at)?;
        if added > 0 {
            variant_counts::add(conn, scope.store, added)?;
        }
    }
    Ok(product)
}

/// The effect of a change on a product and its sizes.
#[derive(Clone, Debug)]
pub struct PlannedChange {
    before: LockedProduct,
    after: Product,
    sizes: ChangedVariants,
    fields: Vec<&'static str>,
    codes_before: Vec<ProductCode>,
}

impl PlannedChange {
    /// None if the change has no effect.
    pub fn new(before: LockedProduct, changes: &ProductChanges) -> Result<Option<Self>, FieldError> {
        let changes = with_next_barcodes(changes, &before.variants, &before.registered);
        let after = changes.apply(&before.product)?;
        let sizes = changes.apply_to_variants(&after, &before.variants)?;
        let mut fields = changed_fields(&before.product, &after);
        if after.has_sizes && sizes != ChangedVariants::default() {
            fields.push("sizes");
        }
        if fields.is_empty() {
            return Ok(None);
        }
        let codes_before = product_codes(&before.product, &before.variants, &before.registered);
        Ok(Some(Self { before, after, sizes, fields, codes_before }))
    }

    /// The codes that the change takes.
    #[must_use]
    pub fn new_codes(&self) -> Vec<(CodeKind, &str)> {
        let had = &self.codes_before;
        let is_new = |(kind, code): &(CodeKind, &str)| !had.iter().any(|had| had.kind == *kind && had.code == *code);
        self.after.codes().chain(self.sizes.codes()).filter(is_new).collect()
    }

    /// The codes that the change would give to the product and to a size, or to two sizes. Codes that were given twice
    /// before are left out.
    #[must_use]
    pub fn codes_given_twice(&self) -> Vec<(CodeKind, &str)> {
        let codes = self.codes_after();
        let is_twice = |(kind, code, _): &(CodeKind, &str, bool)| {
            let same = codes.iter().filter(|(other, text, _)| other == kind && kind.key(text) == kind.key(code));
            let (mut count, mut is_added) = (0_usize, false);
            for (_, _, added) in same {
                count = count.saturating_add(1);
                is_added |= *added;
            }
            count > 1 && is_added
        };
        codes.iter().filter(|code| is_twice(code)).map(|(kind, code, _)| (*kind, *code)).collect()
    }

    /// The codes of the product and its sizes after the change, each with true if its owner did not have it before. The
    /// only variant of a product without sizes shares its codes.
    fn codes_after(&self) -> Vec<(CodeKind, &str, bool)> {
        let is_added = |kind: CodeKind, code: &str, owner: Option<VariantId>| {
            !self.codes_before.iter().any(|had| (had.kind, had.code.as_str(), had.variant) == (kind, code, owner))
        };
        let only = only_variant(&self.before.variants);
        let mut codes: Vec<_> =
            self.after.codes().map(|(kind, code)| (kind, code, is_added(kind, code, only))).collect();
        if self.after.has_sizes {
            let changed = &self.sizes.changed;
            let is_changed = |variant: &Variant| changed.iter().any(|changed| changed.id == variant.id);
            let unchanged = self.before.variants.iter().filter(|variant| !is_changed(variant));
            for variant in unchanged.chain(changed) {
                codes.extend(variant.codes().map(|(kind, code)| (kind, code, is_added(kind, code, Some(variant.id)))));
            }
            codes.extend(self.sizes.new.iter().flat_map(NewVariant::codes).map(|(kind, code)| (kind, code, true)));
        }
        codes
    }

    #[must_use]
    pub fn sku(&self) -> &str {
        &self.after.sku
    }
}

/// Writes changes of different products, whose new codes are free. Returns the number of new variants, which the caller
/// adds to the number of the store at the end of the transaction.
pub fn write_changes(
    conn: &mut PgConnection,
    scope: &Scope,
    changes: &[PlannedChange],
    at: DateTime<Utc>,
) -> Result<usize, Abort> {
    let has_other_cost = |change: &&PlannedChange| change.before.product.cost_price != change.after.cost_price;
    let past: Vec<&Product> = changes.iter().filter(has_other_cost).map(|change| &change.before.product).collect();
    products::append_past_costs(conn, scope.store, &past, at)?;
    products::update_products(conn, scope.store, &changes.iter().map(|change| &change.after).collect::<Vec<_>>(), at)?;
    let swapped = changes.iter().flat_map(|change| change.sizes.swapped(&change.before.variants));
    variants::free_skus(conn, scope.store, &swapped.collect::<Vec<_>>())?;
    let added = write_sizes(conn, scope, changes, at)?;
    let derived = changes.iter().map(|change| CodesBefore {
        product: change.after.id,
        codes: &change.codes_before,
        registered: &change.before.registered,
    });
    write_derived(conn, scope.store, &derived.collect::<Vec<_>>())?;
    audit::append_all(conn, scope, &changes.iter().map(PlannedChange::audit_entry).collect::<Vec<_>>(), at)?;
    record_events(conn, scope, changes, at)?;
    Ok(added)
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

/// Writes changed sizes and adds new ones. Returns the number of new ones.
fn write_sizes(
    conn: &mut PgConnection,
    scope: &Scope,
    changes: &[PlannedChange],
    at: DateTime<Utc>,
) -> Result<usize, Abort> {
    let changed: Vec<Variant> = changes.iter().flat_map(|change| change.sizes.changed.iter().cloned()).collect();
    variants::update_variants(conn, scope.store, &changed, at)?;
    let of_product = |change: &PlannedChange| change.after.id;
    let new = changes.iter().flat_map(|change| change.sizes.new.iter().map(move |new| (of_product(change), new)));
    let new: Vec<_> = new.collect();
    if !new.is_empty() {
        add_variants(conn, scope, &new, at)?;
    }
    Ok(new.len())
}

/// A variant with its old and its new price.
type ChangedPrice = (Variant, Money, Money);

impl PlannedChange {
    /// The variants whose prices change for buyers. Sizes without a price of their own have that of the product.
    fn changed_prices(&self) -> Vec<ChangedPrice> {
        let Self { before, after, sizes, .. } = self;
        let after_change = |variant: &Variant| sizes.changed.iter().find(|changed| changed.id == variant.id).cloned();
        let changed = before.variants.iter().filter_map(|variant| {
            let changed = after_change(variant).unwrap_or_else(|| variant.clone());
            let (old, new) = (variant.price.unwrap_or(before.product.price), changed.price.unwrap_or(after.price));
            (old != new).then_some((changed, old, new))
        });
        changed.collect()
    }

    /// The events of the change. A change of prices alone has only their event.
    fn events(&self, prices: Option<Value>, event: impl Fn(EventType) -> RecordedEvent) -> Vec<RecordedEvent> {
        let product = &self.after;
        let (sku, name, has_prices) = (&product.sku, &product.name, prices.is_some());
        let price_event = prices.map(|prices| {
            let data = events::merged(json!({"sku": sku, "name": name}), prices);
            event(EventType::PriceChanged).with_data(data)
        });
        let event_type = match (self.fields.as_slice(), product.is_active()) {
            (["status"], false) => EventType::ProductArchived,
            (["price"], _) if has_prices => return price_event.into_iter().collect(),
            _ => EventType::ProductUpdated,
        };
        let data = json!({"sku": sku, "name": name, "status": product.status, "changed": self.fields});
        price_event.into_iter().chain([event(event_type).with_data(data)]).collect()
    }

    fn audit_entry(&self) -> NewAuditEntry {
        let product = &self.after;
        let (action, detail) = match (self.fields.as_slice(), product.is_active()) {
            (["status"], false) => (Action::Archive, format!("Product {} archived", product.sku)),
            (fields, _) => (Action::Update, format!("Product {} changed: {}", product.sku, fields.join(", "))),
        };
        NewAuditEntry { entity: Entity::Product, entity_id: product.id.0, action, detail }
    }
}

fn record_events(
    conn: &mut PgConnection,
    scope: &Scope,
    changes: &[PlannedChange],
    at: DateTime<Utc>,
) -> Result<(), Abort> {
    let prices: Vec<Vec<ChangedPrice>> = changes.iter().map(PlannedChange::changed_prices).collect();
    let currency = match prices.iter().all(Vec::is_empty) {
        true => None,
        false => Some(stores::get_store(conn, scope.store)?.currency),
    };
    for (change, prices) in changes.iter().zip(prices) {
        let currency = currency.as_ref().filter(|_| !prices.is_empty());
        let prices = currency.map(|currency| json!({"currency": currency.code(), "prices": prices_json(prices)}));
        let event = |event_type| RecordedEvent::new(event_type, change.after.id.0, &scope.actor(), at);
        for event in change.events(prices, event) {
            events::record(scope.store, &event)?;
        }
    }
    Ok(())
}

/// Prices in minor units of the currency.
fn prices_json(prices: Vec<ChangedPrice>) -> Vec<Value> {
    let price = |(variant, old, new): ChangedPrice| {
        json!({"variant_id": variant.id, "sku": variant.sku, "size": variant.size,
               "old_price": old.0, "new_price": new.0})
    };
    prices.into_iter().map(price).collect()
}
