//! The places that new orders can take units from, as they were read after the locks of the stock rows.

use serde::Deserialize;
use serde_json::Value;

use super::routing::{Coordinates, Place, Position};
use crate::db::Failure;
use crate::kernel::id::LocationId;
use crate::stores::routing_policy::RoutingPolicy;

/// An active place, as `active_places!` selects it.
#[derive(Deserialize)]
struct ActivePlace {
    id: LocationId,
    priority: i64,
    latitude: Option<f64>,
    longitude: Option<f64>,
    country: Option<String>,
    region: Option<String>,
    postal_code: Option<String>,
    sells_online: bool,
    pickup_enabled: bool,
}

/// The active places of a store, and the rules that choose among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    selling: Vec<Place>,
    pickup: Vec<Place>,
    policy: RoutingPolicy,
}

impl Places {
    /// Reads the list that `active_places!` selects.
    pub fn from_json(list: Value, policy: RoutingPolicy) -> Result<Self, Failure> {
        let active: Vec<ActivePlace> = serde_json::from_value(list)
            .map_err(|error| Failure::Internal(format!("the active places are unreadable: {error}")))?;
        let (mut selling, mut pickup) = (Vec::new(), Vec::new());
        for place in active {
            let (sells_online, pickup_enabled) = (place.sells_online, place.pickup_enabled);
            let place = Place::from(place);
            if pickup_enabled {
                pickup.push(place.clone());
            }
            if sells_online {
                selling.push(place);
            }
        }
        Ok(Self { selling, pickup, policy })
    }

    #[must_use]
    pub const fn new(selling: Vec<Place>, policy: RoutingPolicy) -> Self {
        Self { selling, pickup: Vec::new(), policy }
    }

    /// The places that sell online.
    #[must_use]
    pub fn selling(&self) -> &[Place] {
        &self.selling
    }

    /// The active place at which buyers can collect orders, if it is one.
    #[must_use]
    pub fn pickup(&self, location: LocationId) -> Option<&Place> {
        self.pickup.iter().find(|place| place.id == location)
    }

    #[must_use]
    pub const fn policy(&self) -> &RoutingPolicy {
        &self.policy
    }
}

impl From<ActivePlace> for Place {
    fn from(place: ActivePlace) -> Self {
        let ActivePlace { id, priority, latitude, longitude, country, region, postal_code, .. } = place;
        let coordinates = Coordinates::new(latitude, longitude);
        Self { id, priority, position: Position { coordinates, country, region, postal_code } }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Places that sell online and have the same priority.
    pub fn places(ids: &[i64]) -> Places {
        Places::new(ids.iter().map(|id| place(*id, 100)).collect(), RoutingPolicy::default())
    }

    pub fn place(id: i64, priority: i64) -> Place {
        Place { id: LocationId(id), priority, position: Position::default() }
    }

    #[test]
    fn places_that_sell_and_places_for_pickup_are_kept_apart() {
        let place = |id: i64, sells: bool, pickup: bool| {
            serde_json::json!({"id": id, "priority": 100, "latitude": 12.5, "longitude": null, "country": "IN",
                               "region": null, "postal_code": null, "sells_online": sells, "pickup_enabled": pickup})
        };
        let list = serde_json::json!([place(1, true, false), place(2, false, true), place(3, true, true)]);
        let places = Places::from_json(list, RoutingPolicy::default()).unwrap();
        assert_eq!(places.selling().iter().map(|place| place.id.0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!([1, 2, 3].map(|id| places.pickup(LocationId(id)).is_some()), [false, true, true]);
        assert_eq!(places.selling()[0].position.coordinates, None);
    }
}
