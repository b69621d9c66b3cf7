//! Answers if quantities can be bought now.

use std::collections::{BTreeSet, HashMap};
use std::slice;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use super::requests::check_count;
use crate::auth::{Ctx, Scope};
use crate::catalogue::lines::{self, RequestedVariant};
use crate::catalogue::size;
use crate::error::{Abort, ApiError};
use crate::http::Query;
use crate::idempotency::command::UnclaimedRequest;
use crate::inventory::alternatives::{AlternativeResponse, Alternatives, MAX_LINES_WITH_ALTERNATIVES};
use crate::inventory::availability::{self, Availability};
use crate::inventory::available_on::add_days;
use crate::inventory::one_place::limit_to_one_place;
use crate::inventory::product_with_stock::StockStatus;
use crate::inventory::queries::stock_by_variant;
use crate::kernel::id::{ProductId, ProductRef};
use crate::kernel::quantity::{MAX_LINES, MAX_QUANTITY, Quantity};
use crate::stores::queries as stores;
use crate::stores::routing_policy::RoutingSplit;

/// One size of a product; all sizes if absent.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SizeQuery {
    /// The size of the product, in any case. Without it, all sizes are added up.
    #[validate(length(max = 50, message = "must have at most 50 characters"))]
    #[param(max_length = 50)]
    pub size: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AvailabilityResponse {
    product_id: ProductId,
    #[schema(max_length = 255)]
    product_name: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    requested_quantity: i64,
    available: bool,
    available_quantity: i64,
    /// The stock on hand, including reserved units.
    current_stock: i64,
    shortage: i64,
    stock_status: StockStatus,
    /// The first day on which the requested quantity should be there, from what is on the road and ordered. Null if it is
    /// there now, or if no day is known.
    available_on: Option<NaiveDate>,
}

impl From<Availability> for AvailabilityResponse {
    fn from(line: Availability) -> Self {
        Self {
            available: line.is_available(),
            shortage: line.shortage(),
            product_id: line.product_id,
            product_name: line.product_name,
            size: line.size,
            requested_quantity: line.requested_quantity,
            available_quantity: line.available_quantity,
            current_stock: line.current_stock,
            stock_status: line.stock_status,
            available_on: line.available_on,
        }
    }
}

pub async fn show(
    path: web::Path<(String, String)>,
    query: Query<SizeQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path.0);
    let quantity = Quantity::parse(&path.1)
        .ok_or_else(|| ApiError::field("qty", format!("must be an integer from 1 to {MAX_QUANTITY}")))?;
    ctx.answer("get_availability", move |conn, scope| {
        let mut product = stock_by_variant::get_stocked(conn, scope.store, &name)?;
        let line = RequestedVariant { product: &name, size: query.0.size.as_deref(), quantity: quantity.get() };
        let variant = product.find(line.product, line.size)?.map(|variant| variant.id);
        let split = match variant {
            Some(_) => stores::get_store(conn, scope.store)?.routing.split,
            None => RoutingSplit::Allow,
        };
        if let Some(variant) = variant
            && split == RoutingSplit::Never
        {
            limit_to_one_place(conn, scope.store, &[(variant, line.quantity)], slice::from_mut(&mut product))?;
        }
        let mut line = availability::check_product(&product, &line)?;
        add_days(conn, scope.store, split, slice::from_mut(&mut line))?;
        Ok(AvailabilityResponse::from(line))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "check_items"))]
pub struct AvailabilityRequest {
    #[validate(nested)]
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<AvailabilityItemRequest>,
}

fn check_items(request: &AvailabilityRequest) -> Result<(), ValidationError> {
    check_count("items", &request.items, MAX_LINES)
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AvailabilityItemRequest {
    product_id: ProductRef,
    quantity: Quantity,
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    size: Option<String>,
}

impl AvailabilityItemRequest {
    fn read(&self) -> RequestedVariant<'_> {
        RequestedVariant { product: &self.product_id, size: self.size.as_deref(), quantity: self.quantity.get() }
    }
}

/// The availability of a list. Each line is checked after the lines before it have taken their units.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvailabilityListResponse {
    available: bool,
    items: Vec<AvailabilityItemResponse>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AvailabilityItemResponse {
    product_id: ProductId,
    #[schema(max_length = 255)]
    product_name: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    requested_quantity: i64,
    available: bool,
    available_quantity: i64,
    current_stock: i64,
    shortage: i64,
    stock_status: StockStatus,
    /// The first day on which the requested quantity should be there, from what is on the road and ordered. Null if it is
    /// there now, or if no day is known.
    available_on: Option<NaiveDate>,
    /// The quantity of this line that can be bought.
    max_fulfillable: i64,
    /// Up to five products of the same category that are in stock, for each of the first 20 lines that are short.
    alternatives: Vec<AlternativeResponse>,
}

pub async fn check(request: UnclaimedRequest<AvailabilityRequest>) -> Result<HttpResponse, ApiError> {
    let UnclaimedRequest { ctx, body } = request;
    ctx.answer("check_availability", move |conn, scope| answer(conn, scope, &body)).await
}

fn answer(
    conn: &mut PgConnection,
    scope: &Scope,
    body: &AvailabilityRequest,
) -> Result<AvailabilityListResponse, Abort> {
    let store = stores::get_store(conn, scope.store)?;
    let requested: Vec<_> = body.items.iter().map(AvailabilityItemRequest::read).collect();
    let variants = lines::find_variants(conn, scope.store, &requested)?;
    let mut products = stock_by_variant::list_with_stock(conn, scope.store, variants.iter().copied().collect())?;
    let demand: Vec<_> = variants.into_iter().zip(requested.iter().map(|line| line.quantity)).collect();
    if store.routing.split == RoutingSplit::Never {
        limit_to_one_place(conn, scope.store, &demand, &mut products)?;
    }
    let mut lines = availability::check_lines(&demand, &products);
    add_days(conn, scope.store, store.routing.split, &mut lines)?;
    let category_of: HashMap<ProductId, &str> = products
        .iter()
        .filter_map(|product| Some((product.product.id, product.product.category.as_deref()?)))
        .collect();
    let category = |line: &Availability| category_of.get(&line.product_id).copied();
    let short = lines.iter().enumerate().filter(|(_, line)| !line.is_available()).take(MAX_LINES_WITH_ALTERNATIVES);
    let category_of_short: HashMap<usize, &str> =
        short.filter_map(|(index, line)| Some((index, category(line)?))).collect();
    let categories: BTreeSet<&str> = category_of_short.values().copied().collect();
    let alternatives = Alternatives::read(conn, scope.store, &categories)?;
    let to_response = |(index, line): (usize, Availability)| {
        let category = category_of_short.get(&index).into_iter();
        let others = category.flat_map(|category| alternatives.to(line.product_id, category));
        let others = others.map(|other| AlternativeResponse::new(other, &store.currency)).collect();
        line_response(line, others)
    };
    Ok(AvailabilityListResponse {
        available: lines.iter().all(Availability::is_available),
        items: lines.into_iter().enumerate().map(to_response).collect(),
    })
}

fn line_response(line: Availability, alternatives: Vec<AlternativeResponse>) -> AvailabilityItemResponse {
    AvailabilityItemResponse {
        available: line.is_available(),
        shortage: line.shortage(),
        max_fulfillable: line.max_fulfillable,
        alternatives,
        product_id: line.product_id,
        product_name: line.product_name,
        size: line.size,
        requested_quantity: line.requested_quantity,
        available_quantity: line.available_quantity,
        current_stock: line.current_stock,
        stock_status: line.stock_status,
        available_on: line.available_on,
    }
}
