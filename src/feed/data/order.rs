//! The data of the events of orders.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::fulfilment::api::CreditResponse;
use crate::kernel::id::{CreditId, OrderId, UserId};
use crate::kernel::money::Amount;
use crate::orders::order::Order;
use crate::orders::status::OrderStatus;

/// Declares the data of events with the fields that they have in common, so that all fields are at one level.
macro_rules! order_events {
    ($($(#[$about:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $kind:ty,)+ })+) => {$(
        $(#[$about])*
        #[derive(Debug, Serialize, ToSchema)]
        pub struct $name {
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
            $($(#[$attribute])* $field: $kind,)+
        }

        impl $name {
            pub fn new(order: &Order, $($field: $kind,)+) -> Self {
                Self {
                    order_id: order.id,
                    order_number: order.order_number.clone(),
                    user_id: order.user_id,
                    customer_name: order.customer_name.clone(),
                    payment_method: order.payment_method.clone(),
                    currency: order.currency.code().to_owned(),
                    total_amount: order.currency.amount(order.total_amount),
                    $($field,)+
                }
            }
        }
    )+};
}

order_events! {
    /// `order.paid`
    OrderPaidData {
        #[schema(max_length = 255)]
        payment_reference: Option<String>,
        paid_at: Option<DateTime<Utc>>,
        /// The sum of all payments of the order up to this one.
        received_amount: Amount,
    }

    /// `order.status_changed`, and the ends of an order: `order.cancelled`, `order.payment_failed` and
    /// `order.payment_expired`.
    OrderStatusData {
        from_status: Option<OrderStatus>,
        to_status: OrderStatus,
        #[schema(max_length = 500)]
        reason: Option<String>,
        /// The credit of the end of the order. Null for other statuses.
        credit: Option<CreditResponse>,
    }

    /// `order.lines_cancelled` and `order.credited`
    OrderCreditData {
        credit: CreditResponse,
    }

    /// `order.refund_recorded`
    OrderRefundData {
        refund: RefundData,
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RefundData {
    #[schema(max_length = 255)]
    pub reference: Option<String>,
    pub amount: Amount,
    /// The credit that the refund pays back. Null if it names none.
    pub credit_id: Option<CreditId>,
}
