//! The SQL of holds. A holder's holds change only under the lock on the holder's own row (its cart,
//! order, reservation or transfer) and on the stock rows.
//!
//! Sets of rows are bound as arrays, and deadlines are compared with `$now`. The DSL can write neither.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};

use crate::db::schema::stock_holds;
use crate::db::{self, Failure};
use crate::inventory::hold::{Hold, HoldEnd, Holder, HolderKind, NewHold};
use crate::kernel::id::{CartId, HoldId, LocationId, StoreId, VariantId};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: HoldId,
    #[diesel(sql_type = Text)]
    holder_kind: HolderKind,
    #[diesel(sql_type = BigInt)]
    holder_id: i64,
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = BigInt)]
    location_id: LocationId,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

impl From<Row> for Hold {
    fn from(row: Row) -> Self {
        let Row { id, holder_kind, holder_id, variant_id, location_id, quantity, expires_at, created_at } = row;
        let holder = Holder::new(holder_kind, holder_id);
        Self { id, holder, variant: variant_id, location: location_id, quantity, expires_at, created_at }
    }
}

/// The holds of these holders that have not ended, in the order that stock rows are locked in.
///
/// The inner order is that of the index of their holders. So the planner uses this index in a new shop, too.
pub fn list_active(conn: &mut PgConnection, store: StoreId, holders: &[Holder]) -> QueryResult<Vec<Hold>> {
    let rows: Vec<Row> = db::sql(
        "SELECT s.* FROM unnest($2::text[], $3::int8[]) AS h (kind, id) CROSS JOIN LATERAL \
              (SELECT id, holder_kind, holder_id, variant_id, location_id, quantity, expires_at, created_at \
               FROM stock_holds WHERE store_id = $1 AND holder_kind = h.kind AND holder_id = h.id \
                 AND state = 'active' ORDER BY variant_id, location_id OFFSET 0) s \
         ORDER BY s.variant_id, s.location_id, s.id",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Text>, _>(holders.iter().map(|holder| holder.kind()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(holders.iter().map(|holder| holder.id()).collect::<Vec<_>>())
    .load(conn)?;
    Ok(rows.into_iter().map(Hold::from).collect())
}

pub fn insert(conn: &mut PgConnection, store: StoreId, holds: &[NewHold], at: DateTime<Utc>) -> QueryResult<()> {
    db::sql(
        "INSERT INTO stock_holds (store_id, variant_id, location_id, quantity, holder_kind, holder_id, expires_at, \
                state, created_at) \
         SELECT $1, unnest($3::int8[]), unnest($4::int8[]), unnest($5::int8[]), unnest($6::text[]), \
                unnest($7::int8[]), unnest($8::timestamptz[]), 'active', $2",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(holds.iter().map(|hold| hold.variant).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(holds.iter().map(|hold| hold.location).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(holds.iter().map(|hold| hold.quantity).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(holds.iter().map(|hold| hold.holder.kind()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(holds.iter().map(|hold| hold.holder.id()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(holds.iter().map(|hold| hold.expires_at).collect::<Vec<_>>())
    .execute(conn)
    .map(drop)
}

/// Sets the quantities of active holds.
pub fn set_quantities(
    conn: &mut PgConnection,
    store: StoreId,
    quantities: &BTreeMap<HoldId, i64>,
) -> Result<(), Failure> {
    let changed = db::sql(
        "UPDATE stock_holds s SET quantity = c.quantity FROM unnest($2::int8[], $3::int8[]) AS c (id, quantity) \
         WHERE s.store_id = $1 AND s.id = c.id AND s.state = 'active'",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(quantities.keys().copied().collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(quantities.values().copied().collect::<Vec<_>>())
    .execute(conn)?;
    db::expect_rows(changed, quantities.len(), "holds were changed")
}

/// Ends active holds. The condition on the state makes a second end a failure. The LIMIT lets the planner find the
/// holds by their key for any number of them.
pub fn end(
    conn: &mut PgConnection,
    store: StoreId,
    holds: &[(HoldId, HoldEnd)],
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let ended = db::sql(
        "UPDATE stock_holds s SET state = e.state, ended_at = $2 \
         FROM (SELECT unnest($3::int8[]) AS id, unnest($4::text[]) AS state LIMIT $5) e \
         WHERE s.store_id = $1 AND s.id = e.id AND s.state = 'active'",
    )
    .bind::<BigInt, _>(store)
    .bind::<Timestamptz, _>(at)
    .bind::<Array<BigInt>, _>(holds.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(holds.iter().map(|(_, end)| *end).collect::<Vec<_>>())
    .bind::<BigInt, _>(db::count(holds.len()))
    .execute(conn)?;
    db::expect_rows(ended, holds.len(), "holds were ended")
}

/// Sets the deadlines of active holds.
pub fn set_deadlines(
    conn: &mut PgConnection,
    store: StoreId,
    deadlines: &[(HoldId, DateTime<Utc>)],
) -> QueryResult<()> {
    let (ids, expires_at): (Vec<HoldId>, Vec<DateTime<Utc>>) = deadlines.iter().copied().unzip();
    db::sql(
        "UPDATE stock_holds s SET expires_at = d.expires_at FROM unnest($2::int8[], $3::timestamptz[]) \
                AS d (id, expires_at) WHERE s.store_id = $1 AND s.id = d.id AND s.state = 'active'",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<Timestamptz>, _>(expires_at)
    .execute(conn)
    .map(drop)
}

/// The variants among these that have overdue holds.
pub fn list_overdue_variants(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
) -> QueryResult<Vec<VariantId>> {
    db::sql(
        "SELECT DISTINCT variant_id FROM stock_holds \
         WHERE store_id = $1 AND variant_id = ANY($2) AND state = 'active' AND expires_at <= $now \
         ORDER BY variant_id LIMIT 10000",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .columns::<BigInt>()
    .load(conn)
}

/// Holders of a store with holds of these variants past their deadline.
pub fn list_due_of(conn: &mut PgConnection, store: StoreId, variants: &[VariantId]) -> QueryResult<Vec<Holder>> {
    let holders: Vec<(HolderKind, i64)> = db::sql(
        "SELECT DISTINCT holder_kind, holder_id FROM stock_holds \
         WHERE store_id = $1 AND variant_id = ANY($2) AND state = 'active' AND expires_at <= $now \
         ORDER BY holder_kind, holder_id LIMIT 10000",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(variants)
    .columns::<(Text, BigInt)>()
    .load(conn)?;
    Ok(holders.into_iter().map(|(kind, id)| Holder::new(kind, id)).collect())
}

/// Carts of a store that hold stock, by id. The state is in the words of the partial index of active holds.
pub fn list_holding_carts(conn: &mut PgConnection, store: StoreId, limit: i64) -> QueryResult<Vec<CartId>> {
    stock_holds::table
        .filter(stock_holds::store_id.eq(store))
        .filter(stock_holds::holder_kind.eq(HolderKind::Cart))
        .filter(sql::<Bool>("state = 'active'"))
        .order(stock_holds::holder_id)
        .select(stock_holds::holder_id)
        .distinct()
        .limit(limit)
        .load(conn)
}
