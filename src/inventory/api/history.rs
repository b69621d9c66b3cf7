//! The stock of a product over time.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::availability::SizeQuery;
use crate::auth::Ctx;
use crate::db;
use crate::db::tx::Mode;
use crate::error::ApiError;
use crate::http::Query;
use crate::inventory::queries::past_stock::{self, PastChange};
use crate::inventory::queries::{locations, stock_by_variant};
use crate::kernel::id::{self, LocationId, ProductRef};
use crate::kernel::moment;
use crate::kernel::schema;
use crate::kernel::text_enum;
use crate::stores::queries::{self as stores, time_zones};
use crate::stores::time_zone::Interval;

/// The maximal number of points in a response.
const MAX_POINTS: i32 = 1000;

/// The number of intervals without `?from=`.
const DEFAULT_DAYS: i32 = 30;
const DEFAULT_HOURS: i32 = 24;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Only the stock at this location. Without it, all locations are added up.
    #[serde(default, deserialize_with = "id::in_query")]
    #[validate(range(min = 1, message = "must be an id"))]
    location_id: Option<i64>,
    /// The beginning of the period. Without it, 30 days or 24 hours before its end.
    #[serde(default, deserialize_with = "moment::in_query")]
    from: Option<DateTime<Utc>>,
    /// The end of the period. Without it, and if it is in the future, the present.
    #[serde(default, deserialize_with = "moment::in_query")]
    to: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(schema_with = interval_parameter)]
    interval: Option<Interval>,
}

fn interval_parameter() -> ObjectBuilder {
    schema::string_enum(Interval::VARIANTS.iter().map(|interval| interval.as_str()))
        .description(Some("`day`: the days of the store's `time_zone`, the default. `hour`: its hours."))
}

/// The stock at the end of each interval, ascending, at most 1000 points. The last point is the end of the period, or the
/// present.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockHistoryResponse {
    items: Vec<StockPointResponse>,
}

/// The stock at a time, as `GET /inventory` lists it with `as_of`.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockPointResponse {
    /// The end of the interval.
    at: DateTime<Utc>,
    /// The units for sale, including reserved ones.
    stock_quantity: i64,
    reserved_quantity: i64,
    /// The units that are not reserved, including the safety stock.
    available_quantity: i64,
    /// The sold units that are still on the shelf.
    committed_quantity: i64,
}

/// `GET /inventory/products/{id}/history`
pub async fn show(
    path: web::Path<String>,
    size: Query<SizeQuery>,
    query: Query<HistoryQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    let HistoryQuery { location_id, from, to, interval } = query.0;
    let interval = interval.unwrap_or_default();
    let location = location_id.map(LocationId);
    ctx.answer_in("get_stock_history", Mode::List, move |conn, scope| {
        let product = stock_by_variant::get_stocked(conn, scope.store, &name)?;
        let variants = product.find_all(&name, size.0.size.as_deref())?;
        if let Some(location) = location {
            locations::get_location(conn, scope.store, Some(location))?;
        }
        let zone = stores::get_store(conn, scope.store)?.time_zone;
        let period = Period::new(interval, (from, to), db::clock(conn)?)?;
        let mut times = time_zones::list_beginnings(conn, &zone, interval, (period.from, period.to), most_points())?;
        times.push(period.to);
        if times.len() > most_points() {
            return Err(too_many_points(interval).into());
        }
        let changes = past_stock::list_changes(conn, scope.store, (&variants, location), &times)?;
        Ok(StockHistoryResponse { items: points(&times, &changes) })
    })
    .await
}

fn most_points() -> usize {
    usize::try_from(MAX_POINTS).unwrap_or_default()
}

