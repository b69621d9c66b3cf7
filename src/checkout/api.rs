//! The calls that place, change and settle orders.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use diesel::PgConnection;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::cancel::{self, Cancellation};
use super::place_orders::{Outcome, place_orders};
use super::placement::{Buyer, Contact, Placement, RequestedItem, Source};
use super::preview;
use super::settle::{self, Settlement};
use super::update::{self, Change};
use crate::access::{Ctx, Permission, Principal, Role, Scope};
use super::refusal::Refusal;
use crate::db::{End, Failure};
use crate::error::{ApiError, Halt, Overdue, Rejected};
use crate::idempotency::{Answer, Command, command::Question};
use crate::identity::payment_methods::DEFAULT_METHOD;
use crate::kernel::id::{AddressId, OrderId, ProductRef, StoreId, StoreRef};
use crate::kernel::money::AmountInput;
use crate::kernel::quantity::{MAX_LINES, Quantity};
use crate::kernel::text;
use crate::orders::api::{Viewer, not_found};
use crate::orders::order::{Order, OrderRef};
use crate::orders::status::{OrderStatus, PaymentStatus};
use crate::orders::store::{list, orders};
use crate::settings::Settings;
use crate::web::Query;
use crate::web::limits::{self, Limiters};
use crate::web::metrics::Metrics;

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutRequest {
    pub shipping_address_id: AddressId,
    /// The shipping address if it is left out.
    pub billing_address_id: Option<AddressId>,
    #[validate(length(max = 2000, message = "must have at most 2000 characters"))]
    pub notes: Option<String>,
    /// A payment method of the store; `cod` if it is left out.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 characters"))]
    pub payment_method: Option<String>,
    /// A guard: unlike the computed total, the checkout is refused.
    pub expected_total: Option<AmountInput>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    #[validate(nested)]
    pub items: Vec<OrderItemRequest>,
    #[validate(length(min = 1, max = 255, message = "must have 1 to 255 characters"))]
    pub customer_name: Option<String>,
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 characters"))]
    pub customer_phone: Option<String>,
    #[validate(length(min = 1, max = 1000, message = "must have 1 to 1000 characters"))]
    pub delivery_address: Option<String>,
    pub shipping_address_id: Option<AddressId>,
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 characters"))]
    pub payment_method: Option<String>,
    #[validate(length(max = 2000, message = "must have at most 2000 characters"))]
    pub notes: Option<String>,
    /// Selects the store, as X-Store-Id does.
    pub store_id: Option<StoreRef>,
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderItemRequest {
    pub product_id: ProductRef,
    pub quantity: Quantity,
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 characters"))]
    pub size: Option<String>,
    /// A guard: unlike the catalogue's price, the order is refused.
    pub unit_price: Option<AmountInput>,
    /// Taken and ignored: the catalogue's name is kept.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    pub product_name: Option<String>,
    /// Taken and ignored.
    #[validate(length(max = 50, message = "must have at most 50 characters"))]
    pub unit: Option<String>,
}

/// `POST /checkout`
pub async fn checkout(
    request: HttpRequest,
    command: Command<CheckoutRequest>,
    limiters: Data<Limiters>,
    metrics: Data<Metrics>,
    settings: Data<Settings>,
) -> Result<HttpResponse, ApiError> {
    limiters.checkout_address.check(&limits::address(&request))?;
    let Command { ctx, body, claim } = command;
    let placement = Placement { claim, ..of_cart(&ctx.principal, body, &settings)? };
    place(ctx, placement, &metrics).await
}

/// `POST /checkout/preview`
pub async fn show_preview(
    question: Question<CheckoutRequest>,
    settings: Data<Settings>,
) -> Result<HttpResponse, ApiError> {
    let placement = of_cart(&question.ctx.principal, question.body, &settings)?;
    let preview = question
        .ctx
        .read("preview_checkout", move |conn, scope| preview::preview(conn, scope.store, &placement))
        .await?;
    Ok(HttpResponse::Ok().json(preview))
}

fn of_cart(principal: &Principal, body: CheckoutRequest, settings: &Settings) -> Result<Placement, ApiError> {
    let user = principal.account()?.id;
    let CheckoutRequest { shipping_address_id, billing_address_id, notes, payment_method, expected_total } = body;
    Ok(Placement {
        claim: Default::default(),
        actor: principal.actor(),
        buyer: Buyer::Account(user),
        contact: Contact::default(),
        source: Source::Cart(user),
        shipping_address: Some(shipping_address_id),
        billing_address: billing_address_id,
        payment_method: payment_method.unwrap_or_else(|| DEFAULT_METHOD.to_owned()),
        notes,
        expected_total,
        payment_window_seconds: settings.payments.window_seconds,
    })
}

/// `POST /orders`
pub async fn place_order(
    request: HttpRequest,
    command: Command<OrderRequest>,
    limiters: Data<Limiters>,
    metrics: Data<Metrics>,
    settings: Data<Settings>,
) -> Result<HttpResponse, ApiError> {
    limiters.checkout_address.check(&limits::address(&request))?;
    let Command { ctx, body, claim } = command;
    if !(1..=MAX_LINES).contains(&body.items.len()) {
        return Err(ApiError::field("items", format!("must have 1 to {MAX_LINES} lines")));
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
    let placement = Placement { claim, ..of_items(&ctx.principal, buyer, body, &settings) };
    place(ctx, placement, &metrics).await
}

fn of_items(principal: &Principal, buyer: Buyer, body: OrderRequest, settings: &Settings) -> Placement {
    let OrderRequest { items, customer_name, customer_phone, delivery_address, .. } = body;
    let items = items.into_iter().map(|item| {
        let OrderItemRequest { product_id, quantity, size, unit_price, product_name: _, unit: _ } = item;
        RequestedItem { product: product_id, size, quantity, unit_price }
    });
    Placement {
        claim: Default::default(),
        actor: principal.actor(),
        buyer,
        contact: Contact { customer_name, customer_phone, delivery_address },
        source: Source::Items(items.collect()),
        shipping_address: body.shipping_address_id,
        billing_address: None,
        payment_method: body.payment_method.unwrap_or_else(|| DEFAULT_METHOD.to_owned()),
        notes: body.notes,
        expected_total: None,
        payment_window_seconds: settings.payments.window_seconds,
    }
}

async fn place(ctx: Ctx, placement: Placement, metrics: &Metrics) -> Result<HttpResponse, ApiError> {
    let mut outcome = attempt(&ctx, &placement).await?;
    if let (store, Err(Refusal::InsufficientStock { overdue, .. })) = &outcome
        && !overdue.is_empty()
    {
        // Short only because of holds past their deadline: end these, then decide once more.
        ctx.reclaim(Overdue { store: *store, variants: overdue.clone() }).await?;
        outcome = attempt(&ctx, &placement).await?;
    }
    match outcome.1 {
        Ok(placed) => {
            metrics.count_checkout("placed");
            metrics.count_units_sold(placed.units_sold);
            Ok(placed.answer.into_response())
        }
        Err(refusal) => {
            let refusal = ApiError::from(refusal);
            metrics.count_checkout(refusal.code.as_str());
            Err(refusal)
        }
    }
}

async fn attempt(ctx: &Ctx, placement: &Placement) -> Result<(StoreId, Outcome), ApiError> {
    let (inner, placement) = (ctx.clone(), placement.clone());
    let placed = ctx.database.write("place_orders", move |conn| match inner.scope(conn) {
        Ok(scope) => place_one(conn, scope.store, &placement),
        Err(halt) => halt.into_end(),
    });
    Ok(placed.await??)
}

fn place_one(
    conn: &mut PgConnection,
    store: StoreId,
    placement: &Placement,
) -> Result<End<Result<(StoreId, Outcome), Rejected>>, Failure> {
    let only = |mut outcomes: Vec<Outcome>| {
        let outcome = outcomes.pop().unwrap_or(Err(Refusal::InProgress));
        Ok((store, outcome))
    };
    Ok(match place_orders(conn, store, std::slice::from_ref(placement))? {
        End::Commit(outcomes) => End::Commit(only(outcomes)),
        End::RollBack(outcomes) => End::RollBack(only(outcomes)),
    })
}

/// Why an order is cancelled, in the query or in the body.
#[derive(Clone, Debug, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReasonRequest {
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    pub reason: Option<String>,
}

/// The query of a cancel call; other values in it are left alone.
#[derive(Clone, Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReasonQuery {
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    pub reason: Option<String>,
}

