//! The types of events, and what they are about.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::schema::{schemas, words};
use crate::kernel::text_enum::text_enum;

/// Declares the types of events with their names and the kinds of their subjects.
macro_rules! event_types {
    ($($variant:ident = $name:literal of $subject:ident),+ $(,)?) => {
        text_enum! {
            /// The type of an event. The list is closed.
            #[derive(Serialize, Deserialize)]
            pub enum EventType {
                $(#[serde(rename = $name)] #[strum(serialize = $name)] $variant,)+
            }
        }

        impl EventType {
            #[must_use]
            pub const fn subject(self) -> SubjectKind {
                match self {
                    $(Self::$variant => SubjectKind::$subject,)+
                }
            }
        }
    };
}

event_types! {
    OrderPlaced = "order.placed" of Order,
    OrderPaid = "order.paid" of Order,
    OrderPaymentFailed = "order.payment_failed" of Order,
    OrderPaymentExpired = "order.payment_expired" of Order,
    OrderStatusChanged = "order.status_changed" of Order,
    OrderLinesCancelled = "order.lines_cancelled" of Order,
    OrderCancelled = "order.cancelled" of Order,
    OrderRefundRecorded = "order.refund_recorded" of Order,
    OrderCredited = "order.credited" of Order,
    ShipmentCreated = "shipment.created" of Shipment,
    ShipmentDelivered = "shipment.delivered" of Shipment,
    ShipmentLost = "shipment.lost" of Shipment,
    ReturnRequested = "return.requested" of Return,
    ReturnApproved = "return.approved" of Return,
    ReturnRejected = "return.rejected" of Return,
    ReturnReceived = "return.received" of Return,
    StockChanged = "stock.changed" of Product,
    StockLow = "stock.low" of Product,
    StockOut = "stock.out" of Product,
    StockBack = "stock.back" of Product,
    ReservationCreated = "reservation.created" of Reservation,
    ReservationConfirmed = "reservation.confirmed" of Reservation,
    ReservationReleased = "reservation.released" of Reservation,
    ReservationExpired = "reservation.expired" of Reservation,
    TransferReady = "transfer.ready" of Transfer,
    TransferSent = "transfer.sent" of Transfer,
    TransferReceived = "transfer.received" of Transfer,
    TransferSettled = "transfer.settled" of Transfer,
    TransferCancelled = "transfer.cancelled" of Transfer,
    PurchaseOrderOrdered = "purchase_order.ordered" of PurchaseOrder,
    PurchaseOrderReceived = "purchase_order.received" of PurchaseOrder,
    PurchaseOrderClosed = "purchase_order.closed" of PurchaseOrder,
    PurchaseOrderCancelled = "purchase_order.cancelled" of PurchaseOrder,
    CountPosted = "count.posted" of Count,
    ProductCreated = "product.created" of Product,
    ProductUpdated = "product.updated" of Product,
    ProductArchived = "product.archived" of Product,
    PriceChanged = "price.changed" of Product,
}

schemas! {
    EventType: words::<EventType>().description(Some("The type of an event."));
}

text_enum! {
    /// The kind of the object that an event is about.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum SubjectKind {
        Order,
        Shipment,
        Return,
        Product,
        Reservation,
        Transfer,
        PurchaseOrder,
        Count,
    }
}
