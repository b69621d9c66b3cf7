//! The SQL of addresses. Each belongs to a customer within a store.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::schema::addresses;
use crate::kernel::id::{AddressId, StoreId, UserId};
use crate::kernel::page::{PageQuery, Sort};

/// An address of a customer.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = addresses)]
#[diesel(check_for_backend(Pg))]
pub struct Address {
    pub id: AddressId,
    #[diesel(embed)]
    pub text: AddressText,
}

/// The text of an address.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = addresses)]
#[diesel(check_for_backend(Pg))]
#[diesel(treat_none_as_null = true)]
pub struct AddressText {
    pub full_name: String,
    pub phone: String,
    pub line1: String,
    pub line2: Option<String>,
    pub city: String,
    pub state: Option<String>,
    pub postal_code: String,
    pub country: String,
    /// Degrees, −90 to 90.
    pub latitude: Option<f64>,
    /// Degrees, −180 to 180.
    pub longitude: Option<f64>,
}

/// The customer whose addresses are read, and the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    pub store: StoreId,
    pub user: UserId,
}

pub fn insert_address(
    conn: &mut PgConnection,
    owner: Owner,
    text: &AddressText,
    at: DateTime<Utc>,
) -> QueryResult<Address> {
    diesel::insert_into(addresses::table)
        .values((
            addresses::store_id.eq(owner.store),
            addresses::user_id.eq(owner.user),
            text,
            addresses::created_at.eq(at),
            addresses::updated_at.eq(at),
        ))
        .returning(Address::as_returning())
        .get_result(conn)
}

/// The number of the owner's addresses.
pub fn count_addresses(conn: &mut PgConnection, owner: Owner) -> QueryResult<i64> {
    addresses::table
        .filter(addresses::store_id.eq(owner.store))
        .filter(addresses::user_id.eq(owner.user))
        .count()
        .get_result(conn)
}

/// The address, if there is one and it is the owner's.
pub fn find_address(conn: &mut PgConnection, owner: Owner, id: AddressId) -> QueryResult<Option<Address>> {
    addresses::table
        .filter(addresses::store_id.eq(owner.store))
        .filter(addresses::id.eq(id))
        .filter(addresses::user_id.eq(owner.user))
        .select(Address::as_select())
        .first(conn)
        .optional()
}

/// Replaces the text of an address, if it is the owner's.
pub fn update_address(
    conn: &mut PgConnection,
    owner: Owner,
    id: AddressId,
    text: &AddressText,
    at: DateTime<Utc>,
) -> QueryResult<Option<Address>> {
    let own = addresses::table
        .filter(addresses::store_id.eq(owner.store))
        .filter(addresses::id.eq(id))
        .filter(addresses::user_id.eq(owner.user));
    diesel::update(own)
        .set((text, addresses::updated_at.eq(at)))
        .returning(Address::as_returning())
        .get_result(conn)
        .optional()
}

/// Deletes an address. True if it was there. Orders keep copies of their own.
pub fn delete_address(conn: &mut PgConnection, owner: Owner, id: AddressId) -> QueryResult<bool> {
    let own = addresses::table
        .filter(addresses::store_id.eq(owner.store))
        .filter(addresses::id.eq(id))
        .filter(addresses::user_id.eq(owner.user));
    diesel::delete(own).execute(conn).map(|deleted| deleted > 0)
}

/// The columns that addresses can be sorted by.
pub const SORTS: [&str; 2] = ["id", "created_at"];

/// One page of the owner's addresses, and the number of all.
pub fn list_addresses(
    conn: &mut PgConnection,
    owner: Owner,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<(Vec<Address>, i64)> {
    let own = || {
        addresses::table
            .filter(addresses::store_id.eq(owner.store))
            .filter(addresses::user_id.eq(owner.user))
            .into_boxed()
    };
    let total = own().count().get_result(conn)?;
    let query = own().select(Address::as_select());
    let query = match (sort.column, sort.descending) {
        ("created_at", false) => query.order((addresses::created_at.asc(), addresses::id.asc())),
        ("created_at", true) => query.order((addresses::created_at.desc(), addresses::id.desc())),
        (_, false) => query.order(addresses::id.asc()),
        (_, true) => query.order(addresses::id.desc()),
    };
    let rows = query.limit(page.limit).offset(page.offset()).load(conn)?;
    Ok((rows, total))
}
