//! One table: method, path, who may call it, handler. The routes are mounted from it, and the
//! OpenAPI document is written from it.

use std::collections::BTreeMap;

use actix_web::{Resource, Scope, web};
use utoipa::openapi::OpenApi;

use crate::access::{Access, Permission};
use crate::audit::api as audit;
use crate::cart::api as cart;
use crate::cart::response::CartResponse;
use crate::checkout::api as checkout;
use crate::checkout::preview::PreviewResponse;
use crate::error::{ApiError, Code};
use crate::identity::api::users::UserResponse;
use crate::identity::api::{SortQuery, accounts, addresses, sessions, stores, users};
use crate::kernel::page::{FeedQuery, PageQuery};
use crate::openapi::Endpoint;
use crate::openapi::document::describe;
use crate::openapi::endpoint::{delete, get, patch, post, put};
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
    [signing_in(), own_addresses(), managed_users()].into_iter().flatten().collect()
}

fn signing_in() -> Vec<Endpoint> {
    vec![
        post("/auth/register", Access::Anonymous, accounts::register)
            .summary("Make an account for a customer")
            .takes::<accounts::RegisterRequest>()
            .answers::<UserResponse>(201)
            .errors(&[Code::Duplicate, Code::StoreNotFound])
            .without_key(),
        post("/auth/login", Access::Anonymous, sessions::login)
            .summary("Sign in")
            .takes::<sessions::LoginRequest>()
            .answers::<sessions::SessionResponse>(200)
            .errors(&[Code::InvalidCredentials])
            .without_key(),
        post("/auth/refresh", Access::Anonymous, sessions::refresh)
            .summary("Exchange a refresh token for new tokens")
            .takes::<sessions::RefreshTokenRequest>()
            .answers::<sessions::SessionResponse>(200)
            .errors(&[Code::Unauthenticated])
            .without_key(),
        post("/auth/logout", Access::Anonymous, sessions::logout)
            .summary("Sign out: the refresh token and those it follows from are ended")
            .takes::<sessions::RefreshTokenRequest>()
            .answers_nothing(204)
            .without_key(),
        get("/auth/me", Access::User, accounts::me).summary("The account of the caller").answers::<UserResponse>(200),
    ]
}

fn own_addresses() -> Vec<Endpoint> {
    vec![
        get("/addresses", Access::User, addresses::list)
            .summary("Own addresses, newest first")
            .query::<PageQuery>()
            .query::<SortQuery>()
            .lists::<addresses::AddressResponse>(),
        post("/addresses", Access::User, addresses::create)
            .summary("Keep an address")
            .takes::<addresses::AddressRequest>()
            .answers::<addresses::AddressResponse>(201),
        get("/addresses/{id}", Access::User, addresses::show)
            .summary("One of the own addresses")
            .answers::<addresses::AddressResponse>(200)
            .errors(&[Code::AddressNotFound]),
        put("/addresses/{id}", Access::User, addresses::replace)
            .summary("Replace an address")
            .takes::<addresses::AddressRequest>()
            .answers::<addresses::AddressResponse>(200)
            .errors(&[Code::AddressNotFound]),
        delete("/addresses/{id}", Access::User, addresses::delete)
            .summary("Delete an address; orders keep their copies")
            .answers_nothing(204)
            .errors(&[Code::AddressNotFound]),
    ]
}

fn managed_users() -> Vec<Endpoint> {
    let users_manage = Access::Permission(Permission::UsersManage);
    vec![
        get("/users", users_manage, users::list)
            .summary("Accounts; for staff, the staff of their store")
            .query::<PageQuery>()
            .query::<SortQuery>()
            .query::<users::UserQuery>()
            .lists::<UserResponse>(),
        post("/users", users_manage, users::create)
            .summary("Make an account; staff belong to the request's store")
            .takes::<users::NewUserRequest>()
            .answers::<UserResponse>(201)
            .errors(&[Code::Duplicate]),
        patch("/users/{id}", users_manage, users::update)
            .summary("Change an account; a new password, role or permissions sign it out")
            .takes::<users::UserPatchRequest>()
            .answers::<UserResponse>(200)
            .errors(&[Code::UserNotFound, Code::Duplicate]),
    ]
}

fn stores() -> Vec<Endpoint> {
    vec![
        get("/stores", Access::Admin, stores::list)
            .summary("All stores, newest first")
            .query::<PageQuery>()
            .query::<SortQuery>()
            .lists::<stores::StoreResponse>(),
        post("/stores", Access::Admin, stores::create)
            .summary("Make a store, with its location main")
            .takes::<stores::NewStoreRequest>()
            .answers::<stores::StoreResponse>(201)
            .errors(&[Code::Duplicate]),
        get("/stores/{id}", Access::Public, stores::show)
            .summary("A store, by id or code")
            .answers::<stores::StoreResponse>(200),
        patch("/stores/{id}", Access::Permission(Permission::StoresManage), stores::update)
            .summary("Change the settings of a store")
            .takes::<stores::StorePatchRequest>()
            .answers::<stores::StoreResponse>(200),
    ]
}

fn inventory() -> Vec<Endpoint> {
    [products(), stock()].into_iter().flatten().collect()
}

