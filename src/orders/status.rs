//! The state machines of an order and of its payment.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::order::{Order, OrderItem};
use crate::kernel::text_enum::text_enum;

text_enum! {
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum OrderStatus {
        UnderPaying,
        Pending,
        Processing,
        Shipped,
        Delivered,
        Cancelled,
    }
}

text_enum! {
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum PaymentStatus {
        Pending,
        Paid,
        Refunded,
        Failed,
        Expired,
    }
}

/// The state of the units of a shipment. The last two are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ShipmentStatus {
    InTransit,
    Delivered,
    Lost,
}

impl ShipmentStatus {
    /// A shipment has at most one of these times.
    #[must_use]
    pub const fn from_times(delivered_at: Option<DateTime<Utc>>, lost_at: Option<DateTime<Utc>>) -> Self {
        match (delivered_at, lost_at) {
            (Some(_), _) => Self::Delivered,
            (None, Some(_)) => Self::Lost,
            (None, None) => Self::InTransit,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// The state of an order that the buyer collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PickupStatus {
    Ready,
    Collected,
}

impl PickupStatus {
    /// None for an order that is delivered, and for one that is not ready yet.
    #[must_use]
    pub const fn from_order(order: &Order) -> Option<Self> {
        match (order.pickup_location_id, order.status, order.ready_at) {
            (None, _, _) | (_, OrderStatus::Cancelled, _) => None,
            (_, OrderStatus::Shipped | OrderStatus::Delivered, _) => Some(Self::Collected),
            (_, _, Some(_)) => Some(Self::Ready),
            (_, _, None) => None,
        }
    }
}

/// The part of an order's units that was shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FulfilmentStatus {
    None,
    Partial,
    Full,
}

impl FulfilmentStatus {
    #[must_use]
    pub fn from_items(items: &[OrderItem]) -> Self {
        if items.iter().all(|item| item.shipped_quantity == 0) {
            Self::None
        } else if items.iter().all(|item| item.unshipped(None) == 0) {
            Self::Full
        } else {
            Self::Partial
        }
    }
}

impl OrderStatus {
    /// The statuses that staff can set next. An order under payment becomes pending only by its payment.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::UnderPaying => &[Self::Cancelled],
            Self::Pending => &[Self::Processing, Self::Cancelled],
            Self::Processing => &[Self::Shipped, Self::Cancelled],
            Self::Shipped => &[Self::Delivered],
            Self::Delivered | Self::Cancelled => &[],
        }
    }

    #[must_use]
    pub fn can_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantArray;

    #[test]
    fn only_open_orders_can_be_cancelled() {
        let cancellable: Vec<_> =
            OrderStatus::VARIANTS.iter().copied().filter(|status| status.can_become(OrderStatus::Cancelled)).collect();
        assert_eq!(cancellable, [OrderStatus::UnderPaying, OrderStatus::Pending, OrderStatus::Processing]);
    }
}
