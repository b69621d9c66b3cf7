//! Creates and changes suppliers and the items that they sell.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::queries::items::{self, ItemTerms, SupplierItem};
use super::queries::suppliers::{self, Supplier, SupplierSettings};
use crate::audit;
use crate::audit::queries::NewAuditEntry;
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::catalogue::lines::{RequestedVariant, find_variants};
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::{ProductRef, SupplierId, SupplierItemId};
use crate::kernel::money::Money;
use crate::stores::queries::scarcity_changes;

/// The changes to a supplier. Fields that are `None` stay unchanged.
#[derive(Clone, Debug, Default)]
pub struct SupplierChange {
    pub code: Option<String>,
    pub name: Option<String>,
    pub email: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub lead_time_days: Option<Option<i64>>,
    pub notes: Option<Option<String>>,
    pub active: Option<bool>,
}

/// The changes to an item. Fields that are `None` stay unchanged.
#[derive(Clone, Debug, Default)]
pub struct ItemChange {
    pub supplier_sku: Option<Option<String>>,
    pub unit_cost: Option<Money>,
    pub pack_quantity: Option<i64>,
    pub min_quantity: Option<i64>,
    pub lead_time_days: Option<Option<i64>>,
}

/// The 404 error for a supplier.
#[must_use]
pub fn not_found() -> ApiError {
    ApiError::not_found(Code::SupplierNotFound, "The supplier")
}

/// The supplier with this id, or 404.
pub fn get_supplier(conn: &mut PgConnection, scope: &Scope, id: SupplierId) -> Result<Supplier, Abort> {
    Ok(suppliers::find(conn, scope.store, id)?.ok_or_else(not_found)?)
}

pub fn create(conn: &mut PgConnection, scope: &Scope, settings: &SupplierSettings) -> Result<Supplier, Abort> {
    let at = db::clock(conn)?;
    let created = write(conn, scope, (std::slice::from_ref(settings), &[]), at)?.pop();
    Ok(created.ok_or_else(|| Failure::Internal("a supplier was not created".to_owned()))?)
}

/// Creates suppliers, and writes changed ones, whose rows have been locked. Returns the new ones.
pub fn write(
    conn: &mut PgConnection,
    scope: &Scope,
    (new, changed): (&[SupplierSettings], &[Supplier]),
    at: DateTime<Utc>,
) -> Result<Vec<Supplier>, Abort> {
    let created = suppliers::insert(conn, scope.store, new, at)?;
    suppliers::update(conn, scope.store, changed)?;
    let ids: Vec<SupplierId> = changed.iter().map(|supplier| supplier.id).collect();
    scarcity_changes::note_suppliers(conn, scope.store, &ids)?;
    let created_entries = created.iter().map(|supplier| audit_entry(supplier, (Action::Create, "created")));
    let changed_entries = changed.iter().map(|supplier| audit_entry(supplier, (Action::Update, "updated")));
    audit::queries::append_all(conn, scope, &created_entries.chain(changed_entries).collect::<Vec<_>>(), at)?;
    Ok(created)
}

impl SupplierChange {
    /// The changed data.
    #[must_use]
    pub fn apply(&self, before: &SupplierSettings) -> SupplierSettings {
        let Self { code, name, email, phone, lead_time_days, notes, active } = self.clone();
        SupplierSettings {
            code: code.unwrap_or_else(|| before.code.clone()),
            name: name.unwrap_or_else(|| before.name.clone()),
            email: email.unwrap_or_else(|| before.email.clone()),
            phone: phone.unwrap_or_else(|| before.phone.clone()),
            lead_time_days: lead_time_days.unwrap_or(before.lead_time_days),
            notes: notes.unwrap_or_else(|| before.notes.clone()),
            active: active.unwrap_or(before.active),
        }
    }
}

pub fn change(
    conn: &mut PgConnection,
    scope: &Scope,
    id: SupplierId,
    change: &SupplierChange,
) -> Result<Supplier, Abort> {
    let mut supplier = suppliers::find_for_update(conn, scope.store, id)?.ok_or_else(not_found)?;
    let before = supplier.settings.clone();
    supplier.settings = change.apply(&before);
    if supplier.settings != before {
        supplier.updated_at = db::clock(conn)?;
        write(conn, scope, (&[], std::slice::from_ref(&supplier)), supplier.updated_at)?;
    }
    Ok(supplier)
}

