//! The SQL of stores.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use crate::db::schema::{orders, products, stores};
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::id::StoreId;
use crate::kernel::language::Language;
use crate::kernel::money::{Currency, Money};
use crate::kernel::page::{PageQuery, Sort};
use crate::kernel::rate::Rate;
use crate::kernel::sort_key::sort_key;
use crate::stores::payment_methods::PaymentMethods;
use crate::stores::queries::locations::LocationSettings;
use crate::stores::routing_policy::RoutingPolicy;
use crate::stores::settings::NewStore;
use crate::stores::tax_rates::ShippingTax;

pub mod locations;
pub mod mail_templates;
pub mod open_items;
pub mod scarcity_changes;
pub mod tax_rates;
pub mod time_zones;

/// A store with its settings.
#[derive(Clone, Debug, Queryable, QueryableByName, Selectable, AsChangeset)]
#[diesel(table_name = stores)]
#[diesel(treat_none_as_null = true)]
#[diesel(check_for_backend(Pg))]
pub struct Store {
    pub id: StoreId,
    pub code: String,
    pub name: String,
    pub currency: Currency,
    #[diesel(column_name = tax_rate_ppm)]
    pub tax_rate: Rate,
    pub shipping_flat_rate: Money,
    pub guest_orders: bool,
    pub hold_cart_items: bool,
    pub payment_methods: PaymentMethods,
    pub routing: RoutingPolicy,
    pub count_tolerance_units: i64,
    pub count_tolerance_value: Money,
    pub over_receipt_percent: i64,
    pub prices_include_tax: bool,
    pub shipping_tax: ShippingTax,
    /// The days after a delivery within which customers may return its units. None is without an end.
    pub return_window_days: Option<i64>,
    /// A name of the IANA time zone database.
    pub time_zone: String,
    /// The language of its mails.
    pub language: Language,
    /// True if buyers get mails about their orders.
    pub order_mails: bool,
    /// The share of lead times, in percent, whose demand the reorder point covers.
    pub service_level: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The store with this id, if there is one.
pub fn find_store(conn: &mut PgConnection, store: StoreId) -> Result<Option<Store>, Failure> {
    Ok(stores::table.filter(stores::id.eq(store)).select(Store::as_select()).first(conn).optional()?)
}

/// The store with this code in any case, if there is one.
pub fn find_by_code(conn: &mut PgConnection, code: &str) -> QueryResult<Option<StoreId>> {
    stores::table.filter(stores::code.eq(code.to_ascii_uppercase())).select(stores::id).first(conn).optional()
}

/// The store of a request that names none: the oldest one.
pub fn find_default(conn: &mut PgConnection) -> QueryResult<Option<StoreId>> {
    stores::table.select(stores::id).order(stores::id).first(conn).optional()
}

/// Every store, for jobs that go through them one by one.
pub fn list_ids(conn: &mut PgConnection) -> QueryResult<Vec<StoreId>> {
    stores::table.select(stores::id).order(stores::id).load(conn)
}

/// The store of a scope, which exists: stores are never deleted.
pub fn get_store(conn: &mut PgConnection, store: StoreId) -> Result<Store, Failure> {
    find_store(conn, store)?.ok_or_else(|| Failure::Internal(format!("store {store} is gone")))
}

/// The store with its row locked, so that no other transaction adds a product or an address in between.
pub fn get_store_for_update(conn: &mut PgConnection, store: StoreId) -> Result<Store, Failure> {
    Ok(stores::table.filter(stores::id.eq(store)).select(Store::as_select()).for_update().first(conn)?)
}

/// The store of a transaction that adds amounts to it. Its currency does not change until the end of the transaction.
pub fn get_store_for_key_share(conn: &mut PgConnection, store: StoreId) -> Result<Store, Failure> {
    Ok(stores::table.filter(stores::id.eq(store)).select(Store::as_select()).for_key_share().first(conn)?)
}

/// The columns that stores can be sorted by.
pub const SORTS: [&str; 3] = ["id", "code", "name"];

/// One page of all stores, and the number of all.
pub fn list_stores(conn: &mut PgConnection, sort: Sort, page: &PageQuery) -> Result<(Vec<Store>, i64), Failure> {
    let total = stores::table.count().get_result(conn)?;
    let query = stores::table.select(Store::as_select()).into_boxed();
    let query = match (sort.column, sort.descending) {
        ("code", false) => query.order(stores::code.asc()),
        ("code", true) => query.order(stores::code.desc()),
        ("name", false) => query.order((stores::name_key.asc(), stores::id.asc())),
        ("name", true) => query.order((stores::name_key.desc(), stores::id.desc())),
        (_, false) => query.order(stores::id.asc()),
        (_, true) => query.order(stores::id.desc()),
    };
    Ok((query.limit(page.limit).offset(page.offset()).load(conn)?, total))
}

/// The code of the location that every store has.
pub const MAIN_LOCATION: &str = "main";

/// Creates a store with its place `main`.
pub fn insert_store(conn: &mut PgConnection, new: &NewStore, at: DateTime<Utc>) -> Result<Store, Abort> {
    let store: Store = diesel::insert_into(stores::table)
        .values((
            stores::code.eq(new.code.as_str()),
            stores::name.eq(&new.name),
            stores::name_key.eq(sort_key(&new.name)),
            stores::currency.eq(&new.currency),
            stores::tax_rate_ppm.eq(new.tax_rate),
            stores::shipping_flat_rate.eq(new.shipping_flat_rate),
            stores::guest_orders.eq(new.guest_orders),
            stores::hold_cart_items.eq(new.hold_cart_items),
            stores::payment_methods.eq(&new.payment_methods),
            stores::count_tolerance_units.eq(new.count_tolerance.units),
            stores::count_tolerance_value.eq(new.count_tolerance.value),
            stores::over_receipt_percent.eq(new.over_receipt_percent),
            stores::prices_include_tax.eq(new.prices_include_tax),
            stores::shipping_tax.eq(new.shipping_tax),
            stores::return_window_days.eq(new.return_window_days),
            stores::time_zone.eq(new.time_zone.as_str()),
            stores::language.eq(&new.language),
            stores::order_mails.eq(new.order_mails),
            stores::service_level.eq(new.service_level),
            stores::created_at.eq(at),
            stores::updated_at.eq(at),
        ))
        .returning(Store::as_returning())
        .get_result(conn)
        .map_err(|error| Abort::or_refuse(error, "stores_code_key", || code_taken(new.code.as_str())))?;
    locations::insert_location(
        conn,
        store.id,
        &LocationSettings::new(MAIN_LOCATION.to_owned(), "Main".to_owned()),
        at,
    )?;
    Ok(store)
}

fn code_taken(code: &str) -> ApiError {
    ApiError::new(Code::Duplicate, format!("There is a store with the code '{code}' already."))
}

/// Writes the store as it is in memory. The row must have been locked.
pub fn update_store(conn: &mut PgConnection, store: &Store) -> QueryResult<()> {
    diesel::update(stores::table.filter(stores::id.eq(store.id)))
        .set((store, stores::name_key.eq(sort_key(&store.name))))
        .execute(conn)
        .map(drop)
}

/// All stores, oldest first. Sets the keys of names that are missing.
pub fn list_ids_and_fill_keys(conn: &mut PgConnection) -> QueryResult<Vec<StoreId>> {
    let stores: Vec<(StoreId, String, Option<String>)> =
        stores::table.order(stores::id).select((stores::id, stores::name, stores::name_key)).load(conn)?;
    let without_key = stores.iter().filter(|(_, _, key)| key.is_none());
    let (ids, names): (Vec<_>, Vec<_>) = without_key.map(|(id, name, _)| (*id, sort_key(name))).unzip();
    if !ids.is_empty() {
        // The DSL cannot join arrays.
        let text = "UPDATE stores s SET name_key = n.name FROM unnest($1::int8[], $2::text[]) AS n (id, name) \
                    WHERE s.id = n.id AND s.name_key IS NULL";
        db::sql(text).bind::<Array<BigInt>, _>(ids).bind::<Array<Text>, _>(names).execute(conn)?;
    }
    Ok(stores.into_iter().map(|(id, _, _)| id).collect())
}

/// True if there are products or orders, whose amounts are in the store's currency.
pub fn has_amounts(conn: &mut PgConnection, store: StoreId) -> QueryResult<bool> {
    let any_product = diesel::select(diesel::dsl::exists(products::table.filter(products::store_id.eq(store))));
    if any_product.get_result::<bool>(conn)? {
        return Ok(true);
    }
    diesel::select(diesel::dsl::exists(orders::table.filter(orders::store_id.eq(store)))).get_result(conn)
}
