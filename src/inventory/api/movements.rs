//! Reads the ledger.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::auth::{Ctx, Scope};
use crate::catalogue::queries::{products, variants};
use crate::error::{Abort, ApiError};
use crate::events::queries::{self as feed, Ids};
use crate::inventory::queries::movements::{self, LedgerRow, MovementFilter};
use crate::inventory::stock_level::MovementKind;
use crate::kernel::cursor::Cursor;
use crate::kernel::document_number;
use crate::kernel::id::{LocationId, MovementId, ProductId, ProductRef, VariantId};
use crate::kernel::moment;
use crate::kernel::page::{FeedList, FeedQuery, NEWEST_FIRST, PageQuery, Sort};
use crate::kernel::schema;
use crate::kernel::text_enum;

use crate::http::{Query, SortQuery, limit_of_feed, refuse_beyond};

pub use crate::inventory::queries::movements::SORTS;

/// All kinds of movements.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MovementsQuery {
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(schema_with = kind_filter)]
    kind: Option<MovementKind>,
    /// The number of an order or of another document, in any case, or what a stock change or a reservation was given.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[param(max_length = 100)]
    reference_id: Option<String>,
    /// Movements from this time on.
    #[serde(default, deserialize_with = "moment::in_query")]
    from: Option<DateTime<Utc>>,
    /// Movements before this time.
    #[serde(default, deserialize_with = "moment::in_query")]
    to: Option<DateTime<Utc>>,
}

fn kinds() -> ObjectBuilder {
    schema::string_enum(MovementKind::VARIANTS.iter().map(|kind| kind.as_str()))
}

fn kind_filter() -> ObjectBuilder {
    kinds().description(Some("Movements of this kind."))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MovementResponse {
    id: MovementId,
    product_id: ProductId,
    variant_id: VariantId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    location_id: LocationId,
    #[schema(schema_with = kinds)]
    kind: MovementKind,
    stock_delta: i64,
    reserved_delta: i64,
    sold_delta: i64,
    committed_delta: i64,
    stock_after: i64,
    reserved_after: i64,
    sold_after: i64,
    committed_after: i64,
    #[schema(max_length = 500)]
    reason: Option<String>,
    #[schema(max_length = 100)]
    reference_id: Option<String>,
    #[schema(max_length = 100)]
    actor: String,
    /// The time since which the change holds. It is earlier than `created_at` for a count.
    effective_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl From<LedgerRow> for MovementResponse {
    fn from(row: LedgerRow) -> Self {
        Self {
            id: row.id,
            product_id: row.product_id,
            variant_id: row.variant_id,
            sku: row.sku,
            size: row.size,
            location_id: row.location_id,
            kind: row.kind,
            stock_delta: row.stock_delta,
            reserved_delta: row.reserved_delta,
            sold_delta: row.sold_delta,
            committed_delta: row.committed_delta,
            stock_after: row.stock_after,
            reserved_after: row.reserved_after,
            sold_after: row.sold_after,
            committed_after: row.committed_after,
            reason: row.reason,
            reference_id: row.reference_id,
            actor: row.actor,
            effective_at: row.effective_at,
            created_at: row.created_at,
        }
    }
}

fn filter(query: MovementsQuery) -> MovementFilter {
    let MovementsQuery { kind, reference_id, from, to } = query;
    let reference_id = reference_id.map(document_number::in_any_case);
    MovementFilter { product: None, kind, reference_id, from, to }
}

/// The order of a period's movements without `?sort=`. It is the order of the index on their time.
const LATEST_FIRST: &str = "-created_at";

/// The ledger of the store.
pub async fn list(
    query: Query<MovementsQuery>,
    feed: Query<FeedQuery>,
    sort: Query<SortQuery>,
    page: Query<PageQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let is_of_period = query.0.from.is_some() || query.0.to.is_some();
    let default = if is_of_period { LATEST_FIRST } else { NEWEST_FIRST };
    let sort = sort.0.in_feed(&SORTS, feed.0.after.is_some(), default)?;
    let filter = filter(query.0);
    ctx.answer("list_movements", move |conn, scope| list_or_follow(conn, scope, &filter, (sort, &page.0), feed.0.after))
        .await
}

/// A page of the ledger, or the next rows of its feed.
fn list_or_follow(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &MovementFilter,
    (sort, page): (Sort, &PageQuery),
    after: Option<Cursor>,
) -> Result<FeedList<MovementResponse>, Abort> {
    let (end, _) = feed::end(conn, scope.store, Ids::Movements)?;
    let found = match after {
        Some(after) => {
            refuse_beyond(after, end)?;
            movements::list_movements_after(conn, scope.store, filter, after, limit_of_feed(page)?)?
        }
        None => FeedList::from_list(movements::list_movements(conn, scope.store, filter, sort, page)?, end),
    };
    Ok(found.map(MovementResponse::from))
}

/// The ledger of one product, or of one size.
pub async fn list_of_product(
    path: web::Path<String>,
    query: Query<MovementsQuery>,
    feed: Query<FeedQuery>,
    sort: Query<SortQuery>,
    page: Query<PageQuery>,
    ctx: Ctx,
) -> Result<HttpResponse, ApiError> {
    let sort = sort.0.in_feed(&SORTS, feed.0.after.is_some(), NEWEST_FIRST)?;
    let name = ProductRef::from_path(&path);
    let filter = filter(query.0);
    ctx.answer("list_movements_of_product", move |conn, scope| {
        let product = products::get_product(conn, scope.store, &name)?;
        let variants = variants::list_variants(conn, scope.store, product.id)?;
        // The SKU of a size selects the movements of that size.
        let variant = variants.iter().find(|variant| variant.is_named(&name) && !product.is_named(&name));
        let of = (product.id, variant.map(|variant| variant.id));
        let filter = MovementFilter { product: Some(of), ..filter.clone() };
        list_or_follow(conn, scope, &filter, (sort, &page.0), feed.0.after)
    })
    .await
}
