//! The operations on a cart.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::change_cart::CartChange;
use super::response::{self, CartResponse};
use crate::auth::{Ctx, Scope};
use crate::catalogue::lines::RequestedVariant;
use crate::catalogue::size;
use crate::error::{Abort, ApiError};
use crate::idempotency::{Answer, Command, command::NoBody};
use crate::kernel::id::{CartItemId, ProductRef};
use crate::kernel::quantity::Quantity;
use crate::settings::Settings;

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddItemRequest {
    pub product_id: ProductRef,
    pub quantity: Quantity,
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50)]
    pub size: Option<String>,
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQuantityRequest {
    pub quantity: Quantity,
}

/// `GET /cart`
pub async fn show(ctx: Ctx) -> Result<HttpResponse, ApiError> {
    ctx.answer("get_cart", read).await
}

fn read(conn: &mut PgConnection, scope: &Scope) -> Result<CartResponse, Abort> {
    response::read(conn, scope.store, scope.principal.account()?.id)
}

/// `POST /cart/items`
pub async fn add(command: Command<AddItemRequest>, settings: Data<Settings>) -> Result<HttpResponse, ApiError> {
    command
        .run("add_cart_item", move |conn, scope, body| {
            let (product, size) = (&body.product_id, body.size.as_deref());
            let item = RequestedVariant { product, size, quantity: body.quantity.get() };
            CartChange { conn, scope, reservations: &settings.reservations }.add_item(item)?;
            Ok(Answer::created(&read(conn, scope)?)?)
        })
        .await
}

/// `PUT /cart/items/{id}`
pub async fn set_quantity(
    path: web::Path<String>,
    command: Command<SetQuantityRequest>,
    settings: Data<Settings>,
) -> Result<HttpResponse, ApiError> {
    let item = CartItemId::from_path(&path);
    command
        .run("set_cart_quantity", move |conn, scope, body| {
            CartChange { conn, scope, reservations: &settings.reservations }.set_quantity(item, body.quantity)?;
            Ok(Answer::ok(&read(conn, scope)?)?)
        })
        .await
}

/// `DELETE /cart/items/{id}`
pub async fn remove(
    path: web::Path<String>,
    command: Command<NoBody>,
    settings: Data<Settings>,
) -> Result<HttpResponse, ApiError> {
    let item = CartItemId::from_path(&path);
    command
        .run("remove_cart_item", move |conn, scope, _body| {
            CartChange { conn, scope, reservations: &settings.reservations }.remove_item(item)?;
            Ok(Answer::ok(&read(conn, scope)?)?)
        })
        .await
}

/// `DELETE /cart`
pub async fn clear(command: Command<NoBody>, settings: Data<Settings>) -> Result<HttpResponse, ApiError> {
    command
        .run("clear_cart", move |conn, scope, _body| {
            CartChange { conn, scope, reservations: &settings.reservations }.clear()?;
            Ok(Answer::no_content())
        })
        .await
}
