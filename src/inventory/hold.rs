//! A hold reserves units for a holder, in most cases until a deadline.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::kernel::id::{CartId, HoldId, InboundId, LocationId, OrderId, ReservationId, VariantId};
use crate::kernel::text_enum::text_enum;

/// A cart, an order, a reservation or a transfer for which units are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    Cart(CartId),
    Order(OrderId),
    Reservation(ReservationId),
    Transfer(InboundId),
}

text_enum! {
    /// The kind of a holder.
    #[derive(Serialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum HolderKind {
        Cart,
        Order,
        Reservation,
        Transfer,
    }
}

impl Holder {
    #[must_use]
    pub const fn kind(self) -> HolderKind {
        match self {
            Self::Cart(_) => HolderKind::Cart,
            Self::Order(_) => HolderKind::Order,
            Self::Reservation(_) => HolderKind::Reservation,
            Self::Transfer(_) => HolderKind::Transfer,
        }
    }

    #[must_use]
    pub const fn id(self) -> i64 {
        match self {
            Self::Cart(CartId(id))
            | Self::Order(OrderId(id))
            | Self::Reservation(ReservationId(id))
            | Self::Transfer(InboundId(id)) => id,
        }
    }

    #[must_use]
    pub const fn new(kind: HolderKind, id: i64) -> Self {
        match kind {
            HolderKind::Cart => Self::Cart(CartId(id)),
            HolderKind::Order => Self::Order(OrderId(id)),
            HolderKind::Reservation => Self::Reservation(ReservationId(id)),
            HolderKind::Transfer => Self::Transfer(InboundId(id)),
        }
    }

    /// The reference of the holder in the ledger. Orders and transfers use their number instead.
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
        /// The hold of a cart became the hold of its order, or the hold of an order moved to another place.
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
    /// A hold without a deadline never expires.
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl Hold {
    /// True from the deadline on.
    #[must_use]
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|deadline| deadline <= now)
    }
}

/// The ledger's reason for an expired hold of a cart or a reservation.
#[must_use]
pub fn hold_expired(deadline: DateTime<Utc>) -> String {
    format!("Hold expired at {}.", deadline.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Units of a variant to reserve for a holder.
#[derive(Clone, Copy, Debug)]
pub struct ReserveUnits {
    pub holder: Holder,
    pub variant: VariantId,
    /// The hold never expires if None.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A hold to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewHold {
    pub holder: Holder,
    pub variant: VariantId,
    pub location: LocationId,
    pub quantity: i64,
    pub expires_at: Option<DateTime<Utc>>,
}
