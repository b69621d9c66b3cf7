//! The store's settings, its tax rates and active places, the addresses, the clock and the ids for new orders, read in
//! one round trip. The DSL cannot combine them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Timestamptz};
use serde_json::Value;

use crate::db::{self, Failure};
use crate::inventory::places::Places;
use crate::inventory::queries::locations::active_places;
use crate::kernel::id::{AddressId, OrderId, OrderItemId, StoreId, UserId};
use crate::stores::queries::Store;
use crate::stores::queries::tax_rates::{self, tax_rates_of};
use crate::stores::tax_rates::TaxRate;

/// The data that all new orders of a transaction need. The addresses are as orders store them. The ids are taken
/// beforehand, so that rows inserted as a set can refer to each other.
pub struct NewOrderContext {
    pub store: Store,
    pub tax_rates: Vec<TaxRate>,
    /// Each address with its owner.
    pub addresses: HashMap<AddressId, (UserId, Value)>,
    pub now: DateTime<Utc>,
    pub places: Places,
    pub order_ids: Vec<OrderId>,
    pub item_ids: Vec<OrderItemId>,
}

/// The numbers of ids to take: zero if nothing will be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdCounts {
    pub orders: usize,
    pub items: usize,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(embed)]
    store: Store,
    #[diesel(sql_type = Array<Jsonb>)]
    addresses: Vec<Value>,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
    #[diesel(sql_type = Jsonb)]
    places: Value,
    #[diesel(sql_type = Jsonb)]
    tax_rates: Value,
    #[diesel(sql_type = Array<BigInt>)]
    order_ids: Vec<OrderId>,
    #[diesel(sql_type = Array<BigInt>)]
    item_ids: Vec<OrderItemId>,
}

/// Reads the data, and takes the ids, which are ascending.
pub fn read(
    conn: &mut PgConnection,
    store: StoreId,
    addresses: &[AddressId],
    ids: IdCounts,
) -> Result<NewOrderContext, Failure> {
    let row: Row = db::sql(concat!(
        "SELECT s.id, s.code, s.name, s.currency, s.tax_rate_ppm, s.shipping_flat_rate, s.guest_orders, \
                s.hold_cart_items, s.payment_methods, s.routing, s.over_receipt_percent, s.count_tolerance_units, \
                s.count_tolerance_value, s.prices_include_tax, s.shipping_tax, s.return_window_days, s.time_zone, \
                s.language, s.order_mails, s.service_level, s.created_at, s.updated_at, $now AS now, ",
        active_places!(),
        " AS places, ",
        tax_rates_of!(),
        "$1) AS tax_rates, \
                ARRAY(SELECT nextval('orders_id_seq') FROM generate_series(1, $3)) AS order_ids, \
                ARRAY(SELECT nextval('order_items_id_seq') FROM generate_series(1, $4)) AS item_ids, \
                ARRAY(SELECT jsonb_build_array(a.id, a.user_id, jsonb_build_object( \
                             'id', a.id, 'full_name', full_name, 'phone', phone, 'line1', line1, 'line2', line2, \
                             'city', city, 'state', state, 'postal_code', postal_code, 'country', country, \
                             'latitude', latitude, 'longitude', longitude)) \
                      FROM unnest($2::int8[]) AS w (id) \
                      CROSS JOIN LATERAL (SELECT * FROM addresses WHERE store_id = $1 AND id = w.id OFFSET 0) a \
                ) AS addresses \
         FROM stores s WHERE s.id = $1"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(addresses)
    .bind::<BigInt, _>(db::count(ids.orders))
    .bind::<BigInt, _>(db::count(ids.items))
    .get_result(conn)?;
    let Row { store, addresses, now, places, tax_rates, order_ids, item_ids } = row;
    let places = Places::from_json(places, store.routing.clone())?;
    let tax_rates = tax_rates::from_json(tax_rates)?;
    Ok(NewOrderContext { store, tax_rates, addresses: by_id(addresses)?, now, places, order_ids, item_ids })
}

fn by_id(addresses: Vec<Value>) -> Result<HashMap<AddressId, (UserId, Value)>, Failure> {
    addresses
        .into_iter()
        .map(|row| serde_json::from_value(row).map(|(id, user, address)| (id, (user, address))))
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::Internal(format!("an address is unreadable: {error}")))
}
