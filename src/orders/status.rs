//! The state machines of an order and of its payment.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    UnderPaying,
    Pending,
    Processing,
    Shipped,
    Delivered,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Pending,
    Paid,
    Refunded,
    Failed,
    Expired,
}

impl OrderStatus {
    pub const ALL: [Self; 6] =
        [Self::UnderPaying, Self::Pending, Self::Processing, Self::Shipped, Self::Delivered, Self::Cancelled];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnderPaying => "under_paying",
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The statuses that staff can set next. An unpaid order becomes pending only by its payment.
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

impl PaymentStatus {
    pub const ALL: [Self; 5] = [Self::Pending, Self::Paid, Self::Refunded, Self::Failed, Self::Expired];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_orders_can_be_cancelled() {
        let cancellable: Vec<_> =
            OrderStatus::ALL.into_iter().filter(|status| status.can_become(OrderStatus::Cancelled)).collect();
        assert_eq!(cancellable, [OrderStatus::UnderPaying, OrderStatus::Pending, OrderStatus::Processing]);
    }

    #[test]
    fn names_are_parsed_as_they_are_written() {
        for status in OrderStatus::ALL {
            assert_eq!(OrderStatus::parse(status.as_str()), Some(status));
        }
        for status in PaymentStatus::ALL {
            assert_eq!(PaymentStatus::parse(status.as_str()), Some(status));
        }
    }
}
