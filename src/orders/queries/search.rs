//! The SQL of the search texts of orders. The DSL has neither LATERAL nor a union of a table and of arrays.

use diesel::expression::{ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text};
use serde_json::Value;

use crate::db;
use crate::db::schema::{feed_positions, order_search_positions, orders};
use crate::kernel::folded_text::PhonePatterns;
use crate::kernel::id::{OrderId, StoreId};

/// The columns of an order that its search text consists of. They never change.
#[derive(Clone, Debug, QueryableByName)]
pub struct SearchedOrder {
    #[diesel(sql_type = BigInt)]
    pub id: OrderId,
    #[diesel(sql_type = Text)]
    pub order_number: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub customer_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub customer_phone: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub shipping_address: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub billing_address: Option<Value>,
}

/// The search texts of some orders.
#[derive(Clone, Debug, Default)]
pub struct SearchTexts {
    pub orders: Vec<OrderId>,
    /// The text of each of these orders.
    pub texts: Vec<String>,
}

/// The progress of the job in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Progress {
    /// Orders of the feed up to this position have their texts, unless the sweep is still to reach them.
    pub position: i64,
    /// In the sweep, all orders of the store get their texts, in the order of their ids. This is the last one that has it.
    /// None after the sweep.
    pub swept_order_id: Option<OrderId>,
}

/// The stores with orders whose texts are not written yet.
pub fn discover_behind(conn: &mut PgConnection, store: Option<StoreId>) -> QueryResult<Vec<StoreId>> {
    let rows: Vec<(StoreId,)> = db::sql(
        "SELECT s.id FROM stores s LEFT JOIN order_search_positions w ON w.store_id = s.id \
         LEFT JOIN feed_positions p ON p.store_id = s.id \
         WHERE s.id = COALESCE($1, s.id) \
           AND (w.store_id IS NULL OR w.swept_order_id IS NOT NULL OR p.position > w.position) ORDER BY s.id",
    )
    .bind::<Nullable<BigInt>, _>(store)
    .columns::<(BigInt,)>()
    .load(conn)?;
    Ok(rows.into_iter().map(|(store,)| store).collect())
}

/// Locks the progress of a store. None if another server has locked it.
///
/// A store without progress begins at the end of its feed. All orders up to there are committed, so the sweep finds them.
pub fn lock(conn: &mut PgConnection, store: StoreId) -> QueryResult<Option<Progress>> {
    let row = order_search_positions::table
        .find(store)
        .select((order_search_positions::position, order_search_positions::swept_order_id));
    if let Some(found) = row.for_update().skip_locked().first(conn).optional()? {
        return Ok(Some(found));
    }
    // The row is inserted only if it is missing, because an insert would wait for a server that has changed the row.
    let row = order_search_positions::table.find(store).select(order_search_positions::store_id);
    if row.first::<StoreId>(conn).optional()?.is_some() {
        return Ok(None);
    }
    let end: Option<i64> = feed_positions::table.find(store).select(feed_positions::position).first(conn).optional()?;
    let first = Progress { position: end.unwrap_or(0), swept_order_id: Some(OrderId(0)) };
    let values = (
        order_search_positions::store_id.eq(store),
        order_search_positions::position.eq(first.position),
        order_search_positions::swept_order_id.eq(first.swept_order_id),
    );
    // The row of a new store is locked by its insert.
    let inserted =
        diesel::insert_into(order_search_positions::table).values(values).on_conflict_do_nothing().execute(conn)?;
    Ok((inserted == 1).then_some(first))
}

/// Writes the progress. Its row must have been locked.
pub fn set_progress(conn: &mut PgConnection, store: StoreId, progress: Progress) -> QueryResult<()> {
    let values = (
        order_search_positions::position.eq(progress.position),
        order_search_positions::swept_order_id.eq(progress.swept_order_id),
    );
    diesel::update(order_search_positions::table.find(store)).set(values).execute(conn).map(drop)
}

/// The columns of [`SearchedOrder`].
macro_rules! columns {
    () => {
        "id, order_number, customer_name, customer_phone, shipping_address, billing_address"
    };
}

/// The next orders after this one, by their ids.
pub fn list_after(
    conn: &mut PgConnection,
    store: StoreId,
    last: OrderId,
    limit: i64,
) -> QueryResult<Vec<SearchedOrder>> {
    db::sql(concat!("SELECT ", columns!(), " FROM orders WHERE store_id = $1 AND id > $2 ORDER BY id LIMIT $3"))
        .bind::<BigInt, _>(store)
        .bind::<BigInt, _>(last)
        .bind::<BigInt, _>(limit)
        .load(conn)
}

/// The next rows of the feed.
#[derive(Clone, Debug)]
pub struct Part {
    /// The orders that were placed in them.
    pub orders: Vec<OrderId>,
    /// The position of the last row. None if there is no row.
    pub end: Option<i64>,
    pub rows: i64,
}

