//! The SQL that counts new and returning customers. The DSL has neither LATERAL nor elements of arrays as rows.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date};

use super::facts::{facts, part};
use super::reading::Reading;

/// The customers of a part of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Customers {
    /// The customers who bought for the first time.
    pub new: i64,
    /// The customers who had bought before the part.
    pub returning: i64,
}

/// The customers of each of these parts. The last day of a part is not before its first day.
///
/// A row of a customer and day knows the day of the sale before it. So a customer is counted once in a part: at the row
/// whose sale before it is older than the part.
pub fn count_customers(
    conn: &mut PgConnection,
    reading: &Reading,
    parts: &[(NaiveDate, NaiveDate)],
) -> QueryResult<Vec<Customers>> {
    let (Some(from), Some(to)) = (parts.iter().map(|part| part.0).min(), parts.iter().map(|part| part.1).max()) else {
        return Ok(Vec::new());
    };
    let text = concat!(
        "WITH ",
        facts!(),
        // These customers have sales that are not folded yet, perhaps on earlier days. So their rows of the roll-up are
        // replaced.
        ", bought AS MATERIALIZED (SELECT DISTINCT customer_id, day FROM facts WHERE kind = 'sale' AND customer_id > 0), \
         replaced AS MATERIALIZED (SELECT s.customer_id, s.day, s.previous_day \
              FROM (SELECT DISTINCT customer_id FROM bought) b \
              CROSS JOIN LATERAL (SELECT customer_id, day, previous_day FROM sales_by_customer WHERE store_id = $1 \
                   AND customer_id = b.customer_id AND day < $9 AND orders > 0 OFFSET 0) s), \
         added AS MATERIALIZED (SELECT day, LAG(day) OVER (PARTITION BY customer_id ORDER BY day) AS previous_day \
              FROM (SELECT customer_id, day FROM replaced UNION SELECT customer_id, day FROM bought) d) \
         SELECT c.new, c.returning FROM unnest($10::date[], $11::date[]) WITH ORDINALITY AS p (first, last, number) \
         CROSS JOIN LATERAL ( \
              SELECT COALESCE(SUM(d.rows) FILTER (WHERE d.previous_day IS NULL), 0)::int8 AS new, \
                     COALESCE(SUM(d.rows) FILTER (WHERE d.previous_day < p.first), 0)::int8 AS returning FROM ( \
                  SELECT previous_day, 1 AS rows FROM sales_by_customer WHERE store_id = $1 AND day >= p.first \
                     AND day <= p.last AND day < $9 AND orders > 0 AND customer_id > 0 \
                  UNION ALL SELECT previous_day, -1 FROM replaced WHERE day >= p.first AND day <= p.last \
                  UNION ALL SELECT previous_day, 1 FROM added WHERE day >= p.first AND day <= p.last \
                     AND day >= $7 AND day <= $8) d) c \
         ORDER BY p.number"
    );
    let (firsts, lasts): (Vec<NaiveDate>, Vec<NaiveDate>) = parts.iter().copied().unzip();
    let query = reading.bind(text, (from, to)).bind::<Array<Date>, _>(firsts).bind::<Array<Date>, _>(lasts);
    let rows: Vec<(i64, i64)> = query.columns::<(BigInt, BigInt)>().load(conn)?;
    Ok(rows.into_iter().map(|(new, returning)| Customers { new, returning }).collect())
}