fn products() -> Vec<Endpoint> {
    use crate::inventory::api::answers::ProductResponse;
    use crate::inventory::api::{create_product, products, update_product};
    vec![
        get("/inventory/products", Access::Public, products::list)
            .summary("List products with their stock")
            .query::<products::ProductsQuery>()
            .query::<PageQuery>()
            .lists::<ProductResponse>(),
        post("/inventory/products", Access::Permission(Permission::ProductsWrite), create_product::create)
            .summary("Create a product, with its sizes and what is there of them")
            .takes::<create_product::NewProductRequest>()
            .answers::<ProductResponse>(201)
            .errors(&[Code::Duplicate]),
        get("/inventory/products/low-stock", Access::Permission(Permission::InventoryRead), products::list_low_stock)
            .summary("List products at or under their minimum, worst first")
            .query::<PageQuery>()
            .lists::<ProductResponse>(),
        get("/inventory/products/{id}", Access::Public, products::show)
            .summary("Read a product by id or SKU")
            .answers::<ProductResponse>(200)
            .errors(&[Code::ProductNotFound]),
        patch("/inventory/products/{id}", Access::Permission(Permission::ProductsWrite), update_product::update)
            .summary("Change a product, or add sizes to it")
            .takes::<update_product::UpdateProductRequest>()
            .answers::<ProductResponse>(200)
            .errors(&[Code::ProductNotFound, Code::Duplicate]),
        delete("/inventory/products/{id}", Access::Permission(Permission::ProductsWrite), update_product::archive)
            .summary("Archive a product: it can no longer be sold, its history stays")
            .answers::<ProductResponse>(200)
            .errors(&[Code::ProductNotFound]),
    ]
}

fn stock() -> Vec<Endpoint> {
    use crate::inventory::api::answers::ProductResponse;
    use crate::inventory::api::{availability, movements, products, stock, summary};
    let read = Access::Permission(Permission::InventoryRead);
    vec![
        get("/inventory/products/{id}/availability/{qty}", Access::Public, availability::show)
            .summary("Ask whether a quantity could be bought")
            .query::<availability::SizeQuery>()
            .answers::<availability::AvailabilityResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound]),
        post("/inventory/availability", Access::Public, availability::check)
            .summary("Ask whether several lines could be bought together")
            .takes::<availability::AvailabilityRequest>()
            .answers::<availability::AvailabilityListResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired])
            .without_key(),
        put("/inventory/products/{id}/stock", Access::Permission(Permission::InventoryUpdate), stock::update)
            .summary("Add, remove or count stock")
            .takes::<stock::StockChangeRequest>()
            .answers::<stock::StockChangeResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound, Code::SizeRequired, Code::LocationNotFound])
            .errors(&[Code::InsufficientStock, Code::StockBelowReserved, Code::StaleStock]),
        get("/inventory/products/{id}/stock", read, stock::show)
            .summary("Read a product's stock by location")
            .query::<availability::SizeQuery>()
            .answers::<stock::StockResponse>(200)
            .errors(&[Code::ProductNotFound, Code::SizeNotFound]),
        get("/inventory/products/{id}/movements", read, movements::list_of_product)
            .summary("Read the ledger of a product")
            .query::<movements::MovementsQuery>()
            .query::<FeedQuery>()
            .query::<PageQuery>()
            .lists::<movements::MovementResponse>()
            .errors(&[Code::ProductNotFound]),
        get("/inventory/products/{store_id}/{product_id}", Access::Public, products::show_in_store)
            .summary("Read a product of the store in the path")
            .answers::<ProductResponse>(200)
            .errors(&[Code::ProductNotFound]),
        get("/inventory/movements", read, movements::list)
            .summary("Read the ledger of the store")
            .query::<movements::MovementsQuery>()
            .query::<FeedQuery>()
            .query::<PageQuery>()
            .lists::<movements::MovementResponse>(),
        get("/inventory/summary", read, summary::show)
            .summary("Read the sums of all stock")
            .answers::<summary::SummaryResponse>(200),
        get("/inventory/inventory/summary", read, summary::show)
            .summary("Read the sums of all stock, by its other path")
            .answers::<summary::SummaryResponse>(200),
        get("/inventory", read, summary::list_levels)
            .summary("List stock by variant and location")
            .query::<PageQuery>()
            .lists::<summary::LevelResponse>(),
    ]
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
        get("/orders/{id}", Access::Holder(Permission::OrdersRead), orders::show)
            .summary("An order, by id or number")
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound]),
        put("/orders/{id}", update, checkout::update_order)
            .summary("Change status, payment, notes or tracking number")
            .takes::<checkout::UpdateOrderRequest>()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition, Code::OrderNotCancellable]),
        get("/orders/{id}/history", Access::Holder(Permission::OrdersRead), orders::show_history)
            .summary("Every status that the order has had")
            .answers_array::<HistoryResponse>()
            .errors(&[Code::OrderNotFound]),
        post("/orders/{id}/cancel", Access::Holder(Permission::OrdersUpdate), checkout::cancel_order)
            .summary("Cancel the order and give its stock back")
            .query::<checkout::ReasonQuery>()
            .takes_optionally::<checkout::ReasonRequest>()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::OrderNotCancellable]),
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
        get("/audit", Access::Permission(Permission::AuditRead), audit::list)
            .summary("Who did what and when, newest first")
            .query::<PageQuery>()
            .query::<FeedQuery>()
            .query::<audit::AuditQuery>()
            .lists::<audit::AuditEntryResponse>(),
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