/// The requested period, up to the present. It has at most about as many intervals as there may be points.
#[derive(Debug, PartialEq, Eq)]
struct Period {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Period {
    fn new(
        interval: Interval,
        (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let default = match interval {
            Interval::Hour => DEFAULT_HOURS,
            Interval::Day => DEFAULT_DAYS,
        };
        let to = to.map_or(now, |to| to.trunc_subsecs(6).min(now));
        let from = from.map(|from| from.trunc_subsecs(6));
        let from = from.unwrap_or_else(|| to.checked_sub_signed(interval.times(default)).unwrap_or(to));
        if from >= now {
            return Err(ApiError::field("from", "must be in the past"));
        }
        if from >= to {
            return Err(ApiError::field("to", "must be after from"));
        }
        // A day may have 25 hours.
        let longest = interval.times(MAX_POINTS.saturating_mul(2));
        if to.signed_duration_since(from) > longest {
            return Err(too_many_points(interval));
        }
        Ok(Self { from, to })
    }
}

fn too_many_points(interval: Interval) -> ApiError {
    let intervals = match interval {
        Interval::Hour => "hours; use a shorter period, or interval=day",
        Interval::Day => "days; use a shorter period",
    };
    ApiError::field("from", format!("must give at most {MAX_POINTS} points. The period has more {intervals}"))
}

/// Adds the changes up. A time without a change has the figures of the time before.
fn points(times: &[DateTime<Utc>], changes: &[PastChange]) -> Vec<StockPointResponse> {
    let mut changes = changes.iter().peekable();
    let (mut stock, mut reserved, mut committed) = (0_i64, 0_i64, 0_i64);
    let point = |(number, at): (i32, &DateTime<Utc>)| {
        while let Some(change) = changes.next_if(|change| change.point <= number) {
            stock = stock.saturating_add(change.stock);
            reserved = reserved.saturating_add(change.reserved);
            committed = committed.saturating_add(change.committed);
        }
        StockPointResponse {
            at: *at,
            stock_quantity: stock,
            reserved_quantity: reserved,
            available_quantity: stock.saturating_sub(reserved),
            committed_quantity: committed,
        }
    };
    (1..).zip(times).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}Z").parse().unwrap()
    }

    #[test]
    fn a_period_ends_in_the_present_and_begins_before_its_end() {
        let now = at("2026-11-21T10:30:00");
        let period = |interval, from: &str, to: &str| {
            let read = |text: &str| (!text.is_empty()).then(|| at(text));
            Period::new(interval, (read(from), read(to)), now).map(|period| (period.from, period.to))
        };
        assert_eq!(period(Interval::Day, "", "").unwrap(), (at("2026-10-22T10:30:00"), now));
        assert_eq!(period(Interval::Hour, "", "").unwrap(), (at("2026-11-20T10:30:00"), now));
        let past = (at("2026-11-01T00:00:00"), at("2026-11-02T00:00:00"));
        assert_eq!(period(Interval::Hour, "2026-11-01T00:00:00", "2026-11-02T00:00:00").unwrap(), past);
        assert_eq!(period(Interval::Day, "2026-11-01T00:00:00", "2027-01-01T00:00:00").unwrap(), (past.0, now));
        for (interval, from, to, field) in [
            (Interval::Day, "2026-11-21T10:30:00", "", "from"),
            (Interval::Day, "2027-01-01T00:00:00", "2027-01-02T00:00:00", "from"),
            (Interval::Day, "2026-11-02T00:00:00", "2026-11-01T00:00:00", "to"),
            (Interval::Day, "0000-01-01T00:00:00", "", "from"),
            (Interval::Hour, "2026-01-01T00:00:00", "", "from"),
        ] {
            let refusal = period(interval, from, to).unwrap_err();
            assert_eq!(refusal.extra.errors[0].field, field, "{from} {to}");
        }
    }

    #[test]
    fn a_time_without_a_change_has_the_figures_of_the_time_before() {
        let times: Vec<_> = (1..=4).map(|hour| at(&format!("2026-11-21T0{hour}:00:00"))).collect();
        let change = |point, stock, reserved, committed| PastChange { point, stock, reserved, committed };
        let found = points(&times, &[change(2, 10, 3, 0), change(4, -2, -2, 2)]);
        let figures = |point: &StockPointResponse| {
            (point.stock_quantity, point.reserved_quantity, point.available_quantity, point.committed_quantity)
        };
        let found: Vec<_> = found.iter().map(figures).collect();
        assert_eq!(found, [(0, 0, 0, 0), (10, 3, 7, 0), (10, 3, 7, 0), (8, 1, 7, 2)]);
    }
}
