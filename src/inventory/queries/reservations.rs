//! The SQL of reservations. Their items are their holds.
//!
//! Statements that compare a deadline with `$now`, or that sum holds, are written by hand: the DSL knows neither
//! the clock nor the sum of integers as an integer.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use crate::db::schema::reservations;
use crate::db::{self, Failure, OnLocked};
use crate::inventory::reservation::{Reservation, ReservedItem, State};
use crate::kernel::id::{ProductId, ReservationId, StoreId, UserId, VariantId};
use crate::kernel::page::{List, PageQuery, Sort};

/// A reservation about to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewReservation<'a> {
    pub reference_id: &'a str,
    pub expires_at: DateTime<Utc>,
    pub created_by: UserId,
}

pub fn insert(
    conn: &mut PgConnection,
    store: StoreId,
    new: NewReservation<'_>,
    at: DateTime<Utc>,
) -> QueryResult<ReservationId> {
    let NewReservation { reference_id, expires_at, created_by } = new;
    diesel::insert_into(reservations::table)
        .values((
            reservations::store_id.eq(store),
            reservations::reference_id.eq(reference_id),
            reservations::state.eq(State::Active),
            reservations::expires_at.eq(expires_at),
            reservations::created_by.eq(created_by),
            reservations::created_at.eq(at),
        ))
        .returning(reservations::id)
        .get_result(conn)
}

/// Finds a reservation and locks it.
pub fn find_for_update(conn: &mut PgConnection, store: StoreId, id: ReservationId) -> QueryResult<Option<Reservation>> {
    reservations::table.find((store, id)).select(Reservation::as_select()).for_update().first(conn).optional()
}

/// Finds a reservation. One past its deadline reads as expired, ended or not.
pub fn find(conn: &mut PgConnection, store: StoreId, id: ReservationId) -> QueryResult<Option<Reservation>> {
    db::sql(
        "SELECT id, reference_id, CASE WHEN state = 'active' AND expires_at <= $now THEN 'expired' ELSE state END AS state, \
                expires_at, created_by, created_at, ended_at \
         FROM reservations WHERE store_id = $1 AND id = $2",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(id)
    .get_result(conn)
    .optional()
}

/// These reservations, in any order.
pub fn list_by_id(conn: &mut PgConnection, store: StoreId, ids: &[ReservationId]) -> QueryResult<Vec<Reservation>> {
    reservations::table
        .filter(reservations::store_id.eq(store))
        .filter(reservations::id.eq_any(ids))
        .select(Reservation::as_select())
        .load(conn)
}

/// The conditions of a list of reservations.
#[derive(Clone, Debug, Default)]
pub struct ReservationFilter {
    pub state: Option<State>,
    pub reference_id: Option<String>,
}

/// The columns that reservations can be sorted by.
pub const SORTS: [&str; 3] = ["id", "created_at", "expires_at"];

macro_rules! page_by {
    ($order:literal) => {
        concat!(
            "SELECT id, reference_id, state, expires_at, created_by, created_at, ended_at FROM (SELECT id, reference_id, \
                    CASE WHEN state = 'active' AND expires_at <= $now THEN 'expired' ELSE state END AS state, \
                    expires_at, created_by, created_at, ended_at FROM reservations WHERE store_id = $1) r \
             WHERE ($2 IS NULL OR state = $2) AND ($3 IS NULL OR reference_id = $3) ORDER BY ",
            $order,
            " LIMIT $4 OFFSET $5"
        )
    };
}

fn page_text(sort: Sort) -> &'static str {
    match (sort.column, sort.descending) {
        ("created_at", false) => page_by!("created_at, id"),
        ("created_at", true) => page_by!("created_at DESC, id DESC"),
        ("expires_at", false) => page_by!("expires_at, id"),
        ("expires_at", true) => page_by!("expires_at DESC, id DESC"),
        (_, false) => page_by!("id"),
        (_, true) => page_by!("id DESC"),
    }
}

