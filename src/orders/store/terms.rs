//! What new orders are decided on besides their lines, read in one round trip.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Timestamptz};
use serde::Deserialize;
use serde_json::Value;

use crate::db::{self, Failure};
use crate::identity::store::stores::{self, Store};
use crate::kernel::id::{AddressId, OrderId, OrderItemId, StoreId, UserId};

/// The store's terms, addresses as orders keep them, the clock, and ids taken beforehand, so that rows
/// inserted as a set can refer to each other.
pub struct Terms {
    pub store: Store,
    /// With whose they are.
    pub addresses: HashMap<AddressId, (UserId, Value)>,
    pub now: DateTime<Utc>,
    pub orders: Vec<OrderId>,
    pub items: Vec<OrderItemId>,
}

/// How many ids are taken. None are where nothing will be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    pub orders: usize,
    pub items: usize,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(embed)]
    store: stores::Row,
    #[diesel(sql_type = Array<Jsonb>)]
    addresses: Vec<Value>,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
    #[diesel(sql_type = Array<BigInt>)]
    orders: Vec<OrderId>,
    #[diesel(sql_type = Array<BigInt>)]
    items: Vec<OrderItemId>,
}

#[derive(Deserialize)]
struct Snapshot {
    id: AddressId,
    user_id: UserId,
    address: Value,
}

/// Reads them. Ids are ascending.
pub fn read(
    conn: &mut PgConnection,
    store: StoreId,
    addresses: &[AddressId],
    needed: Needed,
) -> Result<Terms, Failure> {
    let count = |number: usize| i64::try_from(number).unwrap_or(0);
    let row: Row = db::sql(
        "SELECT s.*, $now AS now, \
                ARRAY(SELECT nextval('orders_id_seq') FROM generate_series(1, $3)) AS orders, \
                ARRAY(SELECT nextval('order_items_id_seq') FROM generate_series(1, $4)) AS items, \
                ARRAY(SELECT jsonb_build_object('id', a.id, 'user_id', a.user_id, 'address', jsonb_build_object( \
                             'id', a.id, 'full_name', full_name, 'phone', phone, 'line1', line1, 'line2', line2, \
                             'city', city, 'state', state, 'postal_code', postal_code, 'country', country, \
                             'latitude', latitude, 'longitude', longitude)) \
                      FROM unnest($2::int8[]) AS w (id) \
                      CROSS JOIN LATERAL (SELECT * FROM addresses WHERE store_id = $1 AND id = w.id OFFSET 0) a \
                ) AS addresses \
         FROM stores s WHERE s.id = $1",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(addresses)
    .bind::<BigInt, _>(count(needed.orders))
    .bind::<BigInt, _>(count(needed.items))
    .get_result(conn)?;
    let Row { store, addresses, now, orders, items } = row;
    Ok(Terms { store: store.try_into()?, addresses: by_id(addresses)?, now, orders, items })
}

fn by_id(addresses: Vec<Value>) -> Result<HashMap<AddressId, (UserId, Value)>, Failure> {
    let mut by_id = HashMap::with_capacity(addresses.len());
    for address in addresses {
        let Snapshot { id, user_id, address } = serde_json::from_value(address)
            .map_err(|error| Failure::Internal(format!("an address is unreadable: {error}")))?;
        by_id.insert(id, (user_id, address));
    }
    Ok(by_id)
}
