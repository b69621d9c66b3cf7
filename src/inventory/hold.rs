//! A hold reserves units for a holder until a deadline.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::kernel::id::{CartId, HoldId, LocationId, OrderId, ReservationId, VariantId};

/// A cart, an order or a reservation for which units are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    Cart(CartId),
    Order(OrderId),
    Reservation(ReservationId),
}

impl Holder {
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Cart(_) => "cart",
            Self::Order(_) => "order",
            Self::Reservation(_) => "reservation",
        }
    }

    #[must_use]
    pub const fn id(self) -> i64 {
        match self {
            Self::Cart(CartId(id)) | Self::Order(OrderId(id)) | Self::Reservation(ReservationId(id)) => id,
        }
    }

    #[must_use]
    pub fn parse(kind: &str, id: i64) -> Option<Self> {
        match kind {
            "cart" => Some(Self::Cart(CartId(id))),
            "order" => Some(Self::Order(OrderId(id))),
            "reservation" => Some(Self::Reservation(ReservationId(id))),
            _ => None,
        }
    }

    /// The reference of the holder in the ledger. Orders use their number instead.
    #[must_use]
    pub fn reference(self) -> String {
        format!("{}:{}", self.kind(), self.id())
    }
}

/// The end of a hold. Every hold ends once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldEnd {
    Sold,
    Released,
    Expired,
    /// The hold of a cart became the hold of its order.
    Transferred,
}

impl HoldEnd {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sold => "sold",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Transferred => "transferred",
        }
    }
}

/// A hold that has not ended; it may be overdue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub id: HoldId,
    pub holder: Holder,
    pub variant: VariantId,
    pub location: LocationId,
    pub quantity: i64,
    pub expires_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

/// The ledger's reason for an expired hold of a cart or a reservation.
#[must_use]
pub fn hold_expired(deadline: DateTime<Utc>) -> String {
    format!("Hold expired at {}.", deadline.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// A hold to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewHold {
    pub holder: Holder,
    pub variant: VariantId,
    pub location: LocationId,
    pub quantity: i64,
    pub expires_at: DateTime<Utc>,
}
