//! The stock of one product.

use actix_web::{HttpResponse, web};
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::availability::SizeQuery;
use super::requests::refuse;
use crate::auth::{Ctx, Scope};
use crate::catalogue::size;
use crate::error::{Abort, ApiError};
use crate::http::Query;
use crate::idempotency::{Answer, Command};
use crate::inventory::change_stock::{ChangedStock, CountedAt, MovementType, StockChange, change_stock};
use crate::inventory::product_with_stock::{Stock, StockStatus, VariantWithStock};
use crate::inventory::queries::stock_by_variant;
use crate::inventory::queries::summary::{self, LocationStock};
use crate::kernel::id::{LocationId, MovementId, ProductId, ProductRef};
use crate::kernel::moment::Moment;
use crate::kernel::quantity::{MAX_STOCK, StockQuantity};
use crate::kernel::text;

/// A movement of stock: units received, units removed, or a counted quantity.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "check_quantity"))]
pub struct StockChangeRequest {
    /// From 1 for `in` and `out`, from 0 for `adjustment`: the stock, or with `on_hand` the units on the shelf.
    pub quantity: StockQuantity,
    pub movement_type: MovementType,
    /// At least one visible character.
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub reason: String,
    /// At least one visible character.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub reference_id: Option<String>,
    /// Required for a product with sizes, unless the path contains the SKU of one size.
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    pub size: Option<String>,
    /// The store's main location if absent.
    pub location_id: Option<LocationId>,
    /// If the current stock differs from this value, the change is refused.
    pub expected_stock: Option<StockQuantity>,
    /// True if the quantity of an `adjustment` was counted on the shelf, where sold units stand until they are shipped.
    #[serde(default)]
    pub on_hand: bool,
    /// The time at which the shelf was counted, at most 60 seconds in the future. Now if absent. It needs `on_hand`.
    pub counted_at: Option<Moment>,
}

fn check_quantity(request: &StockChangeRequest) -> Result<(), ValidationError> {
    let is_count = request.movement_type == MovementType::Adjustment;
    if request.on_hand && !is_count {
        return Err(refuse("on_hand", "is only for the movement_type adjustment"));
    }
    if request.counted_at.is_some() && !request.on_hand {
        return Err(refuse("counted_at", "needs on_hand"));
    }
    let moves = request.movement_type != MovementType::Adjustment;
    if moves && request.quantity.get() == 0 {
        return Err(refuse("quantity", format!("must be from 1 to {MAX_STOCK} for this movement_type")));
    }
    Ok(())
}

impl StockChangeRequest {
    fn read(&self) -> StockChange {
        StockChange {
            movement_type: self.movement_type,
            quantity: self.quantity.get(),
            on_hand: self.on_hand.then(|| self.counted_at.map_or(CountedAt::Now, |moment| CountedAt::At(moment.0))),
            expected_stock: self.expected_stock.map(StockQuantity::get),
            size: self.size.clone(),
            location: self.location_id,
            reason: self.reason.clone(),
            reference_id: self.reference_id.clone(),
        }
    }
}

/// The stock before and after the change, at its location.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockChangeResponse {
    success: bool,
    product_id: ProductId,
    previous_stock: i64,
    new_stock: i64,
    reserved_quantity: i64,
    available_quantity: i64,
    stock_status: StockStatus,
    movement_id: MovementId,
    #[schema(max_length = 1000)]
    message: String,
}

pub async fn update(path: web::Path<String>, command: Command<StockChangeRequest>) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    command
        .run("update_stock", move |conn, scope, body| {
            let changed = change_stock(conn, scope, &name, &body.read())?;
            Ok(Answer::ok(&change_response(conn, scope, &changed)?)?)
        })
        .await
}

fn change_response(
    conn: &mut PgConnection,
    scope: &Scope,
    changed: &ChangedStock,
) -> Result<StockChangeResponse, Abort> {
    let places = stock_by_variant::list_places(conn, scope.store, changed.variant)?;
    let at_location = places.iter().find(|place| place.location_id == changed.location);
    let sellable = places.iter().map(|place| place.sellable_quantity).fold(0, i64::saturating_add);
    Ok(StockChangeResponse {
        success: true,
        product_id: changed.product.product.id,
        previous_stock: changed.previous_stock,
        new_stock: changed.new_stock,
        reserved_quantity: at_location.map_or(0, |place| place.reserved_quantity),
        available_quantity: at_location.map_or(0, |place| place.available_quantity),
        stock_status: changed.status(sellable),
        movement_id: changed.movement,
        message: format!("Stock updated from {} to {}", changed.previous_stock, changed.new_stock),
    })
}

/// A product's stock, in total and by location.
#[derive(Debug, Serialize, ToSchema)]
pub struct StockResponse {
    /// The units that are not reserved. Buyers can get fewer: not the safety stock, and none of a paused location.
    available_quantity: i64,
    reserved_quantity: i64,
    sold_quantity: i64,
    stock_quantity: i64,
    locations: Vec<LocationStockResponse>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LocationStockResponse {
    location_id: LocationId,
    #[schema(max_length = 50)]
    code: String,
    #[schema(max_length = 255)]
    name: String,
    /// The units for sale, including reserved ones.
    stock_quantity: i64,
    reserved_quantity: i64,
    /// The units that are not reserved, including the safety stock.
    available_quantity: i64,
    /// The units that buyers never get.
    safety_quantity: i64,
    /// The sold units that are still on the shelf.
    committed_quantity: i64,
    /// The units on the shelf: for sale and sold.
    on_hand_quantity: i64,
    sold_quantity: i64,
    /// The units that were refused or damaged.
    quarantined_quantity: i64,
    /// The units on the road to this place.
    in_transit_quantity: i64,
    /// The units that are expected at this place: in transit, or ordered.
    incoming_quantity: i64,
}

impl From<LocationStock> for LocationStockResponse {
    fn from(row: LocationStock) -> Self {
        let LocationStock { location_id, code, name, quantities } = row;
        Self {
            location_id,
            code,
            name,
            stock_quantity: quantities.stock_quantity,
            reserved_quantity: quantities.reserved_quantity,
            available_quantity: quantities.available_quantity,
            safety_quantity: quantities.safety_quantity,
            committed_quantity: quantities.committed_quantity,
            on_hand_quantity: quantities.on_hand(),
            sold_quantity: quantities.sold_quantity,
            quarantined_quantity: quantities.quarantined_quantity,
            in_transit_quantity: quantities.in_transit_quantity,
            incoming_quantity: quantities.incoming(),
        }
    }
}

pub async fn show(path: web::Path<String>, query: Query<SizeQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let name = ProductRef::from_path(&path);
    ctx.answer("get_stock", move |conn, scope| {
        let size = query.0.size.as_deref();
        let product = stock_by_variant::get_stocked(conn, scope.store, &name)?;
        let variant = product.find(&name, size)?;
        let Stock { stock, reserved, available: _, sold } =
            variant.map_or_else(|| product.stock(), VariantWithStock::stock);
        let variant = variant.map(|variant| variant.id);
        let locations = summary::list_by_location(conn, scope.store, product.product.id, variant)?;
        Ok(StockResponse {
            available_quantity: stock.saturating_sub(reserved),
            reserved_quantity: reserved,
            sold_quantity: sold,
            stock_quantity: stock,
            locations: locations.into_iter().map(LocationStockResponse::from).collect(),
        })
    })
    .await
}
