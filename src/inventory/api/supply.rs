//! The units that will arrive: their days for buyers, their documents for staff.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use diesel::{PgConnection, QueryResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::availability::SizeQuery;
use crate::auth::Ctx;
use crate::catalogue::queries::codes;
use crate::db::Failure;
use crate::error::ApiError;
use crate::http::{Query, SortQuery};
use crate::inventory::inbounds::origin::InboundKind;
use crate::inventory::inbounds::queries::incoming::{self, IncomingLine};
use crate::inventory::inbounds::queries::supply;
use crate::inventory::queries::stock_by_variant;
use crate::kernel::id::{
    self, InboundId, InboundLineId, LocationId, ProductId, ProductRef, StoreId, SupplierId, VariantId,
};
use crate::kernel::page::PageQuery;

pub use crate::inventory::inbounds::queries::incoming::SORTS;

/// The order of incoming lines without `?sort=`.
pub const SOONEST_FIRST: &str = "expected_on";

/// The units of a product that can be bought now, and those that will arrive.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupplyResponse {
    product_id: ProductId,
    #[schema(max_length = 50)]
    size: Option<String>,
    available_quantity: i64,
    /// In the order of the days.
    supply: Vec<ExpectedResponse>,
}

/// Units that are on the road to a place that sells, or ordered for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExpectedResponse {
    /// Null if the day is not known, or if it has passed: nobody knows when overdue units arrive.
    expected_on: Option<NaiveDate>,
    quantity: i64,
}

/// `GET /inventory/products/{id}/supply`
pub async fn show(path: web::Path<String>, Query(query): Query<SizeQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    ctx.answer("get_supply", move |conn, scope| {
        let product = stock_by_variant::get_stocked(conn, scope.store, &name)?;
        let variant = product.find(&name, query.size.as_deref())?;
        let variants: Vec<VariantId> = match variant {
            Some(variant) => vec![variant.id],
            None => product.variants.iter().map(|variant| variant.id).collect(),
        };
        Ok(SupplyResponse {
            product_id: product.product.id,
            size: variant.and_then(|variant| variant.size.clone()),
            available_quantity: variant.map_or(product.stock(), |variant| variant.stock()).available,
            supply: list_by_day(conn, scope.store, &variants)?,
        })
    })
    .await
}

fn list_by_day(
    conn: &mut PgConnection,
    store: StoreId,
    variants: &[VariantId],
) -> Result<Vec<ExpectedResponse>, Failure> {
    // Units without a day come last.
    let mut by_day: BTreeMap<(bool, Option<NaiveDate>), i64> = BTreeMap::new();
    for expected in supply::list(conn, store, variants)? {
        let sum = by_day.entry((expected.day.is_none(), expected.day)).or_default();
        *sum = sum.saturating_add(expected.quantity);
    }
    let response = |((_, expected_on), quantity)| ExpectedResponse { expected_on, quantity };
    Ok(by_day.into_iter().map(response).collect())
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IncomingQuery {
    /// Units for this location, by its id.
    #[serde(default, deserialize_with = "id::in_query")]
    #[validate(range(min = 1, message = "must be an id"))]
    pub location: Option<i64>,
    /// Units of this product, by its id or SKU.
    #[validate(length(min = 1, max = 255, message = "must have 1 to 255 characters"))]
    #[param(value_type = Option<ProductRef>)]
    pub product: Option<String>,
}

/// A line of a transfer or of a purchase order of which units may still arrive.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncomingResponse {
    kind: InboundKind,
    /// The id of the transfer or of the purchase order.
    id: InboundId,
    /// Its number.
    #[schema(pattern = "^(TRF|PO)-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    number: String,
    line_id: InboundLineId,
    product_id: ProductId,
    variant_id: VariantId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 255)]
    product_name: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    /// The source of a transfer.
    from_location_id: Option<LocationId>,
    /// The supplier of a purchase order.
    supplier_id: Option<SupplierId>,
    /// The place where the units arrive.
    location_id: LocationId,
    expected_on: Option<NaiveDate>,
    /// The units that may still arrive.
    outstanding_quantity: i64,
}

impl From<IncomingLine> for IncomingResponse {
    fn from(line: IncomingLine) -> Self {
        Self {
            kind: line.kind,
            id: line.inbound_id,
            number: line.inbound_number,
            line_id: line.line_id,
            product_id: line.product_id,
            variant_id: line.variant_id,
            sku: line.sku,
            product_name: line.product_name,
            size: line.size,
            from_location_id: line.from_location_id,
            supplier_id: line.supplier_id,
            location_id: line.location_id,
            expected_on: line.expected_on,
            outstanding_quantity: line.quantity,
        }
    }
}

/// `GET /inventory/incoming`
pub async fn list_incoming(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(query): Query<IncomingQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, SOONEST_FIRST)?;
    let (location, product) = (query.location.map(LocationId), query.product);
    ctx.answer("list_incoming", move |conn, scope| {
        let product = product.as_deref().map(ProductRef::from_path);
        let product = product.map(|name| find_product_id(conn, scope.store, &name)).transpose()?;
        let filter = (location, product);
        Ok(incoming::list(conn, scope.store, filter, sort, &page)?.map(IncomingResponse::from))
    })
    .await
}

/// An unknown SKU is mapped to an id that never exists, so the list is empty.
fn find_product_id(conn: &mut PgConnection, store: StoreId, name: &ProductRef) -> QueryResult<ProductId> {
    match name {
        ProductRef::Id(id) => Ok(*id),
        ProductRef::Sku(sku) => Ok(codes::find_product(conn, store, sku)?.unwrap_or(ProductId(0))),
    }
}
