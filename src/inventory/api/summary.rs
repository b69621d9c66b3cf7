//! The sums of all stock, and the list of stock rows.

use actix_web::HttpResponse;
use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::answers::ProductResponses;
use crate::auth::Ctx;
use crate::db;
use crate::db::tx::Mode;
use crate::error::ApiError;
use crate::inventory::product_with_stock::StockStatus;
use crate::inventory::queries::levels;
use crate::inventory::queries::past_levels::{self, PastLevel};
use crate::inventory::queries::summary::{self, CategoryRow, LowVariant, StockAtLocation};
use crate::kernel::id::{LocationId, ProductId, VariantId};
use crate::kernel::moment;
use crate::kernel::money::{Amount, Currency};
use crate::kernel::page::PageQuery;
use crate::kernel::sum::Sum;

use crate::http::{Query, SortQuery};

pub use crate::inventory::queries::summary::SORTS;

/// The order of stock rows without `?sort=`.
pub const FIRST_BY_VARIANT: &str = "variant_id";

/// The active products of a store. Cost values are stock × cost price (0 without one); retail values are stock ×
/// price.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryResponse {
    total_products: i64,
    total_units: i64,
    reserved_units: i64,
    in_stock: i64,
    low_stock: i64,
    out_of_stock: i64,
    stock_value: Amount,
    retail_value: Amount,
    by_category: Vec<CategoryResponse>,
    /// The sizes on sale that are at or under their minimum, lowest first, at most 100.
    low_variants: Vec<LowVariantResponse>,
}

/// A size, or a product without sizes.
#[derive(Debug, Serialize, ToSchema)]
pub struct LowVariantResponse {
    product_id: ProductId,
    variant_id: VariantId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 255)]
    product_name: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    available_quantity: i64,
    /// The size's own minimum, or the product's minimum.
    min_stock_level: i64,
    stock_status: StockStatus,
}

impl From<LowVariant> for LowVariantResponse {
    fn from(row: LowVariant) -> Self {
        let LowVariant { product_id, variant_id, sku, product_name, size, available_quantity, min_stock_level } = row;
        let stock_status = StockStatus::new(available_quantity, min_stock_level);
        Self { product_id, variant_id, sku, product_name, size, available_quantity, min_stock_level, stock_status }
    }
}

/// The maximal number of sizes in the summary.
const LOW_VARIANTS: i64 = 100;

#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryResponse {
    #[schema(max_length = 100)]
    category: Option<String>,
    products: i64,
    total_units: i64,
    stock_value: Amount,
    retail_value: Amount,
}

pub async fn show(ctx: Ctx) -> Result<HttpResponse, ApiError> {
    ctx.answer_in("get_summary", Mode::Report, move |conn, scope| {
        let currency = ProductResponses::load(conn, scope)?.currency;
        let low = summary::list_low_variants(conn, scope.store, LOW_VARIANTS)?;
        let low_variants = low.into_iter().map(LowVariantResponse::from).collect();
        let summed = add_up(summary::sum_by_category(conn, scope.store)?, &currency);
        Ok(SummaryResponse { low_variants, ..summed })
    })
    .await
}

fn add_up(rows: Vec<CategoryRow>, currency: &Currency) -> SummaryResponse {
    let sum = |value: fn(&CategoryRow) -> i64| rows.iter().map(value).fold(0, i64::saturating_add);
    let (total_products, total_units) = (sum(|row| row.products), sum(|row| row.total_units));
    let (in_stock, low_stock) = (sum(|row| row.in_stock), sum(|row| row.low_stock));
    let (out_of_stock, reserved_units) = (sum(|row| row.out_of_stock), sum(|row| row.reserved_units));
    let (mut stock_value, mut retail_value) = (0_i128, 0_i128);
    let mut by_category = Vec::with_capacity(rows.len());
    for row in rows {
        let (Sum(stock), Sum(retail)) = (row.stock_value, row.retail_value);
        stock_value = stock_value.saturating_add(stock);
        retail_value = retail_value.saturating_add(retail);
        by_category.push(CategoryResponse {
            category: row.category,
            products: row.products,
            total_units: row.total_units,
            stock_value: currency.total(stock),
            retail_value: currency.total(retail),
        });
    }
    SummaryResponse {
        total_products,
        total_units,
        reserved_units,
        in_stock,
        low_stock,
        out_of_stock,
        stock_value: currency.total(stock_value),
        retail_value: currency.total(retail_value),
        by_category,
        low_variants: Vec::new(),
    }
}