/// A page of reservations.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    filter: &ReservationFilter,
    sort: Sort,
    page: &PageQuery,
) -> QueryResult<List<Reservation>> {
    let ReservationFilter { state, reference_id } = filter;
    let (state, reference_id) = (*state, reference_id.as_deref());
    let total: i64 = db::sql(
        "SELECT COUNT(*) FROM (SELECT reference_id, \
                CASE WHEN state = 'active' AND expires_at <= $now THEN 'expired' ELSE state END AS state \
                FROM reservations WHERE store_id = $1) r \
         WHERE ($2 IS NULL OR state = $2) AND ($3 IS NULL OR reference_id = $3)",
    )
    .bind::<BigInt, _>(store)
    .bind::<Nullable<Text>, _>(state)
    .bind::<Nullable<Text>, _>(reference_id)
    .columns::<BigInt>()
    .get_result(conn)?;
    let found = db::sql(page_text(sort))
        .bind::<BigInt, _>(store)
        .bind::<Nullable<Text>, _>(state)
        .bind::<Nullable<Text>, _>(reference_id)
        .bind::<BigInt, _>(page.limit)
        .bind::<BigInt, _>(page.offset())
        .load(conn)?;
    Ok(page.list(found, total))
}

#[derive(QueryableByName)]
struct ItemRow {
    #[diesel(sql_type = BigInt)]
    reservation_id: ReservationId,
    #[diesel(sql_type = BigInt)]
    product_id: ProductId,
    #[diesel(sql_type = BigInt)]
    variant_id: VariantId,
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    product_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    size: Option<String>,
    #[diesel(sql_type = BigInt)]
    quantity: i64,
}

/// The items that a set of reservations keeps.
pub fn list_items(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[ReservationId],
) -> QueryResult<HashMap<ReservationId, Vec<ReservedItem>>> {
    let rows: Vec<ItemRow> = db::sql(
        "SELECT h.holder_id AS reservation_id, v.product_id, v.id AS variant_id, v.sku, p.name AS product_name, v.size, \
                SUM(h.quantity)::int8 AS quantity \
         FROM stock_holds h JOIN variants v ON v.store_id = h.store_id AND v.id = h.variant_id \
         JOIN products p ON p.store_id = v.store_id AND p.id = v.product_id \
         WHERE h.store_id = $1 AND h.holder_kind = 'reservation' AND h.holder_id = ANY($2) \
         GROUP BY h.holder_id, v.product_id, v.id, v.sku, p.name, v.size ORDER BY h.holder_id, MIN(h.id)",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(ids)
    .load(conn)?;
    let mut items: HashMap<ReservationId, Vec<ReservedItem>> = HashMap::new();
    for row in rows {
        let ItemRow { reservation_id, product_id, variant_id, sku, product_name, size, quantity } = row;
        let item = ReservedItem { product_id, variant_id, sku, product_name, size, quantity };
        items.entry(reservation_id).or_default().push(item);
    }
    Ok(items)
}

/// Locks those of the reservations that are active, ascending.
pub fn lock_by_id(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[ReservationId],
    on_locked: OnLocked,
) -> QueryResult<Vec<ReservationId>> {
    let query = reservations::table
        .filter(reservations::store_id.eq(store))
        .filter(reservations::id.eq_any(ids))
        .filter(reservations::state.eq(State::Active))
        .order(reservations::id)
        .select(reservations::id)
        .for_update();
    match on_locked {
        OnLocked::Wait => query.load(conn),
        OnLocked::Skip => query.skip_locked().load(conn),
    }
}

/// Ends locked reservations that are active.
pub fn end(
    conn: &mut PgConnection,
    store: StoreId,
    ids: &[ReservationId],
    state: State,
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    let active = reservations::table
        .filter(reservations::store_id.eq(store))
        .filter(reservations::id.eq_any(ids))
        .filter(reservations::state.eq(State::Active));
    let changes = (reservations::state.eq(state), reservations::ended_at.eq(at));
    let ended = diesel::update(active).set(changes).execute(conn)?;
    db::expect_rows(ended, ids.len(), "reservations were ended")
}