/// `POST /orders/{id}/cancel`
pub async fn cancel_order(
    path: web::Path<String>,
    Query(query): Query<ReasonQuery>,
    viewer: Viewer,
    command: Command<ReasonRequest>,
) -> Result<HttpResponse, ApiError> {
    viewer.check(&command.ctx.principal, Permission::OrdersUpdate)?;
    let named = OrderRef::from_path(&path);
    command
        .run("cancel_order", move |conn, scope, body| {
            let id = viewer.find(conn, scope, &named, Permission::OrdersUpdate)?;
            let reason = body.reason.as_deref().or(query.reason.as_deref());
            let actor = scope.actor();
            let order = cancel::cancel(conn, scope.store, id, Cancellation { actor: &actor, reason })?;
            answer(conn, &order)
        })
        .await
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateOrderRequest {
    /// `cancelled` is the cancel call.
    pub status: Option<OrderStatus>,
    /// Only from `pending` to `paid`, of a live order that was sold at checkout.
    pub payment_status: Option<PaymentStatus>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<String>)]
    #[validate(length(max = 2000, message = "must have at most 2000 characters"))]
    pub notes: Option<Option<String>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(value_type = Option<String>)]
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    pub tracking_number: Option<Option<String>>,
}

/// `PUT /orders/{id}`
pub async fn update_order(
    path: web::Path<String>,
    command: Command<UpdateOrderRequest>,
) -> Result<HttpResponse, ApiError> {
    let named = OrderRef::from_path(&path);
    command
        .run("update_order", move |conn, scope, body| {
            let id = find(conn, scope, &named)?;
            let UpdateOrderRequest { status, payment_status, notes, tracking_number } = body.clone();
            let order = update::update(conn, scope, id, &Change { status, payment_status, notes, tracking_number })?;
            answer(conn, &order)
        })
        .await
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmRequest {
    /// The provider's reference of the payment.
    #[validate(length(min = 1, max = 255, message = "must have 1 to 255 characters"))]
    pub payment_reference: String,
    /// The order's total if it is left out.
    pub amount: Option<AmountInput>,
}

/// `POST /orders/{id}/payment/confirm`
pub async fn confirm_payment(
    path: web::Path<String>,
    command: Command<ConfirmRequest>,
) -> Result<HttpResponse, ApiError> {
    let named = OrderRef::from_path(&path);
    command
        .run("confirm_payment", move |conn, scope, body| {
            let id = find(conn, scope, &named)?;
            let actor = scope.actor();
            let settlement = Settlement { reference: &body.payment_reference, amount: body.amount, actor: &actor };
            let order = settle::confirm(conn, scope.store, id, settlement)?;
            answer(conn, &order)
        })
        .await
}

/// `POST /orders/{id}/payment/fail`
pub async fn fail_payment(path: web::Path<String>, command: Command<ReasonRequest>) -> Result<HttpResponse, ApiError> {
    let named = OrderRef::from_path(&path);
    command
        .run("fail_payment", move |conn, scope, body| {
            let id = find(conn, scope, &named)?;
            let actor = scope.actor();
            let cancellation = Cancellation { actor: &actor, reason: body.reason.as_deref() };
            let order = settle::fail(conn, scope.store, id, cancellation)?;
            answer(conn, &order)
        })
        .await
}

#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    #[validate(length(min = 1, max = 255, message = "must have 1 to 255 characters"))]
    pub refund_reference: String,
    /// All that is left if it is left out.
    pub amount: Option<AmountInput>,
}

/// `POST /orders/{id}/refund`
pub async fn refund_order(path: web::Path<String>, command: Command<RefundRequest>) -> Result<HttpResponse, ApiError> {
    let named = OrderRef::from_path(&path);
    command
        .run("refund_order", move |conn, scope, body| {
            let id = find(conn, scope, &named)?;
            let actor = scope.actor();
            let settlement = Settlement { reference: &body.refund_reference, amount: body.amount, actor: &actor };
            let order = settle::refund(conn, scope.store, id, settlement)?;
            answer(conn, &order)
        })
        .await
}

fn find(conn: &mut PgConnection, scope: &Scope, named: &OrderRef) -> Result<OrderId, Halt> {
    orders::find_owner(conn, scope.store, named)?.map(|(id, _)| id).ok_or_else(|| not_found().into())
}

fn answer(conn: &mut PgConnection, order: &Order) -> Result<Answer, Halt> {
    Answer::ok(&list::respond_one(conn, order)?)
}
