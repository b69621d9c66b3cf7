//! A reservation of stock for another service.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::schema::reservations;
use crate::kernel::id::{ProductId, ReservationId, UserId, VariantId};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The state of a reservation. It ends at most once.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    #[schema(as = ReservationState)]
    pub enum State {
        Active,
        Confirmed,
        Released,
        Expired,
    }
}

#[derive(Clone, Debug, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = reservations)]
#[diesel(check_for_backend(diesel::pg::Pg))]
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
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub quantity: i64,
}
