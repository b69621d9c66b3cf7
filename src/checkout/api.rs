//! The operations that place orders.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::place_orders::Placements;
use super::placement::{Buyer, Contact, Placement, RequestedItem, Source};
use super::preview;
use crate::accounts::email::Email;
use crate::auth::{Ctx, Permission, Principal, Role};
use crate::catalogue::size;
use crate::error::ApiError;
use crate::http::client_address::client_address;
use crate::http::limits::Limiters;
use crate::http::metrics::Metrics;
use crate::idempotency::command::UnclaimedRequest;
use crate::idempotency::{Command, Keyed};
use crate::kernel::id::{AddressId, LocationId, ProductRef, StoreRef};
use crate::kernel::money::AmountInput;
use crate::kernel::quantity::{MAX_LINES, Quantity, check_line_count};
use crate::kernel::text;
use crate::settings::Settings;
use crate::stores::payment_methods::DEFAULT_METHOD;

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutRequest {
    /// Required, unless the order is collected.
    pub shipping_address_id: Option<AddressId>,
    /// The shipping address if absent.
    pub billing_address_id: Option<AddressId>,
    #[validate(length(max = 2000, message = "must have at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub notes: Option<String>,
    /// A payment method of the store; `cod` if absent.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 characters"))]
    #[schema(min_length = 1, max_length = 50)]
    pub payment_method: Option<String>,
    /// If the computed total differs from this value, the checkout is refused.
    pub expected_total: Option<AmountInput>,
    /// The buyer collects the order at this location. All units come from it, and the delivery costs nothing.
    pub pickup_location_id: Option<LocationId>,
    /// Orders the available units if some are short. The response lists what was left out; with a cart, it stays there.
    #[serde(default)]
    pub allow_partial: bool,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    #[validate(nested)]
    #[schema(min_items = 1, max_items = 100)]
    pub items: Vec<OrderItemRequest>,
    /// At least one visible character.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    pub customer_name: Option<String>,
    /// At least one visible character.
    #[validate(length(max = 50, message = "must have at most 50 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    pub customer_phone: Option<String>,
    /// Mails about the order go to this address. Without it, they go to the address of the customer's account.
    pub customer_email: Option<Email>,
    /// At least one visible character.
    #[validate(length(max = 1000, message = "must have at most 1000 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub delivery_address: Option<String>,
    pub shipping_address_id: Option<AddressId>,
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 characters"))]
    #[schema(min_length = 1, max_length = 50)]
    pub payment_method: Option<String>,
    #[validate(length(max = 2000, message = "must have at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub notes: Option<String>,
    /// The buyer collects the order at this location. All units come from it, and the delivery costs nothing.
    pub pickup_location_id: Option<LocationId>,
    /// Orders the available units if some are short. The response lists what was left out; with a cart, it stays there.
    #[serde(default)]
    pub allow_partial: bool,
    /// A discount by staff with `orders:discount`, at most the subtotal. It is shared over the items, and lowers their
    /// taxes.
    pub discount_amount: Option<AmountInput>,
    /// Selects the store, like X-Store-Id.
    pub store_id: Option<StoreRef>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderItemRequest {
    pub product_id: ProductRef,
    pub quantity: Quantity,
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50)]
    pub size: Option<String>,
    /// If the catalogue's price differs from this value, the order is refused.
    pub unit_price: Option<AmountInput>,
    /// Accepted and ignored: the order stores the catalogue's name.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[schema(max_length = 255)]
    pub product_name: Option<String>,
    /// Accepted and ignored.
    #[validate(length(max = 50, message = "must have at most 50 characters"))]
    #[schema(max_length = 50)]
    pub unit: Option<String>,
}

/// `POST /checkout`
pub async fn checkout(
    request: HttpRequest,
    command: Command<CheckoutRequest>,
    limiters: Data<Limiters>,
    placements: Data<Placements>,
    metrics: Data<Metrics>,
    settings: Data<Settings>,
) -> Result<HttpResponse, ApiError> {
    limiters.checkout_address.check(client_address(&request))?;
    let Command { ctx, body, claim } = command;
    let placement = cart_placement(&ctx.principal, body, &settings)?;
    place(ctx, Keyed { claim, request: placement }, &placements, &metrics).await
}

