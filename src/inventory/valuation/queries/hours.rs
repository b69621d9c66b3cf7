//! The SQL of the sums by hour. They are bound as arrays and read as text: the DSL has neither.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};

use crate::db;
use crate::inventory::valuation::row::ValueTotals;
use crate::kernel::id::StoreId;
use crate::kernel::sum::Sum;

/// Adds the changes to the sums of their hours.
pub fn add(conn: &mut PgConnection, store: StoreId, changes: &BTreeMap<DateTime<Utc>, ValueTotals>) -> QueryResult<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let amounts =
        |amount: fn(&ValueTotals) -> i128| changes.values().map(|one| amount(one).to_string()).collect::<Vec<_>>();
    db::sql(
        "INSERT INTO valuation_hours AS h (store_id, hour, paid, average_value, average_sold, fifo_value, fifo_sold) \
         SELECT $1, unnest($2::timestamptz[]), unnest($3::text[])::numeric, unnest($4::text[])::numeric, \
                unnest($5::text[])::numeric, unnest($6::text[])::numeric, unnest($7::text[])::numeric \
         ON CONFLICT (store_id, hour) DO UPDATE SET paid = h.paid + EXCLUDED.paid, \
                average_value = h.average_value + EXCLUDED.average_value, \
                average_sold = h.average_sold + EXCLUDED.average_sold, \
                fifo_value = h.fifo_value + EXCLUDED.fifo_value, fifo_sold = h.fifo_sold + EXCLUDED.fifo_sold",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<Timestamptz>, _>(changes.keys().copied().collect::<Vec<_>>())
    .bind::<Array<Text>, _>(amounts(|one| one.paid))
    .bind::<Array<Text>, _>(amounts(|one| one.average_value))
    .bind::<Array<Text>, _>(amounts(|one| one.average_sold))
    .bind::<Array<Text>, _>(amounts(|one| one.fifo_value))
    .bind::<Array<Text>, _>(amounts(|one| one.fifo_sold))
    .execute(conn)
    .map(drop)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    paid: Sum,
    #[diesel(sql_type = Text)]
    average_value: Sum,
    #[diesel(sql_type = Text)]
    average_sold: Sum,
    #[diesel(sql_type = Text)]
    fifo_value: Sum,
    #[diesel(sql_type = Text)]
    fifo_sold: Sum,
}

/// The sums of the store: of all rows, or of those up to a time. Whole hours are summed, and then the rows of the last
/// one.
pub fn sum(conn: &mut PgConnection, store: StoreId, as_of: Option<DateTime<Utc>>) -> QueryResult<ValueTotals> {
    let row: Row = db::sql(
        "SELECT COALESCE(SUM(paid), 0)::text AS paid, COALESCE(SUM(average_value), 0)::text AS average_value, \
                COALESCE(SUM(average_sold), 0)::text AS average_sold, COALESCE(SUM(fifo_value), 0)::text AS fifo_value, \
                COALESCE(SUM(fifo_sold), 0)::text AS fifo_sold \
         FROM (SELECT paid, average_value, average_sold, fifo_value, fifo_sold FROM valuation_hours \
               WHERE store_id = $1 AND hour < COALESCE(date_trunc('hour', $2::timestamptz, 'UTC'), 'infinity'::timestamptz) \
               UNION ALL \
               SELECT paid, average_value, CASE WHEN kind IN ('sale', 'return') THEN paid - average_value ELSE 0 END, \
                      fifo_value, CASE WHEN kind IN ('sale', 'return') THEN paid - fifo_value ELSE 0 END \
               FROM valuation_rows WHERE store_id = $1 AND posted_at >= date_trunc('hour', $2::timestamptz, 'UTC') \
                                     AND posted_at <= $2) t",
    )
    .bind::<BigInt, _>(store)
    .bind::<Nullable<Timestamptz>, _>(as_of)
    .get_result(conn)?;
    Ok(ValueTotals {
        paid: row.paid.0,
        average_value: row.average_value.0,
        average_sold: row.average_sold.0,
        fifo_value: row.fifo_value.0,
        fifo_sold: row.fifo_sold.0,
    })
}
