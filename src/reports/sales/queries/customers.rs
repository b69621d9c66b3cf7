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

/// The customers of each of these parts, and those of all parts together. The parts ascend, and each begins on the day after
/// the one before it.
///
/// A row of a customer and day knows the day of the sale before it. So a customer is counted once in a part: at the row
/// whose sale before it is older than the part. The rows of the roll-up are read once for all parts. The others are joined
/// by their days, because the number of parts grows with that of the days.
pub fn count_customers(
    conn: &mut PgConnection,
    reading: &Reading,
    parts: &[(NaiveDate, NaiveDate)],
) -> QueryResult<(Vec<Customers>, Customers)> {
    let (Some((from, _)), Some((_, to))) = (parts.first().copied(), parts.last().copied()) else {
        return Ok((Vec::new(), Customers::default()));
    };
    let text = concat!(
        "WITH ",
        facts!(),
        // These customers have sales that are not in the roll-ups yet, perhaps on earlier days. So their rows of the
        // roll-up are replaced.
        ", bought AS MATERIALIZED (SELECT DISTINCT customer_id, day FROM facts WHERE kind = 'sale' AND customer_id > 0), \
         replaced AS MATERIALIZED (SELECT s.customer_id, s.day, s.previous_day \
              FROM (SELECT DISTINCT customer_id FROM bought) b \
              CROSS JOIN LATERAL (SELECT customer_id, day, previous_day FROM sales_by_customer WHERE store_id = $1 \
                   AND customer_id = b.customer_id AND day < $9 AND orders > 0 OFFSET 0) s), \
         added AS MATERIALIZED (SELECT day, LAG(day) OVER (PARTITION BY customer_id ORDER BY day) AS previous_day \
              FROM (SELECT customer_id, day FROM replaced UNION SELECT customer_id, day FROM bought) d), \
         parts AS MATERIALIZED (SELECT first, last, number \
              FROM unnest($10::date[], $11::date[]) WITH ORDINALITY AS p (first, last, number)), \
         changed AS MATERIALIZED (SELECT p.number, SUM(d.rows) FILTER (WHERE d.previous_day IS NULL) AS new, \
                     SUM(d.rows) FILTER (WHERE d.previous_day < p.first) AS returning, \
                     SUM(d.rows) FILTER (WHERE d.previous_day < $7) AS returning_to_all \
              FROM (SELECT day, previous_day, -1 AS rows FROM replaced WHERE day >= $7 AND day <= $8 \
                    UNION ALL SELECT day, previous_day, 1 FROM added WHERE day >= $7 AND day <= $8) d \
              JOIN (SELECT p.number, p.first, p.first + n.days AS day FROM parts p \
                    CROSS JOIN LATERAL generate_series(0, p.last - p.first) AS n (days)) p ON p.day = d.day \
              GROUP BY p.number) \
         SELECT c.new + COALESCE(h.new, 0), c.returning + COALESCE(h.returning, 0), \
                c.returning_to_all + COALESCE(h.returning_to_all, 0) \
         FROM parts p CROSS JOIN LATERAL ( \
              SELECT COUNT(*) FILTER (WHERE previous_day IS NULL) AS new, \
                     COUNT(*) FILTER (WHERE previous_day < p.first) AS returning, \
                     COUNT(*) FILTER (WHERE previous_day < $7) AS returning_to_all FROM sales_by_customer \
              WHERE store_id = $1 AND day >= p.first AND day <= p.last AND day < $9 AND orders > 0 AND customer_id > 0) c \
         LEFT JOIN changed h ON h.number = p.number ORDER BY p.number"
    );
    let (firsts, lasts): (Vec<NaiveDate>, Vec<NaiveDate>) = parts.iter().copied().unzip();
    let query = reading.bind(text, (from, to)).bind::<Array<Date>, _>(firsts).bind::<Array<Date>, _>(lasts);
    let rows: Vec<(i64, i64, i64)> = query.columns::<(BigInt, BigInt, BigInt)>().load(conn)?;
    let mut all = Customers::default();
    for (new, _, returning_to_all) in &rows {
        all.new = all.new.saturating_add(*new);
        all.returning = all.returning.saturating_add(*returning_to_all);
    }
    Ok((rows.into_iter().map(|(new, returning, _)| Customers { new, returning }).collect(), all))
}
