//! Moves of units between a location and its quarantine.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::requests::refuse;
use super::safety::read_level;
use super::stock::LocationStockResponse;
use crate::catalogue::size;
use crate::error::ApiError;
use crate::idempotency::{Answer, Command};
use crate::inventory::move_stock::{MoveSource, MoveTarget, StockMove, move_stock};
use crate::kernel::id::{LocationId, ProductId, ProductRef, VariantId};
use crate::kernel::quantity::{MAX_STOCK, StockQuantity};
use crate::kernel::text;

/// A move of units at a location.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "check_quantity"))]
pub struct MoveRequest {
    #[schema(minimum = 1)]
    quantity: StockQuantity,
    /// Required for a product with sizes, unless the path contains the SKU of one size.
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    size: Option<String>,
    location_id: LocationId,
    from: MoveSource,
    /// It differs from `from`.
    to: MoveTarget,
    /// At least one visible character.
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    reason: String,
}

fn check_quantity(request: &MoveRequest) -> Result<(), ValidationError> {
    if request.quantity.get() == 0 {
        return Err(refuse("quantity", format!("must be from 1 to {MAX_STOCK}")));
    }
    Ok(())
}

impl MoveRequest {
    fn read(&self) -> StockMove {
        StockMove {
            quantity: self.quantity.get(),
            size: self.size.clone(),
            location: self.location_id,
            from: self.from,
            to: self.to,
            reason: self.reason.clone(),
        }
    }
}

/// A move, with the stock at its location after it.
#[derive(Debug, Serialize, ToSchema)]
pub struct MoveResponse {
    /// The reference of its movements.
    #[schema(max_length = 100)]
    reference_id: String,
    product_id: ProductId,
    variant_id: VariantId,
    level: LocationStockResponse,
}

/// `POST /inventory/products/{id}/move`
pub async fn create(path: web::Path<String>, command: Command<MoveRequest>) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    command
        .run("move_stock", move |conn, scope, body| {
            let moved = move_stock(conn, scope, &name, &body.read())?;
            let level = read_level(conn, scope, (moved.product, moved.variant), moved.location)?;
            let (product_id, variant_id) = (moved.product, moved.variant);
            Ok(Answer::ok(&MoveResponse { reference_id: moved.number, product_id, variant_id, level })?)
        })
        .await
}