/// The next rows of the feed after a position.
pub fn find_part(conn: &mut PgConnection, store: StoreId, after: i64, limit: i64) -> QueryResult<Part> {
    let (orders, end, rows): (Vec<OrderId>, Option<i64>, i64) = db::sql(
        "WITH part AS MATERIALIZED (SELECT position, events FROM feed WHERE store_id = $1 AND position > $2 \
              ORDER BY position LIMIT $3) \
         SELECT ARRAY(SELECT (e.event ->> 'subject')::int8 FROM part p \
                      CROSS JOIN LATERAL jsonb_array_elements(p.events) AS e (event) \
                      WHERE e.event ->> 'type' = 'order.placed' ORDER BY 1) AS orders, \
                (SELECT MAX(position) FROM part) AS last, (SELECT COUNT(*) FROM part) AS count",
    )
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(limit)
    .columns::<(Array<BigInt>, Nullable<BigInt>, BigInt)>()
    .get_result(conn)?;
    Ok(Part { orders, end, rows })
}

/// These orders.
pub fn list_by_id(conn: &mut PgConnection, store: StoreId, orders: &[OrderId]) -> QueryResult<Vec<SearchedOrder>> {
    db::sql(concat!(
        "SELECT o.* FROM unnest($2::int8[]) AS n (order_id) CROSS JOIN LATERAL (SELECT ",
        columns!(),
        " FROM orders WHERE store_id = $1 AND id = n.order_id OFFSET 0) o"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(orders)
    .load(conn)
}

/// Inserts texts. Orders that have one keep it, because it never changes. Returns the number of new ones.
pub fn insert(conn: &mut PgConnection, store: StoreId, new: &SearchTexts) -> QueryResult<usize> {
    db::sql(
        "INSERT INTO order_search (store_id, order_id, search_text) \
         SELECT $1, unnest($2::int8[]), unnest($3::text[]) ON CONFLICT (store_id, order_id) DO NOTHING",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(new.orders.as_slice())
    .bind::<Array<Text>, _>(new.texts.as_slice())
    .execute(conn)
}

/// The largest number of rows that a search reads of the outbox, and of the feed.
const MAX_ROWS: i64 = 1_000;
/// The largest number of orders without a written text that a search finds.
const MAX_UNWRITTEN: i64 = 5_000;

/// The orders whose texts may not be written yet: those of the outbox, and those of the feed after the position. If there
/// are too many, the newest ones.
pub fn list_unwritten(conn: &mut PgConnection, store: StoreId) -> QueryResult<Vec<SearchedOrder>> {
    db::sql(concat!(
        "WITH waiting AS MATERIALIZED ( \
              (SELECT events FROM outbox WHERE store_id = $1 ORDER BY id DESC LIMIT $2) \
              UNION ALL \
              (SELECT events FROM feed WHERE store_id = $1 \
                  AND position > COALESCE((SELECT position FROM order_search_positions WHERE store_id = $1), 0) \
               ORDER BY position DESC LIMIT $2)), \
         placed AS MATERIALIZED (SELECT (e.event ->> 'subject')::int8 AS order_id FROM waiting w \
              CROSS JOIN LATERAL jsonb_array_elements(w.events) AS e (event) \
              WHERE e.event ->> 'type' = 'order.placed' ORDER BY 1 DESC LIMIT $3) \
         SELECT o.* FROM placed p CROSS JOIN LATERAL (SELECT ",
        columns!(),
        " FROM orders WHERE store_id = $1 AND id = p.order_id OFFSET 0) o"
    ))
    .bind::<BigInt, _>(store)
    .bind::<BigInt, _>(MAX_ROWS)
    .bind::<BigInt, _>(MAX_UNWRITTEN)
    .load(conn)
}

/// A condition on orders: their search texts match. The texts are those of the table, and those that are not written yet.
#[derive(Clone, Copy, Debug)]
pub struct IsFound<'a> {
    pub store: StoreId,
    /// For each word, the patterns of which the text matches one.
    pub patterns: &'a [PhonePatterns],
    pub unwritten: &'a SearchTexts,
}

impl Expression for IsFound<'_> {
    type SqlType = Bool;
}

impl AppearsOnTable<orders::table> for IsFound<'_> {}

impl ValidGrouping<()> for IsFound<'_> {
    type IsAggregate = is_aggregate::Never;
}

impl QueryFragment<Pg> for IsFound<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("orders.id IN (SELECT order_id FROM order_search WHERE store_id = ");
        out.push_bind_param::<BigInt, _>(&self.store)?;
        self.push_patterns(&mut out)?;
        if !self.unwritten.orders.is_empty() {
            out.push_sql(" UNION ALL SELECT order_id FROM unnest(");
            out.push_bind_param::<Array<BigInt>, _>(&self.unwritten.orders)?;
            out.push_sql("::int8[], ");
            out.push_bind_param::<Array<Text>, _>(&self.unwritten.texts)?;
            out.push_sql("::text[]) AS n (order_id, search_text) WHERE true");
            self.push_patterns(&mut out)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl IsFound<'_> {
    fn push_patterns<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for PhonePatterns { text, digits } in self.patterns {
            out.push_sql(" AND (search_text LIKE ");
            out.push_bind_param::<Text, _>(text)?;
            if let Some(digits) = digits {
                out.push_sql(" OR search_text LIKE ");
                out.push_bind_param::<Text, _>(digits)?;
            }
            out.push_sql(")");
        }
        Ok(())
    }
}
