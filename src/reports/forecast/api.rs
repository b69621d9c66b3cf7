//! The forecast of a size, or of a product without sizes.

use actix_web::HttpResponse;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::auth::Ctx;
use crate::error::ApiError;
use crate::forecasting::compute;
use crate::forecasting::forecast::{Forecast, ForecastDay};
use crate::forecasting::method::Method;
use crate::forecasting::queries::demand;
use crate::http::Query;
use crate::inventory::queries::stock_by_variant;
use crate::kernel::id::ProductRef;
use crate::kernel::number;
use crate::reports::rounded::{rounded, rounded_to};
use crate::stores::queries as stores;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ForecastQuery {
    /// The product, by its id or SKU.
    #[serde(default)]
    #[validate(length(min = 1, max = 255, message = "must have 1 to 255 characters"))]
    #[param(required = true, value_type = ProductRef)]
    product_id: String,
    /// Required for a product with sizes.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 characters"))]
    #[param(min_length = 1, max_length = 50)]
    size: Option<String>,
    /// The number of days.
    #[serde(default = "default_horizon", deserialize_with = "number::integer_in_query")]
    #[validate(range(min = 1, max = 90, message = "must be from 1 to 90"))]
    #[param(minimum = 1, maximum = 90, default = 28)]
    horizon: i64,
}

fn default_horizon() -> i64 {
    28
}

/// The expected demand of the next days, and the errors of the same method in the past of the variant.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastResponse {
    /// The method with the least errors in the past of the variant. `category_profile` if the variant has a past of less
    /// than 8 weeks with stock.
    method: Method,
    /// The mean absolute error, in units of that of a forecast that repeats the demand of the week before. Null without a
    /// past of 8 weeks, or if that forecast made no error.
    mase: Option<f64>,
    /// The mean of the expected demand less the real one, in units a day. Null without a past of 8 weeks.
    bias: Option<f64>,
    coverage: CoverageResponse,
    items: Vec<ForecastDayResponse>,
}

/// The share of days of the past that were inside of the intervals, from 0 to 1. Null without a past of 8 weeks.
#[derive(Debug, Serialize, ToSchema)]
pub struct CoverageResponse {
    /// Inside of the interval of 80 percent.
    #[serde(rename = "80")]
    #[schema(minimum = 0, maximum = 1)]
    of_80: Option<f64>,
    /// Inside of the interval of 95 percent.
    #[serde(rename = "95")]
    #[schema(minimum = 0, maximum = 1)]
    of_95: Option<f64>,
}

/// A day of the store, from tomorrow on. The bounds are null if the variant has no past and its category has no forecast.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastDayResponse {
    day: NaiveDate,
    /// The units that buyers are expected to want.
    #[schema(minimum = 0)]
    expected: f64,
    #[schema(minimum = 0)]
    low_80: Option<f64>,
    #[schema(minimum = 0)]
    high_80: Option<f64>,
    #[schema(minimum = 0)]
    low_95: Option<f64>,
    #[schema(minimum = 0)]
    high_95: Option<f64>,
}

/// `GET /reports/forecast`
pub async fn show(Query(query): Query<ForecastQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let ForecastQuery { product_id, size, horizon } = query;
    let name = ProductRef::from_path(&product_id);
    let horizon = usize::try_from(horizon).unwrap_or_default();
    ctx.answer("get_forecast", move |conn, scope| {
        let product = stock_by_variant::get_stocked(conn, scope.store, &name)?;
        let variant = product.variant(&name, size.as_deref())?.id;
        let store = stores::get_store(conn, scope.store)?;
        let calendar = demand::find_calendar(conn, &store.time_zone)?;
        let tracked = demand::get(conn, scope.store, &store.time_zone, variant)?;
        let forecast = compute::get_forecast(conn, scope.store, &calendar, &tracked, store.service_level)?;
        Ok(response(&forecast, calendar.tomorrow(), horizon))
    })
    .await
}

fn response(forecast: &Forecast, from: NaiveDate, horizon: usize) -> ForecastResponse {
    let accuracy = forecast.accuracy;
    ForecastResponse {
        method: forecast.method,
        mase: accuracy.mase.map(rounded),
        bias: accuracy.bias.map(rounded),
        coverage: CoverageResponse {
            of_80: accuracy.coverage.map(|coverage| rounded(coverage.of_80)),
            of_95: accuracy.coverage.map(|coverage| rounded(coverage.of_95)),
        },
        items: forecast.days(from, horizon).map(day_response).collect(),
    }
}

fn day_response(ForecastDay { day, expected, interval }: ForecastDay) -> ForecastDayResponse {
    let bound = |number: f64| rounded_to(3, number);
    ForecastDayResponse {
        day,
        expected: bound(expected),
        low_80: interval.map(|interval| bound(interval.low_80)),
        high_80: interval.map(|interval| bound(interval.high_80)),
        low_95: interval.map(|interval| bound(interval.low_95)),
        high_95: interval.map(|interval| bound(interval.high_95)),
    }
}
