//! The report on holds.

use actix_web::{HttpRequest, HttpResponse};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::queries::{self, Active, Endings};
use crate::auth::Ctx;
use crate::db::Failure;
use crate::error::ApiError;
use crate::http::Query;
use crate::http::csv::{Cell, Format, FormatQuery, Table, Tabular};
use crate::kernel::moment;
use crate::kernel::money::{Amount, Currency};
use crate::kernel::schema;
use crate::reports::sales::period::Period;
use crate::stores::queries::{self as stores, Store, time_zones};

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HoldsQuery {
    /// The first day. Without it, the report has 30 days. At most 1100 days.
    #[serde(default, deserialize_with = "moment::day_in_query")]
    from: Option<NaiveDate>,
    /// The last day. Without it, today.
    #[serde(default, deserialize_with = "moment::day_in_query")]
    to: Option<NaiveDate>,
}

/// The units that carts and payment windows hold now, and how holds ended in the period. Days are those of the store's
/// `time_zone`.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldsReportResponse {
    /// The active holds that are not overdue, by method.
    active: Vec<ActiveHoldsResponse>,
    /// The days of the period on which holds ended, ascending, by method.
    items: Vec<EndedHoldsResponse>,
    /// The sums of the period, by method.
    totals: Vec<EndedHoldsTotalsResponse>,
}

fn holders() -> ObjectBuilder {
    schema::string_enum(["cart", "order"])
        .description(Some("`cart`: a hold of a line of a cart. `order`: the payment window of an order."))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ActiveHoldsResponse {
    #[schema(schema_with = holders)]
    holder: String,
    /// Null for carts.
    #[schema(max_length = 30)]
    payment_method: Option<String>,
    /// The number of carts or orders.
    holders: i64,
    units: i64,
    /// The totals of the orders. Null for carts.
    #[schema(required)]
    amount: Option<Amount>,
}

/// The holds that ended on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedHoldsResponse {
    day: NaiveDate,
    #[schema(schema_with = holders)]
    holder: String,
    /// Null for carts.
    #[schema(max_length = 30)]
    payment_method: Option<String>,
    /// Those that were converted, expired or released.
    ended: i64,
    /// Those whose units were sold. The hold of a cart also if its order waits for the payment.
    converted: i64,
    expired: i64,
    /// `converted` divided by `ended`.
    conversion_rate: f64,
    /// `expired` divided by `ended`.
    expiry_rate: f64,
}

/// The holds that ended in the period.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedHoldsTotalsResponse {
    #[schema(schema_with = holders)]
    holder: String,
    /// Null for carts.
    #[schema(max_length = 30)]
    payment_method: Option<String>,
    ended: i64,
    converted: i64,
    expired: i64,
    conversion_rate: f64,
    expiry_rate: f64,
}

/// `GET /reports/holds`
pub async fn show(
    request: HttpRequest,
    query: Query<HoldsQuery>,
    format: Query<FormatQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let HoldsQuery { from, to } = query.0;
    let format = Format::requested(&format.0, &request);
    ctx.answer_table("get_holds_report", format, move |conn, scope| {
        let Store { time_zone, currency, .. } = stores::get_store(conn, scope.store)?;
        let (today, _) = time_zones::today(conn, &time_zone)?;
        let period = Period::new(from, to, today)?;
        let active = queries::list_active(conn, scope.store)?;
        let endings = queries::list_endings(conn, scope.store, &time_zone, period.ends())?;
        let (items, totals): (Vec<Endings>, Vec<Endings>) = endings.into_iter().partition(|one| one.day.is_some());
        let items = items.into_iter().filter_map(EndedHoldsResponse::of_day);
        Ok(HoldsReportResponse {
            active: active.into_iter().map(|one| active_holds(one, &currency)).collect(),
            items: items.collect(),
            totals: totals.into_iter().map(EndedHoldsTotalsResponse::from).collect(),
        })
    })
    .await
}

fn active_holds(found: Active, currency: &Currency) -> ActiveHoldsResponse {
    let Active { holder_kind, payment_method, holders, units, amount } = found;
    let amount = payment_method.is_some().then(|| currency.total(amount.0));
    ActiveHoldsResponse { holder: holder_kind, payment_method, holders, units, amount }
}

impl EndedHoldsResponse {
    /// None for the sums of the period.
    fn of_day(found: Endings) -> Option<Self> {
        let Endings { day, holder_kind, payment_method, ended, converted, expired, conversion_rate, expiry_rate } =
            found;
        let day = day?;
        Some(Self { day, holder: holder_kind, payment_method, ended, converted, expired, conversion_rate, expiry_rate })
    }
}

impl From<Endings> for EndedHoldsTotalsResponse {
    fn from(found: Endings) -> Self {
        let Endings { day: _, holder_kind, payment_method, ended, converted, expired, conversion_rate, expiry_rate } =
            found;
        Self { holder: holder_kind, payment_method, ended, converted, expired, conversion_rate, expiry_rate }
    }
}

impl Tabular for HoldsReportResponse {
    fn table(&self) -> Result<Table, Failure> {
        let columns =
            ["day", "holder", "payment_method", "ended", "converted", "expired", "conversion_rate", "expiry_rate"];
        let mut table = Table::new(&columns)?;
        for item in &self.items {
            table.add(&[
                Cell::number(Some(item.day)),
                Cell::text(&item.holder),
                item.payment_method.as_deref().map_or(Cell::Empty, Cell::text),
                Cell::number(Some(item.ended)),
                Cell::number(Some(item.converted)),
                Cell::number(Some(item.expired)),
                Cell::number(Some(item.conversion_rate)),
                Cell::number(Some(item.expiry_rate)),
            ])?;
        }
        Ok(table)
    }
}