/// Adds an item to the supplier. Refuses a second item of a variant.
pub fn add_item(
    conn: &mut PgConnection,
    scope: &Scope,
    supplier: SupplierId,
    (product, size): (&ProductRef, Option<&str>),
    terms: &ItemTerms,
) -> Result<SupplierItem, Abort> {
    let supplier = get_supplier(conn, scope, supplier)?;
    let requested = RequestedVariant { product, size, quantity: 1 };
    let variants = find_variants(conn, scope.store, &[requested])?;
    let variant = variants.first().copied().ok_or_else(not_found)?;
    let at = db::clock(conn)?;
    let item = items::insert(conn, scope.store, (supplier.id, variant), terms, at)?;
    scarcity_changes::note_variants(conn, scope.store, &[variant])?;
    let item = get_item(conn, scope, supplier.id, item)?;
    append_audit(conn, scope, &supplier, (Action::Update, &format!("sells {}", item.sku)))?;
    Ok(item)
}

/// The item of the supplier, or 404.
fn get_item(
    conn: &mut PgConnection,
    scope: &Scope,
    supplier: SupplierId,
    item: SupplierItemId,
) -> Result<SupplierItem, Abort> {
    let found = items::find(conn, scope.store, supplier, item)?;
    Ok(found.ok_or_else(|| ApiError::not_found(Code::NotFound, "The item of the supplier"))?)
}

pub fn change_item(
    conn: &mut PgConnection,
    scope: &Scope,
    (supplier, item): (SupplierId, SupplierItemId),
    change: &ItemChange,
) -> Result<SupplierItem, Abort> {
    let supplier = suppliers::find_for_update(conn, scope.store, supplier)?.ok_or_else(not_found)?;
    let mut item = get_item(conn, scope, supplier.id, item)?;
    let before = item.terms.clone();
    let ItemChange { supplier_sku, unit_cost, pack_quantity, min_quantity, lead_time_days } = change.clone();
    let terms = &mut item.terms;
    terms.supplier_sku = supplier_sku.unwrap_or(before.supplier_sku.clone());
    terms.unit_cost = unit_cost.unwrap_or(before.unit_cost);
    terms.pack_quantity = pack_quantity.unwrap_or(before.pack_quantity);
    terms.min_quantity = min_quantity.unwrap_or(before.min_quantity);
    terms.lead_time_days = lead_time_days.unwrap_or(before.lead_time_days);
    if item.terms != before {
        let at = db::clock(conn)?;
        items::update(conn, scope.store, &item, at)?;
        scarcity_changes::note_variants(conn, scope.store, &[item.variant_id])?;
        append_audit(conn, scope, &supplier, (Action::Update, &format!("sells {} on other terms", item.sku)))?;
    }
    Ok(item)
}

pub fn remove_item(
    conn: &mut PgConnection,
    scope: &Scope,
    (supplier, item): (SupplierId, SupplierItemId),
) -> Result<(), Abort> {
    let supplier = suppliers::find_for_update(conn, scope.store, supplier)?.ok_or_else(not_found)?;
    let item = get_item(conn, scope, supplier.id, item)?;
    items::delete(conn, scope.store, item.id)?;
    scarcity_changes::note_variants(conn, scope.store, &[item.variant_id])?;
    append_audit(conn, scope, &supplier, (Action::Update, &format!("no longer sells {}", item.sku)))
}

fn append_audit(
    conn: &mut PgConnection,
    scope: &Scope,
    supplier: &Supplier,
    (action, done): (Action, &str),
) -> Result<(), Abort> {
    let at = db::clock(conn)?;
    Ok(audit::queries::append(conn, scope, &audit_entry(supplier, (action, done)), at)?)
}

fn audit_entry(supplier: &Supplier, (action, done): (Action, &str)) -> NewAuditEntry {
    let detail = format!("Supplier {} {done}", supplier.settings.code);
    NewAuditEntry { entity: Entity::Supplier, entity_id: supplier.id.0, action, detail }
}
