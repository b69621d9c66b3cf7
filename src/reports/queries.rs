//! The SQL of statistics. The DSL has no subqueries in FROM, no WITH and no sums of integers as integers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Nullable, Text, Timestamptz};
use strum::VariantArray;

use crate::db;
use crate::kernel::id::StoreId;
use crate::kernel::sum::Sum;
use crate::orders::status::{OrderStatus, PaymentStatus};

/// Orders of one status and payment status, and those of them since the store's day began.
#[derive(QueryableByName)]
pub struct Group {
    #[diesel(sql_type = Text)]
    status: OrderStatus,
    #[diesel(sql_type = Text)]
    payment_status: PaymentStatus,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = Text)]
    revenue: Sum,
    #[diesel(sql_type = BigInt)]
    units: i64,
    #[diesel(sql_type = BigInt)]
    orders_today: i64,
    #[diesel(sql_type = Text)]
    revenue_today: Sum,
}

/// The orders of a period. Revenue is the total without the credits or the refunds, whichever are more. A refund of
/// money that was not accepted does not lower it. The refunds of such money are looked up only where they matter.
pub fn order_groups(
    conn: &mut PgConnection,
    store: StoreId,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    today: DateTime<Utc>,
) -> QueryResult<Vec<Group>> {
    db::sql(
        "SELECT status, payment_status, COUNT(*) AS orders, SUM(revenue)::text AS revenue, \
                SUM(units)::int8 AS units, COUNT(*) FILTER (WHERE is_today) AS orders_today, \
                COALESCE(SUM(revenue) FILTER (WHERE is_today), 0)::text AS revenue_today \
         FROM (SELECT status, payment_status, total_items - credited_items AS units, \
                      created_at >= $4 AS is_today, \
                      total_amount - LEAST(total_amount, GREATEST(credited_amount, \
                          CASE WHEN refunded_amount > credited_amount THEN refunded_amount - ( \
                              SELECT COALESCE(SUM(p.unapplied_amount), 0) FROM order_payments p \
                              WHERE p.store_id = $1 AND p.order_id = o.id AND p.kind = 'refund') \
                          ELSE 0 END)) AS revenue \
               FROM orders o WHERE store_id = $1 AND created_at >= COALESCE($2, '-infinity'::timestamptz) \
                               AND created_at < COALESCE($3, 'infinity'::timestamptz)) o \
         GROUP BY status, payment_status ORDER BY status, payment_status",
    )
    .bind::<BigInt, _>(store)
    .bind::<Nullable<Timestamptz>, _>(from)
    .bind::<Nullable<Timestamptz>, _>(to)
    .bind::<Timestamptz, _>(today)
    .load(conn)
}

/// Rates between 0 and 1. Without stock or holds, the rates are 0 and the accuracy is 1.
#[derive(QueryableByName)]
pub struct ReservationMetrics {
    #[diesel(sql_type = Double)]
    pub reservation_rate: f64,
    #[diesel(sql_type = Double)]
    pub conversion_rate: f64,
    #[diesel(sql_type = Double)]
    pub expiry_rate: f64,
    #[diesel(sql_type = BigInt)]
    pub active_reservations: i64,
    #[diesel(sql_type = BigInt)]
    pub reserved_units: i64,
    #[diesel(sql_type = Double)]
    pub stock_accuracy: f64,
}

pub fn reservation_metrics(
    conn: &mut PgConnection,
    store: StoreId,
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
) -> QueryResult<ReservationMetrics> {
    db::sql(
        "WITH active AS (SELECT COUNT(*) AS holds, COALESCE(SUM(quantity), 0)::int8 AS units FROM stock_holds \
                         WHERE store_id = $1 AND state = 'active' AND (expires_at IS NULL OR expires_at > $now)), \
              stock AS (SELECT COALESCE(SUM(stock_quantity), 0) AS units FROM stock_levels WHERE store_id = $1), \
              ended AS (SELECT COUNT(*) AS holds, COUNT(*) FILTER (WHERE state = 'sold') AS sold, \
                               COUNT(*) FILTER (WHERE state = 'expired') AS expired FROM stock_holds \
                        WHERE store_id = $1 AND state IN ('sold', 'released', 'expired') AND holder_kind <> 'transfer' \
                          AND ended_at >= COALESCE($2, '-infinity'::timestamptz) AND ended_at < COALESCE($3, 'infinity'::timestamptz)), \
              accurate AS (SELECT COUNT(*) AS total, COUNT(*) FILTER (WHERE \
                                  (l.stock_quantity, l.reserved_quantity, l.sold_quantity) \
                                  IS NOT DISTINCT FROM (COALESCE(m.stock_after, 0), COALESCE(m.reserved_after, 0), \
                                                        COALESCE(m.sold_after, 0))) AS equal \
                           FROM stock_levels l LEFT JOIN stock_movements m \
                             ON m.store_id = l.store_id AND m.variant_id = l.variant_id \
                            AND m.location_id = l.location_id AND m.version = l.version \
                           WHERE l.store_id = $1) \
         SELECT COALESCE(active.units::float8 / NULLIF(stock.units, 0)::float8, 0) AS reservation_rate, \
                COALESCE(ended.sold::float8 / NULLIF(ended.holds, 0), 0) AS conversion_rate, \
                COALESCE(ended.expired::float8 / NULLIF(ended.holds, 0), 0) AS expiry_rate, \
                active.holds AS active_reservations, active.units AS reserved_units, \
                COALESCE(accurate.equal::float8 / NULLIF(accurate.total, 0), 1) AS stock_accuracy \
         FROM active, stock, ended, accurate",
    )
    .bind::<BigInt, _>(store)
    .bind::<Nullable<Timestamptz>, _>(from)
    .bind::<Nullable<Timestamptz>, _>(to)
    .get_result(conn)
}

#[derive(Default)]
pub struct Totals {
    pub orders: i64,
    pub by_status: BTreeMap<String, i64>,
    pub by_payment_status: BTreeMap<String, i64>,
    pub revenue: i128,
    pub average: i128,
    pub units: i64,
    pub orders_today: i64,
    pub revenue_today: i128,
}

/// Adds up the groups. Every status is listed, also one that no order has.
#[must_use]
pub fn totals(groups: &[Group]) -> Totals {
    let mut totals = Totals {
        by_status: OrderStatus::VARIANTS.iter().map(|status| (status.as_str().to_owned(), 0)).collect(),
        by_payment_status: PaymentStatus::VARIANTS.iter().map(|status| (status.as_str().to_owned(), 0)).collect(),
        ..Totals::default()
    };
    let mut counted = 0_i128;
    for group in groups {
        totals.orders = totals.orders.saturating_add(group.orders);
        let by_status = totals.by_status.entry(group.status.as_str().to_owned()).or_default();
        *by_status = by_status.saturating_add(group.orders);
        let by_payment = totals.by_payment_status.entry(group.payment_status.as_str().to_owned()).or_default();
        *by_payment = by_payment.saturating_add(group.orders);
        if !matches!(group.status, OrderStatus::Cancelled | OrderStatus::UnderPaying) {
            counted = counted.saturating_add(i128::from(group.orders));
            totals.revenue = totals.revenue.saturating_add(group.revenue.0);
            totals.orders_today = totals.orders_today.saturating_add(group.orders_today);
            totals.revenue_today = totals.revenue_today.saturating_add(group.revenue_today.0);
            totals.units = totals.units.saturating_add(group.units);
        }
    }
    let half = counted.checked_div(2).unwrap_or(0);
    totals.average = totals.revenue.saturating_add(half).checked_div(counted).unwrap_or(0);
    totals
}
