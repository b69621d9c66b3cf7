//! Creates an address of a customer.

use diesel::PgConnection;

use super::queries::{self as addresses, Address, AddressText, Owner};
use crate::accounts::queries::users;
use crate::audit::{self, Action, Entity, NewAuditEntry};
use crate::auth::Scope;
use crate::db;
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::AddressId;

/// The most addresses of one customer in one store. Nothing else ends them, so without a limit they would fill the disk.
const MAX_ADDRESSES: i64 = 500;

/// Creates an address of the caller. Refuses more than a customer can store.
pub fn create_address(conn: &mut PgConnection, scope: &Scope, text: &AddressText) -> Result<Address, Abort> {
    let owner = owner(scope)?;
    // The lock of the account makes requests at other servers wait, so that the count below includes their addresses.
    users::find_user_for_update(conn, owner.user)?;
    if addresses::count_addresses(conn, owner)? >= MAX_ADDRESSES {
        return Err(too_many_addresses().into());
    }
    let at = db::clock(conn)?;
    let address = addresses::insert_address(conn, owner, text, at)?;
    audit::append(conn, scope, &entry(address.id, Action::Create, "created"), at)?;
    Ok(address)
}

/// The caller within the store of the request.
pub fn owner(scope: &Scope) -> Result<Owner, ApiError> {
    Ok(Owner { store: scope.store, user: scope.principal.account()?.id })
}

fn too_many_addresses() -> ApiError {
    let detail = format!("A customer can store {MAX_ADDRESSES} addresses. Delete one before you add another.");
    ApiError::new(Code::ValidationFailed, detail)
}

/// The entry of the audit.
pub fn entry(id: AddressId, action: Action, done: &str) -> NewAuditEntry {
    NewAuditEntry { entity: Entity::Address, entity_id: id.0, action, detail: format!("Address {id} {done}") }
}
