//! One table: method, path, who may call it, handler. The routes are mounted from it, and the
//! OpenAPI document is written from it.

use std::collections::BTreeMap;

use actix_web::{Resource, Scope, web};
use utoipa::openapi::OpenApi;

use crate::access::{Access, Permission};
use crate::cart::api as cart;
use crate::cart::response::CartResponse;
use crate::checkout::api as checkout;
use crate::checkout::preview::PreviewResponse;
use crate::error::{ApiError, Code};
use crate::kernel::page::PageQuery;
use crate::openapi::Endpoint;
use crate::openapi::document::describe;
use crate::openapi::endpoint::{delete, get, post, put};
use crate::orders::api as orders;
use crate::orders::response::{HistoryResponse, OrderResponse};
use crate::reports::api as reports;
use crate::reports::verify::VerifyResponse;

/// Every operation of the API. Literal paths stand before those with a name in braces.
#[must_use]
pub fn table() -> Vec<Endpoint> {
    [accounts(), stores(), reports(), inventory(), cart_and_checkout(), orders()].into_iter().flatten().collect()
}

fn accounts() -> Vec<Endpoint> {
    vec![]
}

fn stores() -> Vec<Endpoint> {
    vec![]
}

fn inventory() -> Vec<Endpoint> {
    vec![]
}

fn cart_and_checkout() -> Vec<Endpoint> {
    let of_lines = [Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired, Code::ProductUnavailable];
    vec![
        get("/cart", Access::User, cart::show)
            .summary("The cart, its price, and what would refuse its checkout")
            .answers::<CartResponse>(200),
        delete("/cart", Access::User, cart::clear).summary("Empty the cart"),
        post("/cart/items", Access::User, cart::add)
            .summary("Put a product into the cart; the same product and size again adds up")
            .takes::<cart::AddItemRequest>()
            .answers::<CartResponse>(201)
            .errors(&of_lines)
            .errors(&[Code::InsufficientStock]),
        put("/cart/items/{id}", Access::User, cart::set_quantity)
            .summary("Set the quantity of a line")
            .takes::<cart::SetQuantityRequest>()
            .answers::<CartResponse>(200)
            .errors(&[Code::CartItemNotFound, Code::InsufficientStock]),
        delete("/cart/items/{id}", Access::User, cart::remove)
            .summary("Take a line out of the cart")
            .answers::<CartResponse>(200)
            .errors(&[Code::CartItemNotFound]),
        post("/checkout", Access::User, checkout::checkout)
            .summary("Buy the cart: validate, reserve, create the order, fulfil, clear, in one transaction")
            .takes::<checkout::CheckoutRequest>()
            .answers::<OrderResponse>(201)
            .errors(&PLACEMENT_ERRORS),
        post("/checkout/preview", Access::User, checkout::show_preview)
            .summary("What checkout would answer now, with nothing written")
            .takes::<checkout::CheckoutRequest>()
            .answers::<PreviewResponse>(200)
            .errors(&[Code::AddressNotFound])
            .without_key(),
    ]
}

const PLACEMENT_ERRORS: [Code; 8] = [
    Code::AddressNotFound,
    Code::CartEmpty,
    Code::ProductUnavailable,
    Code::PriceChanged,
    Code::InsufficientStock,
    Code::ProductNotFound,
    Code::SizeNotFound,
    Code::SizeRequired,
];

fn orders() -> Vec<Endpoint> {
    let update = Access::Permission(Permission::OrdersUpdate);
    vec![
        post("/orders", Access::Buyer, checkout::place_order)
            .summary("Buy without a cart: a customer, staff for a customer, or a guest")
            .takes::<checkout::OrderRequest>()
            .answers::<OrderResponse>(201)
            .errors(&PLACEMENT_ERRORS),
        get("/orders", Access::Permission(Permission::OrdersRead), orders::list_all)
            .summary("All orders of the store")
            .query::<PageQuery>()
            .query::<orders::SortQuery>()
            .query::<orders::FilterQuery>()
            .lists::<OrderResponse>(),
        get("/orders/me", Access::User, orders::list_mine)
            .summary("My orders")
            .query::<PageQuery>()
            .query::<orders::SortQuery>()
            .query::<orders::FilterQuery>()
            .lists::<OrderResponse>(),
        get("/orders/statistics", Access::Permission(Permission::OrdersRead), reports::statistics)
            .summary("Counts, revenue and units of a period")
            .query::<reports::PeriodQuery>()
            .answers::<reports::StatisticsResponse>(200),
        get("/orders/{id}", Access::Public, orders::show)
            .summary("An order, by id or number")
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::Forbidden]),
        put("/orders/{id}", update, checkout::update_order)
            .summary("Change status, payment, notes or tracking number")
            .takes::<checkout::UpdateOrderRequest>()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition, Code::OrderNotCancellable]),
        get("/orders/{id}/history", Access::Public, orders::show_history)
            .summary("Every status that the order has had")
            .answers_array::<HistoryResponse>()
            .errors(&[Code::OrderNotFound, Code::Forbidden]),
        post("/orders/{id}/cancel", Access::Public, checkout::cancel_order)
            .summary("Cancel the order and give its stock back")
            .query::<checkout::ReasonQuery>()
            .takes_optionally::<checkout::ReasonRequest>()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::OrderNotCancellable, Code::Forbidden]),
        post(
            "/orders/{id}/payment/confirm",
            Access::Permission(Permission::PaymentsConfirm),
            checkout::confirm_payment,
        )
        .summary("Record the payment of an order")
        .takes::<checkout::ConfirmRequest>()
        .answers::<OrderResponse>(200)
        .errors(&[Code::OrderNotFound, Code::AlreadyPaid, Code::InvalidTransition]),
        post("/orders/{id}/refund", update, checkout::refund_order)
            .summary("Record money that was given back")
            .takes::<checkout::RefundRequest>()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition]),
    ]
}

fn reports() -> Vec<Endpoint> {
    let read = Access::Permission(Permission::InventoryRead);
    vec![
        get("/inventory/verify", read, reports::verify)
            .summary("Check every invariant in the database itself")
            .answers::<VerifyResponse>(200),
    ]
}

/// The table under a prefix: one resource per path, so that a wrong method is 405.
#[must_use]
pub fn mount(prefix: &str) -> Scope {
    let mut order = Vec::new();
    let mut resources: BTreeMap<&'static str, Vec<Endpoint>> = BTreeMap::new();
    for endpoint in table() {
        let endpoints = resources.entry(endpoint.path).or_default();
        if endpoints.is_empty() {
            order.push(endpoint.path);
        }
        endpoints.push(endpoint);
    }
    order.into_iter().fold(web::scope(prefix), |scope, path| {
        scope.service(resource(path, resources.remove(path).unwrap_or_default()))
    })
}

fn resource(path: &str, endpoints: Vec<Endpoint>) -> Resource {
    let allow = endpoints.iter().map(|endpoint| endpoint.method.as_str()).collect::<Vec<_>>().join(", ");
    let resource = endpoints.into_iter().fold(web::resource(path), |resource, endpoint| resource.route(endpoint.route));
    resource.default_service(web::to(move || {
        let refusal = ApiError::method_not_allowed(allow.clone());
        async move { Err::<&'static str, _>(refusal) }
    }))
}

/// The OpenAPI document of the table.
#[must_use]
pub fn document() -> OpenApi {
    describe(table())
}
