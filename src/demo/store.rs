//! The SQL that puts the demo store and its accounts there.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::STORE;
use crate::access::Role;
use crate::db::Failure;
use crate::db::schema::{locations, stores, users};
use crate::identity::payment_methods::PaymentMethods;
use crate::kernel::id::{StoreId, UserId};

/// Inserts the store with its location, unless it is there already.
pub(super) fn insert_store(conn: &mut PgConnection, at: DateTime<Utc>) -> Result<Option<StoreId>, Failure> {
    let methods = serde_json::to_value(PaymentMethods::default())
        .map_err(|error| Failure::Internal(format!("payment methods: {error}")))?;
    let inserted = diesel::insert_into(stores::table)
        .values((
            stores::code.eq(STORE),
            stores::name.eq("Stockroom Demo Store"),
            stores::currency.eq("INR"),
            stores::guest_orders.eq(true),
            stores::payment_methods.eq(methods),
            stores::created_at.eq(at),
            stores::updated_at.eq(at),
        ))
        .on_conflict(stores::code)
        .do_nothing()
        .returning(stores::id)
        .get_result::<StoreId>(conn)
        .optional()?;
    let Some(store) = inserted else { return Ok(None) };
    diesel::insert_into(locations::table)
        .values((
            locations::store_id.eq(store),
            locations::code.eq("main"),
            locations::name.eq("Main"),
            locations::created_at.eq(at),
        ))
        .execute(conn)?;
    Ok(Some(store))
}

/// Inserts an account. One that has the e-mail address already is left as it is.
pub(super) fn insert_user(
    conn: &mut PgConnection,
    email: &str,
    role: Role,
    password_hash: &str,
    at: DateTime<Utc>,
) -> QueryResult<UserId> {
    let full_name = match role {
        Role::Customer => "Demo Customer",
        Role::Staff | Role::Admin => "Demo Admin",
    };
    diesel::insert_into(users::table)
        .values((
            users::email.eq(email),
            users::password_hash.eq(password_hash),
            users::full_name.eq(full_name),
            users::role.eq(role.as_str()),
            users::permissions.eq(serde_json::json!([])),
            users::created_at.eq(at),
            users::updated_at.eq(at),
        ))
        .on_conflict(users::email)
        // Written as it was, so that its id is returned.
        .do_update()
        .set(users::email.eq(excluded(users::email)))
        .returning(users::id)
        .get_result(conn)
}
