//! The operations on a cart.

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::holding::{self, Target};
use super::queries::{self, Cart, CartLine, NewLine};
use super::response::{self, CartResponse};
use crate::auth::{Ctx, Scope};
use crate::catalogue::lines::{self, RequestedVariant};
use crate::catalogue::queries::sellables;
use crate::catalogue::size;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::idempotency::{Answer, Command, command::NoBody};
use crate::kernel::id::{CartItemId, ProductRef, VariantId};
use crate::kernel::quantity::{MAX_LINES, MAX_QUANTITY, Quantity};
use crate::settings::{Reservations, Settings};
use crate::stores::queries as stores;

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
    let cart =
        ctx.read("get_cart", |conn, scope| response::read(conn, scope.store, scope.principal.account()?.id)).await?;
    Ok(HttpResponse::Ok().json(cart))
}

/// `POST /cart/items`
pub async fn add(command: Command<AddItemRequest>, settings: Data<Settings>) -> Result<HttpResponse, ApiError> {
    command
        .run("add_cart_item", move |conn, scope, body| {
            Ok(Answer::created(&add_item(conn, scope, body, &settings.reservations)?)?)
        })
        .await
}

fn add_item(
    conn: &mut PgConnection,
    scope: &Scope,
    body: &AddItemRequest,
    terms: &Reservations,
) -> Result<CartResponse, Abort> {
    let variant = resolve_one(conn, scope, body)?;
    let (cart, lines) = lock_cart(conn, scope)?;
    refuse_archived(conn, scope, variant)?;
    let at = db::clock(conn)?;
    let known = lines.iter().find(|line| line.variant_id == variant);
    let quantity = known.map_or(0, |line| line.quantity).saturating_add(body.quantity.get());
    match known {
        Some(_) if quantity > MAX_QUANTITY => {
            let message = format!("makes {quantity} with what is in the cart; the most is {MAX_QUANTITY}");
            return Err(ApiError::field("quantity", message).into());
        }
        Some(line) => queries::update_line(conn, scope.store, line, quantity, at)?,
        None if lines.len() >= MAX_LINES => {
            return Err(ApiError::field("product_id", format!("a cart has at most {MAX_LINES} lines")).into());
        }
        None => queries::insert_line(conn, scope.store, NewLine { cart: cart.id, variant, quantity }, at)?,
    }
    hold(conn, scope, &cart, &[Target { variant, quantity }], terms)?;
    response::read(conn, scope.store, cart.user_id)
}

/// Refuses to add units of a product that cannot be bought any more.
fn refuse_archived(conn: &mut PgConnection, scope: &Scope, variant: VariantId) -> Result<(), Abort> {
    let sellable = sellables::load(conn, scope.store, &[variant])?.pop();
    match sellable.filter(|sellable| !sellable.is_active) {
        Some(archived) => {
            Err(ApiError::new(Code::ProductUnavailable, response::unavailable(&archived.product_name)).into())
        }
        None => Ok(()),
    }
}

/// Holds the targets, if the store holds carts. If the store has turned cart holds off, a job releases the old holds.
fn hold(
    conn: &mut PgConnection,
    scope: &Scope,
    cart: &Cart,
    targets: &[Target],
    terms: &Reservations,
) -> Result<(), Abort> {
    if stores::get_store(conn, scope.store)?.hold_cart_items {
        holding::hold(conn, scope, cart, targets, terms)?;
    }
    Ok(())
}

fn resolve_one(conn: &mut PgConnection, scope: &Scope, body: &AddItemRequest) -> Result<VariantId, Abort> {
    let (product, size) = (&body.product_id, body.size.as_deref());
    let resolved = sellables::resolve(conn, scope.store, &[(product, size)])?;
    let requested = RequestedVariant { product, size, quantity: body.quantity.get() };
    let line = lines::add_up(&[requested], &resolved)?.pop();
    line.map(|line| line.variant).ok_or_else(|| Failure::Internal("a product was not looked up".to_owned()).into())
}

fn lock_cart(conn: &mut PgConnection, scope: &Scope) -> Result<(Cart, Vec<CartLine>), Abort> {
    let user = scope.principal.account()?.id;
    let at = db::clock(conn)?;
    let cart = queries::get_for_update(conn, scope.store, user, at)?;
    let lines = queries::list_lines(conn, scope.store, &[cart.id])?.remove(&cart.id).unwrap_or_default();
    Ok((cart, lines))
}

fn find_line(lines: &[CartLine], item: CartItemId) -> Result<&CartLine, ApiError> {
    lines
        .iter()
        .find(|line| line.id == item)
        .ok_or_else(|| ApiError::not_found(Code::CartItemNotFound, format_args!("Cart item {item}")))
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
            let (cart, lines) = lock_cart(conn, scope)?;
            let line = find_line(&lines, item)?;
            let at = db::clock(conn)?;
            let quantity = body.quantity.get();
            if quantity > line.quantity {
                refuse_archived(conn, scope, line.variant_id)?;
            }
            queries::update_line(conn, scope.store, line, quantity, at)?;
            let target = Target { variant: line.variant_id, quantity };
            hold(conn, scope, &cart, &[target], &settings.reservations)?;
            Ok(Answer::ok(&response::read(conn, scope.store, cart.user_id)?)?)
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
            let (cart, lines) = lock_cart(conn, scope)?;
            let line = find_line(&lines, item)?;
            remove_lines(conn, scope, &cart, &[*line], &settings.reservations)?;
            Ok(Answer::ok(&response::read(conn, scope.store, cart.user_id)?)?)
        })
        .await
}

/// `DELETE /cart`
pub async fn clear(command: Command<NoBody>, settings: Data<Settings>) -> Result<HttpResponse, ApiError> {
    command
        .run("clear_cart", move |conn, scope, _body| {
            let (cart, lines) = lock_cart(conn, scope)?;
            remove_lines(conn, scope, &cart, &lines, &settings.reservations)?;
            Ok(Answer::no_content())
        })
        .await
}

/// Deletes lines of a locked cart and releases their holds.
fn remove_lines(
    conn: &mut PgConnection,
    scope: &Scope,
    cart: &Cart,
    lines: &[CartLine],
    terms: &Reservations,
) -> Result<(), Abort> {
    let ids: Vec<CartItemId> = lines.iter().map(|line| line.id).collect();
    queries::delete_lines(conn, scope.store, &ids)?;
    let targets: Vec<Target> = lines.iter().map(|line| Target { variant: line.variant_id, quantity: 0 }).collect();
    hold(conn, scope, cart, &targets, terms)
}
