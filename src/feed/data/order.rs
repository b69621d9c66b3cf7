//! The data of the events of orders.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::fulfilment::api::CreditResponse;
use crate::kernel::id::{CreditId, OrderId, UserId};
use crate::kernel::money::{Amount, Money};
use crate::orders::order::Order;
use crate::orders::status::OrderStatus;

/// The fields that all events of an order have, except `order.placed`.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderEventSummary {
    order_id: OrderId,
    #[schema(max_length = 50)]
    order_number: String,
    user_id: Option<UserId>,
    #[schema(max_length = 255)]
    customer_name: Option<String>,
    #[schema(max_length = 50)]
    payment_method: String,
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: String,
    total_amount: Amount,
}

impl OrderEventSummary {
    pub fn new(order: &Order) -> Self {
        Self {
            order_id: order.id,
            order_number: order.order_number.clone(),
            user_id: order.user_id,
            customer_name: order.customer_name.clone(),
            payment_method: order.payment_method.clone(),
            currency: order.currency.code().to_owned(),
            total_amount: order.currency.amount(order.total_amount),
        }
    }
}

/// `order.paid`
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderPaidData {
    #[serde(flatten)]
    order: OrderEventSummary,
    #[schema(max_length = 255)]
    payment_reference: Option<String>,
    paid_at: Option<DateTime<Utc>>,
    /// The sum of all payments of the order up to this one.
    received_amount: Amount,
}

impl OrderPaidData {
    pub fn new(order: &Order, received: Money) -> Self {
        Self {
            order: OrderEventSummary::new(order),
            payment_reference: order.payment_reference.clone(),
            paid_at: order.paid_at,
            received_amount: order.currency.amount(received),
        }
    }
}

/// `order.status_changed`, and the ends of an order: `order.cancelled`, `order.payment_failed` and
/// `order.payment_expired`.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderStatusData {
    #[serde(flatten)]
    pub order: OrderEventSummary,
    pub from_status: Option<OrderStatus>,
    pub to_status: OrderStatus,
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    /// The credit of the end of the order. Null for other statuses.
    pub credit: Option<CreditResponse>,
}

/// `order.lines_cancelled` and `order.credited`
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderCreditData {
    #[serde(flatten)]
    pub order: OrderEventSummary,
    pub credit: CreditResponse,
}

/// `order.refund_recorded`
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderRefundData {
    #[serde(flatten)]
    pub order: OrderEventSummary,
    pub refund: RefundData,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RefundData {
    #[schema(max_length = 255)]
    pub reference: Option<String>,
    pub amount: Amount,
    /// The credit that the refund pays back. Null if it names none.
    pub credit_id: Option<CreditId>,
}
