//! The SQL that writes the roll-ups. One statement adds the facts of a part to all of them, so that they contain the same
//! facts. The DSL has no WITH that changes rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text};

use super::facts::{facts, part};
use super::progress::Progress;
use crate::db;
use crate::kernel::id::StoreId;

/// The columns that all roll-ups have.
macro_rules! amounts {
    () => {
        "units, credited_units, gross, discounts, tax, shipping, refunds, credits, costed_net, cost"
    };
}

macro_rules! summed_amounts {
    () => {
        "SUM(units)::int8, SUM(credited_units)::int8, SUM(gross)::int8, SUM(discounts)::int8, SUM(tax)::int8, \
         SUM(shipping)::int8, SUM(refunds)::int8, SUM(credits)::int8, SUM(costed_net)::int8, SUM(cost)::int8"
    };
}

macro_rules! add_amounts {
    () => {
        "units = r.units + EXCLUDED.units, credited_units = r.credited_units + EXCLUDED.credited_units, \
         gross = r.gross + EXCLUDED.gross, discounts = r.discounts + EXCLUDED.discounts, tax = r.tax + EXCLUDED.tax, \
         shipping = r.shipping + EXCLUDED.shipping, refunds = r.refunds + EXCLUDED.refunds, \
         credits = r.credits + EXCLUDED.credits, costed_net = r.costed_net + EXCLUDED.costed_net, \
         cost = r.cost + EXCLUDED.cost"
    };
}

/// Adds the facts of the feed after the position of the progress, up to `until`, and returns the customers in them.
pub fn add_facts(conn: &mut PgConnection, store: StoreId, progress: &Progress, until: i64) -> QueryResult<Vec<i64>> {
    db::sql(concat!(
        "WITH ",
        facts!(),
        ", by_variant AS (INSERT INTO sales_by_variant AS r (store_id, day, variant_id, location_id, category, product_id, \
                     product_orders, category_orders, location_orders, ",
        amounts!(),
        ") SELECT $1, day, variant_id, location_id, category, product_id, SUM(product_orders), SUM(category_orders), \
                     SUM(location_orders), ",
        summed_amounts!(),
        " FROM facts GROUP BY day, variant_id, location_id, category, product_id \
              ON CONFLICT (store_id, day, variant_id, location_id, category) DO UPDATE SET \
                     product_orders = r.product_orders + EXCLUDED.product_orders, \
                     category_orders = r.category_orders + EXCLUDED.category_orders, \
                     location_orders = r.location_orders + EXCLUDED.location_orders, ",
        add_amounts!(),
        "), by_payment_method AS (INSERT INTO sales_by_payment_method AS r (store_id, day, payment_method, orders, ",
        amounts!(),
        ") SELECT $1, day, payment_method, SUM(orders), ",
        summed_amounts!(),
        " FROM facts GROUP BY day, payment_method ON CONFLICT (store_id, day, payment_method) DO UPDATE SET \
                     orders = r.orders + EXCLUDED.orders, ",
        add_amounts!(),
        "), by_customer AS (INSERT INTO sales_by_customer AS r (store_id, day, customer_id, orders, ",
        amounts!(),
        ") SELECT $1, day, customer_id, SUM(orders), ",
        summed_amounts!(),
        " FROM facts GROUP BY day, customer_id ON CONFLICT (store_id, customer_id, day) DO UPDATE SET \
                     orders = r.orders + EXCLUDED.orders, ",
        add_amounts!(),
        ") SELECT DISTINCT customer_id FROM facts WHERE kind = 'sale' AND customer_id > 0"
    ))
    .bind::<BigInt, _>(store)
    .bind::<Text, _>(&progress.time_zone)
    .bind::<BigInt, _>(progress.position)
    .bind::<BigInt, _>(until)
    .bind::<BigInt, _>(progress.kept_position)
    .bind::<Nullable<Date>, _>(progress.kept_day)
    .columns::<BigInt>()
    .load(conn)
}

/// Sets the previous day of the rows of these customers, whose sales were added.
pub fn set_previous_days(conn: &mut PgConnection, store: StoreId, customers: &[i64]) -> QueryResult<()> {
    if customers.is_empty() {
        return Ok(());
    }
    db::sql(
        "UPDATE sales_by_customer r SET previous_day = n.previous_day \
         FROM (SELECT s.customer_id, s.day, LAG(s.day) OVER (PARTITION BY s.customer_id ORDER BY s.day) AS previous_day \
               FROM unnest($2::int8[]) AS c (id) \
               CROSS JOIN LATERAL (SELECT customer_id, day FROM sales_by_customer \
                    WHERE store_id = $1 AND customer_id = c.id AND orders > 0 OFFSET 0) s) n \
         WHERE r.store_id = $1 AND r.customer_id = n.customer_id AND r.day = n.day \
           AND r.previous_day IS DISTINCT FROM n.previous_day",
    )
    .bind::<BigInt, _>(store)
    .bind::<Array<BigInt>, _>(customers.to_vec())
    .execute(conn)
    .map(drop)
}

/// Deletes rows of this day and later days, or of all days, at most `limit` of each roll-up. Returns their number.
pub fn delete_since(conn: &mut PgConnection, store: StoreId, day: Option<NaiveDate>, limit: i64) -> QueryResult<usize> {
    let texts = [
        "DELETE FROM sales_by_variant WHERE store_id = $1 AND (day, variant_id, location_id, category) IN ( \
              SELECT day, variant_id, location_id, category FROM sales_by_variant \
              WHERE store_id = $1 AND day >= COALESCE($2, '-infinity'::date) ORDER BY day LIMIT $3)",
        "DELETE FROM sales_by_payment_method WHERE store_id = $1 AND (day, payment_method) IN ( \
              SELECT day, payment_method FROM sales_by_payment_method \
              WHERE store_id = $1 AND day >= COALESCE($2, '-infinity'::date) ORDER BY day LIMIT $3)",
        "DELETE FROM sales_by_customer WHERE store_id = $1 AND (customer_id, day) IN ( \
              SELECT customer_id, day FROM sales_by_customer \
              WHERE store_id = $1 AND day >= COALESCE($2, '-infinity'::date) LIMIT $3)",
    ];
    let mut deleted = 0_usize;
    for text in texts {
        let rows = db::sql(text).bind::<BigInt, _>(store).bind::<Nullable<Date>, _>(day).bind::<BigInt, _>(limit);
        deleted = deleted.saturating_add(rows.execute(conn)?);
    }
    Ok(deleted)
}

pub(super) use amounts;
