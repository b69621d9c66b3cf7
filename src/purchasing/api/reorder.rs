//! Proposals for what to order next.

use std::collections::HashMap;

use actix_web::HttpResponse;
use chrono::NaiveDate;
use diesel::{PgConnection, QueryResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::purchase_orders::{PurchaseOrderSummaryResponse, summarize};
use crate::auth::Ctx;
use crate::db::tx::Mode;
use crate::error::ApiError;
use crate::forecasting::forecast::Forecast;
use crate::forecasting::queries::forecasts;
use crate::http::{Query, SortQuery};
use crate::idempotency::{Answer, Command};
use crate::inventory::inbounds::queries::documents;
use crate::inventory::queries::locations;
use crate::kernel::id::{self, LocationId, ProductId, StoreId, SupplierId, VariantId};
use crate::kernel::money::{Amount, Currency};
use crate::kernel::page::PageQuery;
use crate::purchasing::proposal::ReorderProposal;
use crate::purchasing::queries::proposals::{self, ProposalFilter};
use crate::purchasing::reorder;
use crate::purchasing::suppliers::get_supplier;
use crate::stores::queries::{self as stores, Store, time_zones};

pub use crate::purchasing::queries::proposals::SORTS;

/// The order of proposals without `?sort=`.
pub const MOST_NEEDED_FIRST: &str = "-needed";

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReorderQuery {
    /// Only what this supplier sells, by its id.
    #[serde(default, deserialize_with = "id::in_query")]
    #[validate(range(min = 1, message = "must be an id"))]
    pub supplier: Option<i64>,
    /// The figures of this location only, by its id.
    #[serde(default, deserialize_with = "id::in_query")]
    #[validate(range(min = 1, message = "must be an id"))]
    pub location: Option<i64>,
}

/// A size, or a product without sizes, that needs more units than are available and incoming.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReorderResponse {
    product_id: ProductId,
    variant_id: VariantId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 255)]
    product_name: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    available_quantity: i64,
    incoming_quantity: i64,
    /// The units in drafts of purchase orders.
    draft_quantity: i64,
    min_stock_level: i64,
    max_stock_level: Option<i64>,
    /// The units that were sold in the last 30 days.
    sold_quantity: i64,
    /// The units at which to order: the minimum, the demand over the lead time that the store's `service_level` covers,
    /// and the safety stock of the places. The demand is that of the forecast.
    reorder_point: i64,
    /// The reorder point, less the available and incoming units.
    needed: i64,
    /// The active supplier with the lowest cost. Null if there is none.
    supplier_id: Option<SupplierId>,
    lead_time_days: Option<i64>,
    /// The units to order: filled up to the maximum, less those in drafts, in whole packs of the supplier.
    quantity: i64,
    /// The cost of these units. Null without a supplier.
    cost: Option<Amount>,
    /// The day on which the last available unit is sold if nothing arrives, by the forecast. Null if no units are expected
    /// to be sold, or if the stock lasts for a year.
    stock_out_on: Option<NaiveDate>,
}

impl ReorderResponse {
    fn new(proposal: ReorderProposal, forecast: Option<&Forecast>, today: NaiveDate, currency: &Currency) -> Self {
        let (quantity, cost) = (proposal.quantity(), proposal.cost());
        let (reorder_point, stock_out_on) = (proposal.reorder_point(), proposal.stock_out_on(today, forecast));
        Self {
            product_id: proposal.product_id,
            variant_id: proposal.variant_id,
            sku: proposal.sku,
            product_name: proposal.product_name,
            size: proposal.size,
            available_quantity: proposal.available,
            incoming_quantity: proposal.incoming,
            draft_quantity: proposal.in_drafts,
            min_stock_level: proposal.minimum,
            max_stock_level: proposal.maximum,
            sold_quantity: proposal.sold,
            reorder_point,
            needed: proposal.needed,
            supplier_id: proposal.offer.map(|offer| offer.supplier),
            lead_time_days: proposal.offer.and_then(|offer| offer.lead_time_days),
            quantity,
            cost: cost.map(|cost| currency.total(cost)),
            stock_out_on,
        }
    }
}

/// `GET /inventory/reorder`
pub async fn list(
    Query(page): Query<PageQuery>,
    Query(sort): Query<SortQuery>,
    Query(query): Query<ReorderQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.among(&SORTS, MOST_NEEDED_FIRST)?;
    let ReorderQuery { supplier, location } = query;
    let filter = ProposalFilter { supplier: supplier.map(SupplierId), location: location.map(LocationId) };
    ctx.answer_in("list_reorder", Mode::Report, move |conn, scope| {
        if let Some(supplier) = filter.supplier {
            get_supplier(conn, scope, supplier)?;
        }
        if filter.location.is_some() {
            locations::get_location(conn, scope.store, filter.location)?;
        }
        let Store { currency, time_zone, .. } = stores::get_store(conn, scope.store)?;
        let (today, _) = time_zones::today(conn, &time_zone)?;
        let (proposals, total) = proposals::list(conn, scope.store, filter, sort, (page.limit, page.offset()))?;
        let forecasts = forecasts_of(conn, scope.store, filter, &proposals)?;
        Ok(page.list(proposals, total).map(|proposal| {
            let forecast = forecasts.get(&proposal.variant_id);
            ReorderResponse::new(proposal, forecast, today, &currency)
        }))
    })
    .await
}

/// The forecasts of the whole store. A location has none of its own.
fn forecasts_of(
    conn: &mut PgConnection,
    store: StoreId,
    filter: ProposalFilter,
    proposals: &[ReorderProposal],
) -> QueryResult<HashMap<VariantId, Forecast>> {
    if filter.location.is_some() {
        return Ok(HashMap::new());
    }
    let variants: Vec<VariantId> = proposals.iter().map(|proposal| proposal.variant_id).collect();
    forecasts::list(conn, store, &variants)
}

/// The needs from which drafts are made.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReorderRequest {
    /// Only what this supplier sells.
    pub supplier_id: Option<SupplierId>,
    /// The figures of this location only, and the place where the goods arrive. Without it, all locations count, and the
    /// goods arrive at `main`.
    pub location_id: Option<LocationId>,
}

/// The drafts that were made, one for each supplier.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReorderedResponse {
    purchase_orders: Vec<PurchaseOrderSummaryResponse>,
}

/// `POST /inventory/reorder`
pub async fn create(command: Command<ReorderRequest>) -> Result<HttpResponse, ApiError> {
    command
        .run("reorder", |conn, scope, body| {
            let filter = ProposalFilter { supplier: body.supplier_id, location: body.location_id };
            let ids = reorder::reorder(conn, scope, filter)?;
            let orders = documents::list_by_id(conn, scope.store, &ids)?;
            Ok(Answer::created(&ReorderedResponse { purchase_orders: summarize(conn, scope, orders)? })?)
        })
        .await
}