/// The stock of one variant at one location.
#[derive(Debug, Serialize, ToSchema)]
pub struct LevelResponse {
    variant_id: VariantId,
    product_id: ProductId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 255)]
    product_name: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    location_id: LocationId,
    #[schema(max_length = 50)]
    location_code: String,
    /// The units for sale, including reserved ones.
    stock_quantity: i64,
    reserved_quantity: i64,
    /// The units that are not reserved, including the safety stock.
    available_quantity: i64,
    /// The units that buyers never get. Null with `as_of`: the ledger does not have it.
    safety_quantity: Option<i64>,
    /// The sold units that are still on the shelf.
    committed_quantity: i64,
    /// The units on the shelf: for sale and sold.
    on_hand_quantity: i64,
    sold_quantity: i64,
    /// The units that were refused or damaged.
    quarantined_quantity: i64,
    /// The units on the road to this place.
    in_transit_quantity: i64,
    /// The units that are expected at this place: in transit, or ordered. Null with `as_of`: the ledger does not have
    /// ordered units.
    incoming_quantity: Option<i64>,
    /// With `as_of` the time of the last movement. Null if there was none yet.
    updated_at: Option<DateTime<Utc>>,
}

impl From<StockAtLocation> for LevelResponse {
    fn from(row: StockAtLocation) -> Self {
        Self {
            variant_id: row.variant_id,
            product_id: row.product_id,
            sku: row.sku,
            product_name: row.product_name,
            size: row.size,
            location_id: row.location_id,
            location_code: row.location_code,
            stock_quantity: row.quantities.stock_quantity,
            reserved_quantity: row.quantities.reserved_quantity,
            available_quantity: row.quantities.available_quantity,
            safety_quantity: Some(row.quantities.safety_quantity),
            committed_quantity: row.quantities.committed_quantity,
            on_hand_quantity: row.quantities.on_hand(),
            sold_quantity: row.quantities.sold_quantity,
            quarantined_quantity: row.quantities.quarantined_quantity,
            in_transit_quantity: row.quantities.in_transit_quantity,
            incoming_quantity: Some(row.quantities.incoming()),
            updated_at: Some(row.updated_at),
        }
    }
}

impl From<PastLevel> for LevelResponse {
    fn from(row: PastLevel) -> Self {
        Self {
            variant_id: row.variant_id,
            product_id: row.product_id,
            sku: row.sku,
            product_name: row.product_name,
            size: row.size,
            location_id: row.location_id,
            location_code: row.location_code,
            stock_quantity: row.stock_quantity,
            reserved_quantity: row.reserved_quantity,
            available_quantity: row.available_quantity,
            safety_quantity: None,
            committed_quantity: row.committed_quantity,
            on_hand_quantity: row.stock_quantity.saturating_add(row.committed_quantity),
            sold_quantity: row.sold_quantity,
            quarantined_quantity: row.quarantined_quantity,
            in_transit_quantity: row.in_transit_quantity,
            incoming_quantity: None,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LevelsQuery {
    /// The stock as it was at this time, from the ledger; names are those of today. Rows without a movement at that time
    /// have 0 units. Holds that are past their deadline count as reserved until the ledger has their end, some seconds
    /// later. Without it, the present stock.
    #[serde(default, deserialize_with = "moment::in_query")]
    as_of: Option<DateTime<Utc>>,
}

/// `GET /inventory`
pub async fn list_levels(
    query: Query<LevelsQuery>,
    page: Query<PageQuery>,
    sort: Query<SortQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.0.among(&SORTS, FIRST_BY_VARIANT)?;
    let as_of = query.0.as_of.map(|as_of| as_of.trunc_subsecs(6));
    let mode = if as_of.is_some() && past_levels::is_by_figure(sort) { Mode::Report } else { Mode::Read };
    ctx.answer_in("list_levels", mode, move |conn, scope| {
        let Some(as_of) = as_of else {
            return Ok(summary::list_levels(conn, scope.store, sort, &page.0)?.map(LevelResponse::from));
        };
        if as_of > db::clock(conn)? {
            return Err(ApiError::field("as_of", "must not be in the future").into());
        }
        let levels = past_levels::list(conn, scope.store, as_of, sort, &page.0)?;
        let total = levels::count(conn, scope.store)?;
        Ok(page.0.list(levels, total).map(LevelResponse::from))
    })
    .await
}
