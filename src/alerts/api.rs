//! The operations on the rules by which staff get alerts.

use actix_web::HttpResponse;
use actix_web::web::Path;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::ArrayBuilder;
use validator::Validate;

use super::change_rules::{self, RuleChange, not_found};
use super::queries::rules;
use super::rule::{AlertKind, Digest, Recipient, Rule, RuleFilter, RuleSettings};
use crate::auth::Ctx;
use crate::error::{ApiError, FieldError};
use crate::http::{Query, SortQuery};
use crate::idempotency::command::NoBody;
use crate::idempotency::{Answer, Command};
use crate::kernel::id::{AlertId, LocationId, ProductId};
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::kernel::quantity::AfterHours;
use crate::kernel::schema;
use crate::kernel::text;

pub use super::queries::rules::SORTS;

/// The largest number of products that a filter can name.
const MAX_PRODUCTS: usize = 100;
/// The largest number of recipients of a rule.
const MAX_RECIPIENTS: usize = 10;

/// The schema of the recipients.
fn recipients() -> ArrayBuilder {
    let description =
        "`mail:` and an e-mail address, such as `mail:ann@example.com`, or `webhook:` and the id of a webhook.";
    schema::texts(description, 260).min_items(Some(1)).max_items(Some(MAX_RECIPIENTS))
}

/// The conditions of a rule. All of them must hold.
#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertFilterRequest {
    /// Only products of this category, for alerts about stock. Case and accents have no influence.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    category: Option<String>,
    /// Only the stock at this location, and only counts of it.
    location_id: Option<LocationId>,
    /// Only these products, for alerts about stock. Without it, all.
    #[serde(default)]
    #[schema(max_items = 100, required = false)]
    product_ids: Vec<ProductId>,
}

/// A new rule.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAlertRequest {
    kind: AlertKind,
    #[serde(default)]
    #[validate(nested)]
    #[schema(required = false)]
    filter: AlertFilterRequest,
    #[schema(schema_with = recipients)]
    to: Vec<String>,
    #[serde(default)]
    #[schema(required = false)]
    digest: Digest,
    #[serde(default = "yes")]
    #[schema(default = true)]
    active: bool,
    /// For `order_late` only: the hours without a shipment after which a paid order, or one in processing, is late. 48
    /// without it.
    after_hours: Option<AfterHours>,
}

const fn yes() -> bool {
    true
}

/// The changes to a rule. Absent fields stay as they are.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertPatchRequest {
    /// Replaces all conditions.
    #[serde(default, deserialize_with = "text::some")]
    #[validate(nested)]
    #[schema(nullable = false)]
    filter: Option<AlertFilterRequest>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(schema_with = recipients, required = false)]
    to: Option<Vec<String>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    digest: Option<Digest>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    active: Option<bool>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    after_hours: Option<AfterHours>,
}

fn parse_filter(request: AlertFilterRequest) -> Result<RuleFilter, ApiError> {
    let AlertFilterRequest { category, location_id, product_ids } = request;
    if product_ids.len() > MAX_PRODUCTS {
        return Err(ApiError::field("filter.product_ids", format!("must have at most {MAX_PRODUCTS} products")));
    }
    Ok(RuleFilter { category, location: location_id, products: product_ids })
}

fn parse_recipients(texts: &[String]) -> Result<Vec<Recipient>, ApiError> {
    if !(1..=MAX_RECIPIENTS).contains(&texts.len()) {
        return Err(ApiError::field("to", format!("must have 1 to {MAX_RECIPIENTS} recipients")));
    }
    let (mut recipients, mut errors) = (Vec::new(), Vec::new());
    for (index, text) in texts.iter().enumerate() {
        let field = || format!("to[{index}]");
        match Recipient::parse(text) {
            Ok(known) if recipients.contains(&known) => errors.push(FieldError::new(field(), "is given twice")),
            Ok(recipient) => recipients.push(recipient),
            Err(message) => errors.push(FieldError::new(field(), message)),
        }
    }
    if errors.is_empty() { Ok(recipients) } else { Err(ApiError::validation(errors)) }
}

fn parse_new(request: NewAlertRequest) -> Result<(AlertKind, RuleSettings), ApiError> {
    let NewAlertRequest { kind, filter, to, digest, active, after_hours } = request;
    let (filter, to) = (parse_filter(filter)?, parse_recipients(&to)?);
    Ok((kind, RuleSettings { filter, to, digest, active, after_hours: after_hours.map(AfterHours::get) }))
}

fn parse_change(request: AlertPatchRequest) -> Result<RuleChange, ApiError> {
    let AlertPatchRequest { filter, to, digest, active, after_hours } = request;
    let filter = filter.map(parse_filter).transpose()?;
    let to = to.as_deref().map(parse_recipients).transpose()?;
    Ok(RuleChange { filter, to, digest, active, after_hours: after_hours.map(AfterHours::get) })
}

/// The conditions of a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertFilterResponse {
    #[schema(max_length = 100)]
    category: Option<String>,
    location_id: Option<LocationId>,
    /// Empty for all products.
    #[schema(max_items = 100)]
    product_ids: Vec<ProductId>,
}

/// A rule in responses.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertResponse {
    id: AlertId,
    kind: AlertKind,
    filter: AlertFilterResponse,
    #[schema(schema_with = recipients)]
    to: Vec<String>,
    digest: Digest,
    /// False if the rule sends nothing.
    active: bool,
    /// Null for other kinds than `order_late`.
    after_hours: Option<i64>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Rule> for AlertResponse {
    fn from(rule: Rule) -> Self {
        let Rule { id, kind, settings, created_at, updated_at } = rule;
        let RuleSettings { filter, to, digest, active, after_hours } = settings;
        let RuleFilter { category, location, products } = filter;
        let filter = AlertFilterResponse { category, location_id: location, product_ids: products };
        let to = to.iter().map(ToString::to_string).collect();
        Self { id, kind, filter, to, digest, active, after_hours, created_at, updated_at }
    }
}

/// `GET /alerts`
pub async fn list(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, NEWEST_FIRST)?;
    ctx.answer("list_alerts", move |conn, scope| {
        Ok(rules::list(conn, scope.store, sort, &page)?.map(AlertResponse::from))
    })
    .await
}

/// `GET /alerts/{id}`
pub async fn show(path: Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let id = AlertId::from_path(&path);
    ctx.answer("get_alert", move |conn, scope| {
        Ok(AlertResponse::from(rules::find(conn, scope.store, id)?.ok_or_else(not_found)?))
    })
    .await
}

/// `POST /alerts`
pub async fn create(command: Command<NewAlertRequest>) -> Result<HttpResponse, ApiError> {
    command
        .try_map(parse_new)?
        .run("create_alert", |conn, scope, new| {
            Ok(Answer::created(&AlertResponse::from(change_rules::create(conn, scope, new.clone())?))?)
        })
        .await
}

/// `PATCH /alerts/{id}`
pub async fn update(path: Path<String>, command: Command<AlertPatchRequest>) -> Result<HttpResponse, ApiError> {
    let id = AlertId::from_path(&path);
    command
        .try_map(parse_change)?
        .run("update_alert", move |conn, scope, change| {
            Ok(Answer::ok(&AlertResponse::from(change_rules::change(conn, scope, id, change)?))?)
        })
        .await
}

/// `DELETE /alerts/{id}`
pub async fn delete(path: Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let id = AlertId::from_path(&path);
    command
        .run("delete_alert", move |conn, scope, _| {
            change_rules::delete(conn, scope, id)?;
            Ok(Answer::no_content())
        })
        .await
}
