//! The settings of a place, and the rules for changing them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::queries::locations::LocationSettings;
use crate::error::{ApiError, Code};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// An active place gets new orders. At a paused place, everything open goes on. A closed place is empty.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum LocationStatus {
        Active,
        Paused,
        Closed,
    }
}

impl LocationSettings {
    /// The settings of a place of which only the names are given.
    #[must_use]
    pub fn new(code: String, name: String) -> Self {
        Self {
            code,
            name,
            status: LocationStatus::Active,
            priority: DEFAULT_PRIORITY,
            latitude: None,
            longitude: None,
            country: None,
            region: None,
            postal_code: None,
            sells_online: true,
            pickup_enabled: false,
            pickup_instructions: None,
        }
    }
}

/// The priority of a place that names none.
pub const DEFAULT_PRIORITY: i64 = 100;

impl LocationStatus {
    /// `active ⇄ paused ⇄ closed`.
    const fn can_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Active, Self::Paused) | (Self::Paused, Self::Active | Self::Closed) | (Self::Closed, Self::Paused)
        )
    }
}

/// The changes to a place. Fields that are `None` stay unchanged.
#[derive(Clone, Debug, Default)]
pub struct LocationChange {
    pub code: Option<String>,
    pub name: Option<String>,
    pub status: Option<LocationStatus>,
    pub priority: Option<i64>,
    pub latitude: Option<Option<f64>>,
    pub longitude: Option<Option<f64>>,
    pub country: Option<Option<String>>,
    pub region: Option<Option<String>>,
    pub postal_code: Option<Option<String>>,
    pub sells_online: Option<bool>,
    pub pickup_enabled: Option<bool>,
    pub pickup_instructions: Option<Option<String>>,
}

impl LocationSettings {
    /// True if new orders can take units of this place.
    #[must_use]
    pub fn is_selling(&self) -> bool {
        self.status == LocationStatus::Active && self.sells_online
    }

    /// Changes the place in memory and returns the names of the changed fields.
    pub fn apply(&mut self, change: &LocationChange) -> Result<Vec<&'static str>, ApiError> {
        let before = self.clone();
        let change = change.clone();
        self.status = change.status.unwrap_or(self.status);
        if self.status != before.status && !before.status.can_become(self.status) {
            let (from, to) = (before.status.as_str(), self.status.as_str());
            let detail = format!("Location '{}' is {from} and can't become {to}.", before.code);
            return Err(ApiError::new(Code::InvalidTransition, detail));
        }
        set(&mut self.code, change.code);
        set(&mut self.name, change.name);
        set(&mut self.priority, change.priority);
        set(&mut self.latitude, change.latitude);
        set(&mut self.longitude, change.longitude);
        set(&mut self.country, change.country);
        set(&mut self.region, change.region);
        set(&mut self.postal_code, change.postal_code);
        set(&mut self.sells_online, change.sells_online);
        set(&mut self.pickup_enabled, change.pickup_enabled);
        set(&mut self.pickup_instructions, change.pickup_instructions);
        check_coordinates(self.latitude, self.longitude)?;
        Ok(self.since(&before))
    }

    fn since(&self, before: &Self) -> Vec<&'static str> {
        let fields = [
            ("code", self.code != before.code),
            ("name", self.name != before.name),
            ("status", self.status != before.status),
            ("priority", self.priority != before.priority),
            ("coordinates", (self.latitude, self.longitude) != (before.latitude, before.longitude)),
            ("country", self.country != before.country),
            ("region", self.region != before.region),
            ("postal_code", self.postal_code != before.postal_code),
            ("sells_online", self.sells_online != before.sells_online),
            ("pickup.enabled", self.pickup_enabled != before.pickup_enabled),
            ("pickup.instructions", self.pickup_instructions != before.pickup_instructions),
        ];
        fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// Refuses a latitude without a longitude, and the reverse.
pub fn check_coordinates(latitude: Option<f64>, longitude: Option<f64>) -> Result<(), ApiError> {
    match (latitude, longitude) {
        (Some(_), None) => Err(ApiError::field("longitude", "must be given with latitude")),
        (None, Some(_)) => Err(ApiError::field("latitude", "must be given with longitude")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(status: LocationStatus) -> LocationSettings {
        LocationSettings { status, ..LocationSettings::new("main".into(), "Main".into()) }
    }

    #[test]
    fn a_place_is_paused_before_it_is_closed_and_after() {
        use LocationStatus::{Active, Closed, Paused};
        for (from, to, is_allowed) in [
            (Active, Active, true),
            (Active, Paused, true),
            (Active, Closed, false),
            (Paused, Active, true),
            (Paused, Closed, true),
            (Closed, Paused, true),
            (Closed, Active, false),
        ] {
            let changed = place(from).apply(&LocationChange { status: Some(to), ..LocationChange::default() });
            assert_eq!(changed.map_err(|refusal| refusal.code).is_ok(), is_allowed, "{from:?} to {to:?}");
        }
    }

    #[test]
    fn coordinates_come_in_pairs() {
        let with = |latitude, longitude| {
            place(LocationStatus::Active).apply(&LocationChange { latitude, longitude, ..LocationChange::default() })
        };
        assert_eq!(with(Some(Some(12.5)), Some(Some(77.0))).unwrap(), ["coordinates"]);
        assert_eq!(with(Some(None), None).unwrap(), [""; 0]);
        assert!(with(Some(Some(12.5)), None).is_err());
        assert!(with(None, Some(Some(77.0))).is_err());
    }
}
