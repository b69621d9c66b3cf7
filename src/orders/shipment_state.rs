//! The parts of a shipment that change, as they are at the time of an event.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::response::ShipmentResponse;
use super::status::{OrderStatus, ShipmentStatus};

/// An event of a shipment stores this, because the rows show later values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentState {
    pub order_status: OrderStatus,
    pub version: i64,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub lost_at: Option<DateTime<Utc>>,
    pub lost_reason: Option<String>,
}

impl ShipmentState {
    /// The shipment as it was at that time.
    #[must_use]
    pub fn applied_to(self, now: ShipmentResponse) -> ShipmentResponse {
        let Self { order_status, version, carrier, tracking_number, tracking_url, delivered_at, lost_at, lost_reason } =
            self;
        ShipmentResponse {
            order_status,
            status: ShipmentStatus::from_times(delivered_at, lost_at),
            version,
            carrier,
            tracking_number,
            tracking_url,
            delivered_at,
            lost_at,
            lost_reason,
            ..now
        }
    }
}
