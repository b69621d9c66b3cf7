//! The SQL of stores.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::Failure;
use crate::db::schema::stores;
use crate::identity::payment_methods::PaymentMethods;
use crate::kernel::id::StoreId;
use crate::kernel::money::{Currency, Money, Rate};

/// A store with its settings.
#[derive(Clone, Debug)]
pub struct Store {
    pub id: StoreId,
    pub code: String,
    pub name: String,
    pub currency: Currency,
    pub tax_rate: Rate,
    pub shipping_flat_rate: Money,
    pub guest_orders: bool,
    pub hold_cart_items: bool,
    pub payment_methods: PaymentMethods,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = stores)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Row {
    id: StoreId,
    code: String,
    name: String,
    currency: String,
    tax_rate_ppm: Rate,
    shipping_flat_rate: Money,
    guest_orders: bool,
    hold_cart_items: bool,
    payment_methods: serde_json::Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Store {
    type Error = Failure;

    fn try_from(row: Row) -> Result<Self, Failure> {
        let Row {
            id,
            code,
            name,
            currency,
            tax_rate_ppm,
            shipping_flat_rate,
            guest_orders,
            hold_cart_items,
            payment_methods,
            created_at,
            updated_at,
        } = row;
        let unreadable = |error: String| Failure::Internal(format!("store {id} is unreadable: {error}"));
        Ok(Self {
            id,
            code,
            name,
            currency: Currency::parse(&currency).map_err(|error| unreadable(error.to_owned()))?,
            tax_rate: tax_rate_ppm,
            shipping_flat_rate,
            guest_orders,
            hold_cart_items,
            payment_methods: serde_json::from_value(payment_methods).map_err(|error| unreadable(error.to_string()))?,
            created_at,
            updated_at,
        })
    }
}

/// The store with this id, if there is one.
pub fn find_store(conn: &mut PgConnection, store: StoreId) -> Result<Option<Store>, Failure> {
    let row = stores::table.filter(stores::id.eq(store)).select(Row::as_select()).first(conn).optional()?;
    row.map(Store::try_from).transpose()
}

/// The store of a scope, which exists: stores are never deleted.
pub fn get_store(conn: &mut PgConnection, store: StoreId) -> Result<Store, Failure> {
    find_store(conn, store)?.ok_or_else(|| Failure::Internal(format!("store {store} is gone")))
}
