//! Changes the settings of a store.

use diesel::PgConnection;

use crate::audit::queries::{self as audit, NewAuditEntry};
use crate::audit::words::{Action, Entity};
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, ApiError};
use crate::stores::queries::{self as stores, Store, tax_rates, time_zones};
use crate::stores::settings::{CURRENCY, StoreChange};
use crate::stores::tax_rates::TaxRate;
use crate::stores::time_zone::TIME_ZONE;

/// Makes all changes of the settings, or none.
pub fn change_store(conn: &mut PgConnection, scope: &Scope, change: &StoreChange) -> Result<Store, Abort> {
    let mut store = stores::get_store_for_update(conn, scope.store)?;
    let changed = store.apply(change)?;
    if changed.is_empty() {
        return Ok(store);
    }
    if changed.contains(&CURRENCY) && stores::has_amounts(conn, scope.store)? {
        return Err(ApiError::field(CURRENCY, "can't be changed once there are products").into());
    }
    if let Some(zone) = change.time_zone.as_ref().filter(|_| changed.contains(&TIME_ZONE)) {
        time_zones::refuse_unknown(conn, zone)?;
    }
    save_changes(conn, scope, &mut store, &changed)?;
    Ok(store)
}

/// Writes the locked store with these changed fields, and its audit entry.
pub fn save_changes(conn: &mut PgConnection, scope: &Scope, store: &mut Store, changed: &[&str]) -> Result<(), Abort> {
    let at = db::clock(conn)?;
    store.updated_at = at;
    stores::update_store(conn, store)?;
    let detail = format!("Store {} updated: {}", store.code, changed.join(", "));
    let entry = NewAuditEntry { entity: Entity::Store, entity_id: store.id.0, action: Action::Update, detail };
    Ok(audit::append(conn, scope, &entry, at)?)
}

/// Replaces all tax rates. The caller has checked them.
pub fn replace_tax_rates(conn: &mut PgConnection, scope: &Scope, rates: &[TaxRate]) -> Result<(), Abort> {
    let mut store = stores::get_store_for_update(conn, scope.store)?;
    if tax_rates::list(conn, scope.store)? == rates {
        return Ok(());
    }
    tax_rates::replace(conn, scope.store, rates)?;
    save_changes(conn, scope, &mut store, &["tax_rates"])
}