/// `POST /checkout/preview`
pub async fn show_preview(
    request: UnclaimedRequest<CheckoutRequest>,
    settings: Data<Settings>,
) -> Result<HttpResponse, ApiError> {
    let placement = cart_placement(&request.ctx.principal, request.body, &settings)?;
    request.ctx.answer("preview_checkout", move |conn, scope| preview::preview(conn, scope.store, &placement)).await
}

fn cart_placement(principal: &Principal, body: CheckoutRequest, settings: &Settings) -> Result<Placement, ApiError> {
    let user = principal.account()?.id;
    let CheckoutRequest { shipping_address_id, billing_address_id, notes, payment_method, .. } = body;
    if shipping_address_id.is_none() && body.pickup_location_id.is_none() {
        return Err(ApiError::field("shipping_address_id", "is required, unless the order is collected"));
    }
    Ok(Placement {
        actor: principal.actor(),
        buyer: Buyer::Account(user),
        contact: Contact::default(),
        source: Source::Cart(user),
        shipping_address: shipping_address_id,
        billing_address: billing_address_id,
        pickup: body.pickup_location_id,
        payment_method: payment_method.unwrap_or_else(|| DEFAULT_METHOD.to_owned()),
        notes,
        expected_total: body.expected_total,
        discount: None,
        allow_partial: body.allow_partial,
        payment_window_seconds: settings.payments.window_seconds,
        exchange: None,
    })
}

/// `POST /orders`
pub async fn place_order(
    request: HttpRequest,
    command: Command<OrderRequest>,
    limiters: Data<Limiters>,
    placements: Data<Placements>,
    metrics: Data<Metrics>,
    settings: Data<Settings>,
) -> Result<HttpResponse, ApiError> {
    limiters.checkout_address.check(client_address(&request))?;
    let Command { ctx, body, claim } = command;
    check_line_count(body.items.len(), MAX_LINES).map_err(|message| ApiError::field("items", message))?;
    if body.discount_amount.is_some() && !ctx.principal.can(Permission::OrdersDiscount) {
        return Err(Permission::OrdersDiscount.missing());
    }
    let ctx = match &body.store_id {
        Some(StoreRef(name)) => ctx.in_store(name),
        None => ctx,
    };
    let buyer = match &ctx.principal {
        Principal::Guest => Buyer::Guest,
        Principal::User(account) if account.role == Role::Customer => Buyer::Account(account.id),
        Principal::User(account) => Buyer::Staff(account.id),
    };
    let placement = items_placement(&ctx.principal, buyer, body, &settings);
    place(ctx, Keyed { claim, request: placement }, &placements, &metrics).await
}

fn items_placement(principal: &Principal, buyer: Buyer, body: OrderRequest, settings: &Settings) -> Placement {
    let OrderRequest { items, customer_name, customer_phone, customer_email, delivery_address, .. } = body;
    let customer_email = customer_email.map(|email| email.as_str().to_owned());
    Placement {
        actor: principal.actor(),
        buyer,
        contact: Contact { customer_name, customer_phone, customer_email, delivery_address },
        source: Source::Items(items.into_iter().map(RequestedItem::from).collect()),
        shipping_address: body.shipping_address_id,
        billing_address: None,
        pickup: body.pickup_location_id,
        payment_method: body.payment_method.unwrap_or_else(|| DEFAULT_METHOD.to_owned()),
        notes: body.notes,
        expected_total: None,
        discount: body.discount_amount,
        allow_partial: body.allow_partial,
        payment_window_seconds: settings.payments.window_seconds,
        exchange: None,
    }
}

impl From<OrderItemRequest> for RequestedItem {
    fn from(request: OrderItemRequest) -> Self {
        let OrderItemRequest { product_id, quantity, size, unit_price, product_name: _, unit: _ } = request;
        Self { product: product_id, size, quantity, unit_price }
    }
}

async fn place(
    ctx: Ctx,
    placement: Keyed<Placement>,
    placements: &Placements,
    metrics: &Metrics,
) -> Result<HttpResponse, ApiError> {
    let store = ctx.store().await?;
    let placed = ctx.retry_overdue(|| placements.submit(&ctx.database, store, &placement)).await;
    metrics.count_placement(placed.as_ref().map(|done| done.effect));
    Ok(placed?.answer.into_response())
}
