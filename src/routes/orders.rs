//! Carts, checkout and orders.

use super::LINE_ERRORS;
use crate::auth::{Access, Permission};
use crate::cart::api as cart;
use crate::cart::response::CartResponse;
use crate::checkout::api as checkout;
use crate::checkout::preview::PreviewResponse;
use crate::error::Code;
use crate::fulfilment::api as fulfilment;
use crate::fulfilment::papers::response::InvoiceResponse;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{HTML, delete, get, patch, post, put};
use crate::orders::api as orders;
use crate::orders::response::{HistoryResponse, OrderResponse, ShipmentResponse};
use crate::reports::api as reports;

pub(super) fn cart_and_checkout() -> Vec<Endpoint> {
    vec![
        get("/cart", Access::User, cart::show)
            .named("getCart", "The cart, its price, and what would refuse its checkout")
            .answers::<CartResponse>(200),
        delete("/cart", Access::User, cart::clear).named("clearCart", "Empty the cart"),
        post("/cart/items", Access::User, cart::add)
            .named("addCartItem", "Add a product to the cart; quantities of the same product and size add up")
            .takes::<cart::AddItemRequest>()
            .answers::<CartResponse>(201)
            .errors(&LINE_ERRORS),
        put("/cart/items/{id}", Access::User, cart::set_quantity)
            .named("setCartItemQuantity", "Set the quantity of a line")
            .takes::<cart::SetQuantityRequest>()
            .answers::<CartResponse>(200)
            .errors(&[Code::CartItemNotFound, Code::ProductUnavailable, Code::InsufficientStock]),
        delete("/cart/items/{id}", Access::User, cart::remove)
            .named("removeCartItem", "Remove a line from the cart")
            .answers::<CartResponse>(200)
            .errors(&[Code::CartItemNotFound]),
        post("/checkout", Access::User, checkout::checkout)
            .named(
                "checkout",
                "Buy the cart: validate, reserve, create the order, fulfil and clear the cart in one transaction",
            )
            .takes::<checkout::CheckoutRequest>()
            .answers::<OrderResponse>(201)
            .errors(&LINE_ERRORS)
            .errors(&PLACEMENT_ERRORS),
        post("/checkout/preview", Access::User, checkout::show_preview)
            .named("previewCheckout", "Preview the checkout's response without writing anything")
            .takes::<checkout::CheckoutRequest>()
            .answers::<PreviewResponse>(200)
            .errors(&[Code::AddressNotFound, Code::LocationNotFound])
            .without_key(),
    ]
}

/// The errors of a placement besides those of its lines.
const PLACEMENT_ERRORS: [Code; 4] =
    [Code::AddressNotFound, Code::LocationNotFound, Code::CartEmpty, Code::PriceChanged];

pub(super) fn shipments() -> Vec<Endpoint> {
    let update = Access::Permission(Permission::OrdersUpdate);
    let errors = [Code::ShipmentNotFound, Code::StaleDocument];
    vec![
        get("/shipments/{id}", Access::Holder(Permission::OrdersRead), fulfilment::show_shipment)
            .named("getShipment", "A shipment, by id or number")
            .answers::<ShipmentResponse>(200)
            .errors(&[Code::ShipmentNotFound]),
        get("/shipments/{id}/packing-slip", Access::Permission(Permission::OrdersRead), fulfilment::show_packing_slip)
            .named("getPackingSlip", "The packing slip of a shipment: a page to print")
            .answers_text(HTML)
            .errors(&[Code::ShipmentNotFound]),
        patch("/shipments/{id}", update, fulfilment::update_shipment)
            .named("updateShipment", "Change carrier, tracking number or tracking address of a shipment")
            .takes::<fulfilment::UpdateShipmentRequest>()
            .answers::<ShipmentResponse>(200)
            .errors(&errors),
        post("/shipments/{id}/delivered", update, fulfilment::deliver_shipment)
            .named("deliverShipment", "Record that a shipment has arrived")
            .takes_optionally::<fulfilment::ShipmentVersionRequest>()
            .answers::<ShipmentResponse>(200)
            .errors(&errors)
            .errors(&[Code::InvalidTransition]),
        post("/shipments/{id}/lost", update, fulfilment::lose_shipment)
            .named("loseShipment", "Record that a shipment is lost")
            .takes::<fulfilment::LoseShipmentRequest>()
            .answers::<ShipmentResponse>(200)
            .errors(&errors)
            .errors(&[Code::InvalidTransition]),
    ]
}

