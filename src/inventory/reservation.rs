//! A reservation of stock for another service.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::id::{ProductId, ReservationId, UserId, VariantId};

/// The state of a reservation. It ends at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ReservationState)]
pub enum State {
    Active,
    Confirmed,
    Released,
    Expired,
}

impl State {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Confirmed => "confirmed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Confirmed, Self::Released, Self::Expired].into_iter().find(|state| state.as_str() == text)
    }
}

#[derive(Clone, Debug)]
pub struct Reservation {
    pub id: ReservationId,
    pub reference_id: String,
    pub state: State,
    pub expires_at: DateTime<Utc>,
    pub created_by: UserId,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReservedItem {
    pub product_id: ProductId,
    pub variant_id: VariantId,
    pub sku: String,
    pub product_name: String,
    pub size: Option<String>,
    pub quantity: i64,
}
