//! A hold reserves units for a holder until a deadline.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::kernel::id::{CartId, HoldId, LocationId, OrderId, ReservationId, VariantId};
use crate::kernel::text_enum::text_enum;

/// A cart, an order or a reservation for which units are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    Cart(CartId),
    Order(OrderId),
    Reservation(ReservationId),
}

text_enum! {
    /// The kind of a holder.
    #[strum(serialize_all = "snake_case")]
    pub enum HolderKind {
        Cart,
        Order,
        Reservation,
    }
}

impl Holder {
    #[must_use]
    pub const fn kind(self) -> HolderKind {
        match self {
            Self::Cart(_) => HolderKind::Cart,
            Self::Order(_) => HolderKind::Order,
            Self::Reservation(_) => HolderKind::Reservation,
        }
    }

    #[must_use]
    pub const fn id(self) -> i64 {
        match self {
            Self::Cart(CartId(id)) | Self::Order(OrderId(id)) | Self::Reservation(ReservationId(id)) => id,
        }
    }

    #[must_use]
    pub const fn of(kind: HolderKind, id: i64) -> Self {
        match kind {
            HolderKind::Cart => Self::Cart(CartId(id)),
            HolderKind::Order => Self::Order(OrderId(id)),
            HolderKind::Reservation => Self::Reservation(ReservationId(id)),
        }
    }

    /// The reference of the holder in the ledger. Orders use their number instead.
    #[must_use]
    pub fn reference(self) -> String {
        format!("{}:{}", self.kind().as_str(), self.id())
    }
}

text_enum! {
    /// The end of a hold. Every hold ends once.
    #[strum(serialize_all = "snake_case")]
    pub enum HoldEnd {
        Sold,
        Released,
        Expired,
        /// The hold of a cart became the hold of its order.
        Transferred,
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
