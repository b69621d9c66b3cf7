//! The requests that open and change places.

use std::borrow::Cow;

use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::error::ApiError;
use crate::kernel::text;
use crate::stores::location::{DEFAULT_PRIORITY, LocationChange, LocationStatus, check_coordinates};
use crate::stores::queries::locations::LocationSettings;

/// A new place.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLocationRequest {
    /// Letters, digits, `-` and `_`. It is stored in small letters.
    #[validate(custom(function = "text::check_short_code"))]
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$", min_length = 1, max_length = 50)]
    code: String,
    /// At least one visible character.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: String,
    #[serde(default = "active")]
    #[schema(default = "active")]
    status: LocationStatus,
    /// The place with the smaller number comes first.
    #[serde(default = "default_priority")]
    #[validate(range(min = 0, max = 1_000_000, message = "must be from 0 to 1000000"))]
    #[schema(default = 100, minimum = 0, maximum = 1_000_000)]
    priority: i64,
    #[validate(range(min = -90.0, max = 90.0, message = "must be from -90 to 90"))]
    #[schema(minimum = -90, maximum = 90)]
    latitude: Option<f64>,
    #[validate(range(min = -180.0, max = 180.0, message = "must be from -180 to 180"))]
    #[schema(minimum = -180, maximum = 180)]
    longitude: Option<f64>,
    /// ISO 3166-1, two letters.
    #[validate(custom(function = "check_country"))]
    #[schema(pattern = "^[A-Za-z]{2}$", min_length = 2, max_length = 2)]
    country: Option<String>,
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(max_length = 100)]
    region: Option<String>,
    #[validate(length(max = 20, message = "must have at most 20 characters"))]
    #[schema(max_length = 20)]
    postal_code: Option<String>,
    /// True if orders can take units of this place.
    #[serde(default = "yes")]
    #[schema(default = true)]
    sells_online: bool,
    #[serde(default)]
    #[validate(nested)]
    pickup: PickupRequest,
}

/// The collection of orders by their buyers.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PickupRequest {
    /// In a new place false if absent.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(length(max = 1000, message = "must have at most 1000 characters"))]
    #[schema(max_length = 1000)]
    instructions: Option<Option<String>>,
}

const fn active() -> LocationStatus {
    LocationStatus::Active
}

const fn default_priority() -> i64 {
    DEFAULT_PRIORITY
}

const fn yes() -> bool {
    true
}

fn check_country(country: &str) -> Result<(), ValidationError> {
    if country.len() == 2 && country.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Ok(());
    }
    Err(ValidationError::new("country").with_message(Cow::Borrowed("must be a code of two letters")))
}

impl TryFrom<NewLocationRequest> for LocationSettings {
    type Error = ApiError;

    fn try_from(request: NewLocationRequest) -> Result<Self, ApiError> {
        let NewLocationRequest {
            code,
            name,
            status,
            priority,
            latitude,
            longitude,
            country,
            region,
            postal_code,
            sells_online,
            pickup: PickupRequest { enabled, instructions },
        } = request;
        check_coordinates(latitude, longitude)?;
        Ok(Self {
            code: code.to_ascii_lowercase(),
            name,
            status,
            priority,
            latitude,
            longitude,
            country: country.map(|country| country.to_ascii_uppercase()),
            region,
            postal_code,
            sells_online,
            pickup_enabled: enabled.unwrap_or(false),
            pickup_instructions: instructions.flatten(),
        })
    }
}

/// The changes to a place. Absent fields stay unchanged.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LocationPatchRequest {
    /// Letters, digits, `-` and `_`. It is stored in small letters.
    #[serde(default, deserialize_with = "text::some")]
    #[validate(custom(function = "text::check_short_code"))]
    #[schema(nullable = false, pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$", min_length = 1, max_length = 50)]
    code: Option<String>,
    /// At least one visible character.
    #[serde(default, deserialize_with = "text::some")]
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(nullable = false, min_length = 1, max_length = 255, pattern = r"\S")]
    name: Option<String>,
    /// A place is paused before it is closed. A closed place is paused before it is active again.
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    status: Option<LocationStatus>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(range(min = 0, max = 1_000_000, message = "must be from 0 to 1000000"))]
    #[schema(nullable = false, minimum = 0, maximum = 1_000_000)]
    priority: Option<i64>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(range(min = -90.0, max = 90.0, message = "must be from -90 to 90"))]
    #[schema(minimum = -90, maximum = 90)]
    latitude: Option<Option<f64>>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(range(min = -180.0, max = 180.0, message = "must be from -180 to 180"))]
    #[schema(minimum = -180, maximum = 180)]
    longitude: Option<Option<f64>>,
    /// ISO 3166-1, two letters.
    #[serde(default, deserialize_with = "text::some")]
    #[validate(custom(function = "check_country"))]
    #[schema(pattern = "^[A-Za-z]{2}$", min_length = 2, max_length = 2)]
    country: Option<Option<String>>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(max_length = 100)]
    region: Option<Option<String>>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(length(max = 20, message = "must have at most 20 characters"))]
    #[schema(max_length = 20)]
    postal_code: Option<Option<String>>,
    #[serde(default, deserialize_with = "text::some")]
    #[schema(nullable = false)]
    sells_online: Option<bool>,
    #[serde(default, deserialize_with = "text::some")]
    #[validate(nested)]
    #[schema(nullable = false)]
    pickup: Option<PickupRequest>,
}

impl From<LocationPatchRequest> for LocationChange {
    fn from(request: LocationPatchRequest) -> Self {
        let LocationPatchRequest {
            code,
            name,
            status,
            priority,
            latitude,
            longitude,
            country,
            region,
            postal_code,
            sells_online,
            pickup,
        } = request;
        let PickupRequest { enabled, instructions } = pickup.unwrap_or_default();
        Self {
            code: code.map(|code| code.to_ascii_lowercase()),
            name,
            status,
            priority,
            latitude,
            longitude,
            country: country.map(|country| country.map(|country| country.to_ascii_uppercase())),
            region,
            postal_code,
            sells_online,
            pickup_enabled: enabled,
            pickup_instructions: instructions,
        }
    }
}
