//! The tax rates of a store.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::store_requests::percent;
use crate::auth::Ctx;
use crate::error::{ApiError, FieldError};
use crate::idempotency::{Answer, Command};
use crate::kernel::rate::Rate;
use crate::kernel::text;
use crate::stores::change_store::replace_tax_rates;
use crate::stores::queries as stores;
use crate::stores::tax_rates::TaxRate;

/// More rates would make each checkout slower, because it reads all of them.
const MAX_RATES: usize = 200;

/// All tax rates of the store. The others are removed.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRatesRequest {
    #[validate(nested)]
    #[schema(max_items = 200)]
    rates: Vec<TaxRateRequest>,
}

/// A tax rate with its conditions. The `tax_rate` of the store is the rate without conditions.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRateRequest {
    /// The country of the delivery, as in addresses. Case and accents have no influence. Required with a region.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    country: Option<String>,
    /// The state or province of the delivery.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    region: Option<String>,
    /// The category of the product. Required without a country.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    category: Option<String>,
    #[schema(schema_with = percent)]
    percent: Rate,
    /// The name of the tax on orders.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    name: String,
}

impl From<TaxRateRequest> for TaxRate {
    fn from(request: TaxRateRequest) -> Self {
        let TaxRateRequest { country, region, category, percent, name } = request;
        Self { country, region, category, percent, name }
    }
}

/// The tax rates of the store.
#[derive(Serialize, ToSchema)]
pub struct TaxRatesResponse {
    #[schema(max_items = 200)]
    rates: Vec<TaxRateResponse>,
}

/// A tax rate with its conditions.
#[derive(Serialize, ToSchema)]
pub struct TaxRateResponse {
    #[schema(max_length = 100)]
    country: Option<String>,
    #[schema(max_length = 100)]
    region: Option<String>,
    #[schema(max_length = 100)]
    category: Option<String>,
    percent: Rate,
    #[schema(max_length = 100)]
    name: String,
}

impl TaxRatesResponse {
    fn new(rates: Vec<TaxRate>) -> Self {
        Self { rates: rates.into_iter().map(TaxRateResponse::from).collect() }
    }
}

impl From<TaxRate> for TaxRateResponse {
    fn from(rate: TaxRate) -> Self {
        let TaxRate { country, region, category, percent, name } = rate;
        Self { country, region, category, percent, name }
    }
}

/// `GET /stores/{id}/tax-rates`
pub async fn show(path: Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    ctx.in_store(&path)
        .answer("get_tax_rates", |conn, scope| Ok(TaxRatesResponse::new(stores::tax_rates::list(conn, scope.store)?)))
        .await
}

/// `PUT /stores/{id}/tax-rates`. Orders that were placed before keep their taxes.
pub async fn replace(path: Path<String>, command: Command<TaxRatesRequest>) -> Result<HttpResponse, ApiError> {
    let command = command.in_store(&path).try_map(parse)?;
    command
        .run("replace_tax_rates", |conn, scope, rates| {
            replace_tax_rates(conn, scope, rates)?;
            Ok(Answer::ok(&TaxRatesResponse::new(rates.clone()))?)
        })
        .await
}

/// Refuses too many rates, rates without conditions, regions without a country, and equal conditions.
fn parse(request: TaxRatesRequest) -> Result<Vec<TaxRate>, ApiError> {
    if request.rates.len() > MAX_RATES {
        return Err(ApiError::field("rates", format!("must have at most {MAX_RATES} rates")));
    }
    let rates: Vec<TaxRate> = request.rates.into_iter().map(TaxRate::from).collect();
    let mut errors = Vec::new();
    let mut known = HashMap::new();
    for (index, rate) in rates.iter().enumerate() {
        let field = |name: &str| format!("rates[{index}].{name}");
        if rate.country.is_none() && rate.region.is_some() {
            errors.push(FieldError::new(field("country"), "is required with a region"));
        } else if rate.country.is_none() && rate.category.is_none() {
            let message = "a country or a category is required; tax_rate of the store applies to all others";
            errors.push(FieldError::new(field("country"), message));
        } else if let Some(first) = known.insert(rate.conditions(), index) {
            errors.push(FieldError::new(format!("rates[{index}]"), format!("has the conditions of rates[{first}]")));
        }
    }
    if errors.is_empty() { Ok(rates) } else { Err(ApiError::validation(errors)) }
}
