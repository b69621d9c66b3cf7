//! The safety stock of a product.

use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::stock::LocationStockResponse;
use crate::auth::Scope;
use crate::catalogue::size;
use crate::db::Failure;
use crate::error::{Abort, ApiError};
use crate::idempotency::{Answer, Command};
use crate::inventory::queries::summary;
use crate::inventory::set_safety::{SafetyStock, set_safety};
use crate::kernel::id::{LocationId, ProductId, ProductRef, VariantId};
use crate::kernel::quantity::StockQuantity;

/// The units of a product, or of one size, that buyers never get at a location.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SafetyRequest {
    location_id: LocationId,
    /// Required for a product with sizes, unless the path contains the SKU of one size.
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    size: Option<String>,
    quantity: StockQuantity,
}

impl SafetyRequest {
    fn read(&self) -> SafetyStock {
        SafetyStock { location: self.location_id, size: self.size.clone(), quantity: self.quantity.get() }
    }
}

/// The stock of one variant at one location.
#[derive(Debug, Serialize, ToSchema)]
pub struct VariantLevelResponse {
    product_id: ProductId,
    variant_id: VariantId,
    level: LocationStockResponse,
}

/// Reads the stock of one variant at one location.
pub fn read_level(
    conn: &mut PgConnection,
    scope: &Scope,
    (product, variant): (ProductId, VariantId),
    location: LocationId,
) -> Result<LocationStockResponse, Abort> {
    let levels = summary::list_by_location(conn, scope.store, product, Some(variant))?;
    let level = levels.into_iter().find(|level| level.location_id == location);
    let missing = || Failure::Internal(format!("no stock row of variant {variant} at {location}"));
    Ok(level.map(LocationStockResponse::from).ok_or_else(missing)?)
}

/// `PUT /inventory/products/{id}/safety`
pub async fn update(path: web::Path<String>, command: Command<SafetyRequest>) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    command
        .run("set_safety", move |conn, scope, body| {
            let (product_id, variant_id) = set_safety(conn, scope, &name, &body.read())?;
            let level = read_level(conn, scope, (product_id, variant_id), body.location_id)?;
            Ok(Answer::ok(&VariantLevelResponse { product_id, variant_id, level })?)
        })
        .await
}
