//! The places that new orders can take units from, as they were read after the locks of the stock rows.

use serde::Deserialize;
use serde_json::Value;

use crate::db::Failure;
use crate::kernel::id::LocationId;

/// An active place.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Place {
    pub id: LocationId,
    /// The smaller comes first.
    pub priority: i64,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub country: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub sells_online: bool,
    pub pickup_enabled: bool,
}

/// The active places of a store, by priority, then id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places(Vec<Place>);

impl Places {
    /// Reads the list that `active_places!` selects.
    pub fn from_json(list: Value) -> Result<Self, Failure> {
        serde_json::from_value(list)
            .map(Self)
            .map_err(|error| Failure::Internal(format!("the active places are unreadable: {error}")))
    }

    #[must_use]
    pub fn new(mut places: Vec<Place>) -> Self {
        places.sort_by_key(|place| (place.priority, place.id));
        Self(places)
    }

    /// The places that sell online, in their order.
    pub fn selling(&self) -> impl Iterator<Item = &Place> {
        self.0.iter().filter(|place| place.sells_online)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Places that sell online and have the same priority.
    pub fn places(ids: &[i64]) -> Places {
        Places::new(ids.iter().map(|id| place(*id, 100)).collect())
    }

    pub fn place(id: i64, priority: i64) -> Place {
        Place {
            id: LocationId(id),
            priority,
            latitude: None,
            longitude: None,
            country: None,
            region: None,
            postal_code: None,
            sells_online: true,
            pickup_enabled: false,
        }
    }

    #[test]
    fn places_come_by_priority_and_then_by_id() {
        let hidden = Place { sells_online: false, ..place(4, 1) };
        let places = Places::new(vec![place(3, 5), hidden, place(2, 9), place(1, 9)]);
        assert_eq!(places.selling().map(|place| place.id.0).collect::<Vec<_>>(), [3, 1, 2]);
    }
}
