//! The demo store: a small grocery, two accounts, and shirts in three sizes.

mod goods;
mod store;

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use crate::access::permission::Permissions;
use crate::access::principal::Account;
use crate::access::{Principal, Role, Scope, password};
use crate::audit::store::{self as audit, NewEntry};
use crate::db::tx::{self, Mode};
use crate::db::{self, End, Failure};
use crate::error::Halt;
use crate::inventory::create_product::create_product;
use crate::kernel::id::{StoreId, UserId};

pub const STORE: &str = "STORE-DEMO";
/// Of both accounts. They are for a server that only this machine can reach.
pub const PASSWORD: &str = "stockroom-demo";
pub const ADMIN: &str = "admin@example.com";
pub const CUSTOMER: &str = "customer@example.com";

/// Loads the demo store in one transaction, and says whether it did: it does nothing where the
/// store is there already.
pub fn load(conn: &mut PgConnection) -> Result<bool, Failure> {
    // Hashed before the transaction begins, which must not stand still for it.
    let hash = password::hash_now(PASSWORD).map_err(|error| Failure::Internal(error.to_string()))?;
    tx::run(conn, Mode::Write, |conn| match fill(conn, &hash) {
        Ok(true) => Ok(End::Commit(true)),
        Ok(false) => Ok(End::RollBack(false)),
        Err(Halt::Failed(failure)) => Err(failure),
        Err(Halt::Refused(refusal) | Halt::Recorded(refusal)) => {
            Err(Failure::Internal(format!("the demo data was refused: {refusal}")))
        }
    })
}

fn fill(conn: &mut PgConnection, hash: &str) -> Result<bool, Halt> {
    let at = db::clock(conn)?;
    let Some(store) = store::insert_store(conn, at)? else { return Ok(false) };
    let scope = Scope { store, principal: administrator(store::insert_user(conn, ADMIN, Role::Admin, hash, at)?) };
    let customer = store::insert_user(conn, CUSTOMER, Role::Customer, hash, at)?;
    append_audit(conn, &scope, customer, at)?;
    // One after the other, the same way as through the API.
    goods::groceries()
        .iter()
        .chain([&goods::shirt()])
        .try_for_each(|new| create_product(conn, &scope, new).map(drop))?;
    Ok(true)
}

fn administrator(id: UserId) -> Principal {
    Principal::User(Account { id, role: Role::Admin, permissions: Permissions::all(), store: None })
}

fn append_audit(conn: &mut PgConnection, scope: &Scope, customer: UserId, at: DateTime<Utc>) -> Result<(), Halt> {
    let StoreId(store) = scope.store;
    let admin = scope.principal.account()?.id;
    for (entity, entity_id, detail) in [
        ("Store", store, format!("Store {STORE} created")),
        ("User", admin.0, "Account of an admin created".to_owned()),
        ("User", customer.0, "Account of a customer created".to_owned()),
    ] {
        audit::append(conn, scope, &NewEntry { entity, entity_id, action: "CREATE", detail }, at)?;
    }
    Ok(())
}
