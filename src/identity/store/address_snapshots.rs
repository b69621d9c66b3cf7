//! Addresses as an order keeps them.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb};
use serde_json::Value;

use crate::db;
use crate::kernel::id::{AddressId, StoreId, UserId};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: AddressId,
    #[diesel(sql_type = BigInt)]
    user_id: UserId,
    #[diesel(sql_type = Jsonb)]
    address: Value,
}

/// Loads addresses by id, with whose they are.
pub fn load(
    conn: &mut PgConnection,
    store: StoreId,
    addresses: &[AddressId],
) -> QueryResult<HashMap<AddressId, (UserId, Value)>> {
    let rows: Vec<Row> = db::sql(
        "SELECT a.id, a.user_id, jsonb_build_object('id', a.id, 'full_name', full_name, 'phone', phone, 'line1', line1, \
                'line2', line2, 'city', city, 'state', state, 'postal_code', postal_code, 'country', country, \
                'latitude', latitude, 'longitude', longitude) AS address \
         FROM unnest($2::int8[]) AS w (id) \
         CROSS JOIN LATERAL (SELECT * FROM addresses WHERE store_id = $1 AND id = w.id OFFSET 0) a",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(addresses)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, (row.user_id, row.address))).collect())
}