pub(super) fn orders() -> Vec<Endpoint> {
    let update = Access::Permission(Permission::OrdersUpdate);
    let confirm = Access::Permission(Permission::PaymentsConfirm);
    vec![
        post("/orders", Access::Buyer, checkout::place_order)
            .named("placeOrder", "Place an order without a cart, as a customer, as staff for a customer, or as a guest")
            .takes::<checkout::OrderRequest>()
            .answers::<OrderResponse>(201)
            .errors(&LINE_ERRORS)
            .errors(&PLACEMENT_ERRORS),
        get("/orders", Access::Permission(Permission::OrdersRead), orders::list_all)
            .named("listOrders", "List all orders of the store")
            .sorted_by(&orders::SORTS, orders::NEWEST_FIRST)
            .query::<orders::FilterQuery>()
            .lists::<OrderResponse>(),
        get("/orders/me", Access::User, orders::list_mine)
            .named("listMyOrders", "My orders")
            .sorted_by(&orders::SORTS, orders::NEWEST_FIRST)
            .query::<orders::FilterQuery>()
            .lists::<OrderResponse>(),
        get("/orders/statistics", Access::Permission(Permission::OrdersRead), reports::statistics)
            .named("getOrderStatistics", "Counts, revenue and units of a period")
            .query::<reports::PeriodQuery>()
            .answers::<reports::StatisticsResponse>(200),
        get("/orders/{id}", Access::Holder(Permission::OrdersRead), orders::show)
            .named("getOrder", "An order, by id or number")
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound]),
        put("/orders/{id}", update, fulfilment::update_order)
            .named("updateOrder", "Change status, payment, notes or tracking number")
            .takes::<fulfilment::UpdateOrderRequest>()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition, Code::OrderNotCancellable]),
        get("/orders/{id}/history", Access::Holder(Permission::OrdersRead), orders::show_history)
            .named("getOrderHistory", "List the status changes of an order")
            .answers_array::<HistoryResponse>()
            .errors(&[Code::OrderNotFound]),
        post("/orders/{id}/shipments", update, fulfilment::ship_order)
            .named("shipOrder", "Ship units of an order")
            .takes::<fulfilment::ShipRequest>()
            .of_many_lines()
            .answers::<ShipmentResponse>(201)
            .errors(&[Code::OrderNotFound, Code::LocationNotFound, Code::InvalidTransition, Code::QuantityExceeded]),
        get("/orders/{id}/shipments", Access::Holder(Permission::OrdersRead), fulfilment::list_shipments)
            .named("listShipments", "List the shipments of an order")
            .answers_array::<ShipmentResponse>()
            .errors(&[Code::OrderNotFound]),
        post("/orders/{id}/ready", update, fulfilment::make_order_ready)
            .named("readyOrder", "Mark an order as ready to be collected by the buyer")
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition]),
        post("/orders/{id}/collected", update, fulfilment::collect_order)
            .named("collectOrder", "Hand the units that are left over to the buyer who collects them")
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition]),
        post("/orders/{id}/reroute", update, fulfilment::reroute_order)
            .named("rerouteOrder", "Take units of an order that are not shipped from other locations")
            .takes::<fulfilment::RerouteRequest>()
            .of_many_lines()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::LocationNotFound, Code::InvalidTransition])
            .errors(&[Code::QuantityExceeded, Code::LocationClosed, Code::InsufficientStock]),
        post("/orders/{id}/cancel", Access::Holder(Permission::OrdersUpdate), fulfilment::cancel_order)
            .named("cancelOrder", "Cancel an order and return its stock")
            .query::<fulfilment::ReasonQuery>()
            .takes_optionally::<fulfilment::ReasonRequest>()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::OrderNotCancellable]),
        post("/orders/{id}/cancel-lines", Access::Holder(Permission::OrdersUpdate), fulfilment::cancel_order_lines)
            .named("cancelOrderLines", "Cancel units of an order that are not shipped")
            .takes::<fulfilment::CancelLinesRequest>()
            .of_many_lines()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition, Code::QuantityExceeded]),
        post("/orders/{id}/exchange", update, fulfilment::exchange_order)
            .named(
                "exchangeOrder",
                "Cancel or return units of an order, and place a new one that the credit pays for, in one transaction",
            )
            .takes::<fulfilment::ExchangeRequest>()
            .of_many_lines()
            .answers::<fulfilment::ExchangeResponse>(201)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition, Code::QuantityExceeded])
            .errors(&LINE_ERRORS)
            .errors(&[Code::LocationNotFound, Code::PriceChanged]),
        get("/orders/{id}/credits", update, fulfilment::list_credits)
            .named("listCredits", "List the credits of an order")
            .answers_array::<fulfilment::CreditResponse>()
            .errors(&[Code::OrderNotFound]),
        post("/orders/{id}/credits", update, fulfilment::give_credit)
            .named("giveCredit", "Forgive a part of an order")
            .takes::<fulfilment::NewCreditRequest>()
            .of_many_lines()
            .answers::<fulfilment::CreditResponse>(201)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition]),
        post("/orders/{id}/invoice", update, fulfilment::issue_invoice)
            .named("issueInvoice", "Issue the invoice of a sold order, once")
            .answers::<InvoiceResponse>(201)
            .answers_again(200)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition]),
        get("/orders/{id}/invoice", Access::Holder(Permission::OrdersRead), fulfilment::show_invoice)
            .named("getInvoice", "The invoice of an order: a page to print, or JSON if the header Accept prefers it")
            .answers::<InvoiceResponse>(200)
            .answers_page_too()
            .errors(&[Code::OrderNotFound, Code::NotFound]),
        post("/orders/{id}/payment/confirm", confirm, fulfilment::confirm_payment)
            .named("confirmPayment", "Confirm the payment of an order: its reserved units are sold")
            .takes::<fulfilment::ConfirmRequest>()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::AlreadyPaid, Code::InvalidTransition, Code::PaymentExpired])
            .errors(&[Code::PaymentReferenceUsed]),
        post("/orders/{id}/payment/fail", confirm, fulfilment::fail_payment)
            .named("failPayment", "Record a failed payment: the stock is released and the order is cancelled")
            .takes_optionally::<fulfilment::ReasonRequest>()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition]),
        post("/payments/webhook/{store}/{provider}", Access::Anonymous, fulfilment::receive)
            .named("receivePaymentCallback", "Receive a signed callback of a payment provider")
            .description(
                "Needs no token; a token is ignored. A payment that arrives before its order, and a refund that \
                 arrives before its payment, get the outcome `unmatched`. They are applied within a minute after the \
                 order or the payment is recorded. An event that was received before gets the outcome `duplicate`.",
            )
            .headers(&[
                ("Stripe-Signature", "The signature of the body, where the provider is Stripe"),
                ("X-Razorpay-Signature", "The signature of the body, where the provider is Razorpay"),
            ])
            .takes_any_object()
            .answers::<fulfilment::CallbackResponse>(200)
            .errors(&[Code::Unauthenticated, Code::NotFound, Code::StoreNotFound])
            .errors(&[Code::MalformedRequest, Code::ValidationFailed, Code::PayloadTooLarge])
            .without_key(),
        post("/orders/{id}/refund", update, fulfilment::refund_order)
            .named("refundOrder", "Record a refund")
            .takes::<fulfilment::RefundRequest>()
            .answers::<OrderResponse>(200)
            .errors(&[Code::OrderNotFound, Code::InvalidTransition]),
    ]
}
