//! The reports.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::queries;
use super::verify::{self, Extent};
use crate::auth::Ctx;
use crate::db::tx::Mode;
use crate::error::ApiError;
use crate::http::Query;
use crate::kernel::moment;
use crate::kernel::money::Amount;
use crate::kernel::number;
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::stores::queries::{self as stores, Store, time_zones};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeriodQuery {
    /// At or after this time.
    #[serde(default, deserialize_with = "moment::in_query")]
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    #[serde(default, deserialize_with = "moment::in_query")]
    pub to: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StatisticsResponse {
    pub total_orders: i64,
    #[schema(value_type = BTreeMap<OrderStatus, i64>)]
    pub by_status: BTreeMap<String, i64>,
    #[schema(value_type = BTreeMap<PaymentStatus, i64>)]
    pub by_payment_status: BTreeMap<String, i64>,
    /// The totals of the orders without credits or refunds, whichever are more. Revenue and units include only orders
    /// that are neither cancelled nor unpaid (`under_paying`). Cancelled and returned units are left out.
    pub revenue: Amount,
    pub average_order_value: Amount,
    pub units_sold: i64,
    pub today: TodayResponse,
}

/// The orders of the period that were placed on the present day of the store's `time_zone` and are neither cancelled nor unpaid
/// (`under_paying`).
#[derive(Debug, Serialize, ToSchema)]
pub struct TodayResponse {
    pub orders: i64,
    pub revenue: Amount,
}

/// `GET /orders/statistics`
pub async fn statistics(Query(period): Query<PeriodQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    ctx.answer_in("order_statistics", Mode::Report, move |conn, scope| {
        let Store { currency, time_zone, .. } = stores::get_store(conn, scope.store)?;
        let (_, today) = time_zones::today(conn, &time_zone)?;
        let totals = queries::totals(&queries::order_groups(conn, scope.store, period.from, period.to, today)?);
        let amount = |minor| currency.total(minor);
        Ok(StatisticsResponse {
            total_orders: totals.orders,
            by_status: totals.by_status,
            by_payment_status: totals.by_payment_status,
            revenue: amount(totals.revenue),
            average_order_value: amount(totals.average),
            units_sold: totals.units,
            today: TodayResponse { orders: totals.orders_today, revenue: amount(totals.revenue_today) },
        })
    })
    .await
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReservationMetricsResponse {
    /// Reserved units divided by stock on hand, now.
    pub reservation_rate: f64,
    /// Holds that were sold divided by holds that ended in the period.
    pub conversion_rate: f64,
    /// Holds that expired divided by holds that ended in the period.
    pub expiry_rate: f64,
    /// Holds of orders, carts and reservations that are not overdue.
    pub active_reservations: i64,
    pub reserved_units: i64,
    /// Stock rows that match their ledger divided by all stock rows.
    pub stock_accuracy: f64,
}

/// `GET /inventory/reservations/metrics`
pub async fn reservation_metrics(Query(period): Query<PeriodQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    ctx.answer_in("reservation_metrics", Mode::Report, move |conn, scope| {
        let metrics = queries::reservation_metrics(conn, scope.store, period.from, period.to)?;
        Ok(ReservationMetricsResponse {
            reservation_rate: metrics.reservation_rate,
            conversion_rate: metrics.conversion_rate,
            expiry_rate: metrics.expiry_rate,
            active_reservations: metrics.active_reservations,
            reserved_units: metrics.reserved_units,
            stock_accuracy: metrics.stock_accuracy,
        })
    })
    .await
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VerifyQuery {
    /// `true` also checks finished orders and movements older than 30 days.
    #[serde(default, deserialize_with = "number::flag_in_query")]
    #[param(default = false)]
    pub all: Option<bool>,
}

/// `GET /inventory/verify`
pub async fn verify(Query(query): Query<VerifyQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let extent = if query.all == Some(true) { Extent::Whole } else { Extent::Recent };
    ctx.answer_in("verify", Mode::Report, move |conn, scope| Ok(verify::verify_store(conn, scope.store, extent)?)).await
}
