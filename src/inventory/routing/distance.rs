//! The distance of places from the destination.

use super::candidate::Candidate;
use super::{Coordinates, Position};
use crate::kernel::folded_text::fold;

/// The mean radius of the earth in metres, (2a + b) / 3 of the ellipsoid GRS 80: H. Moritz, "Geodetic Reference System
/// 1980", Journal of Geodesy 74 (2000), p. 131.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// The number of a place without coordinates among places with them: more metres than half of the earth's circumference,
/// so that it is farther than all others.
const FARTHEST_M: i64 = 20_100_000;

/// Two postal codes are in one area if they begin with the same letters or digits: the district of an Indian, American,
/// Canadian or British code.
const POSTAL_PREFIX: usize = 3;

/// The way in which the rule `nearest` compares places.
pub(super) enum Remoteness<'a> {
    /// The coordinates of the destination and of a candidate are known.
    ByDistance,
    /// No candidate has a distance.
    ByArea(&'a Position),
    /// The destination is not known, so the rule abstains.
    Unknown,
}

impl<'a> Remoteness<'a> {
    /// Distances and areas cannot be compared with each other. So one known distance means distances for all.
    pub fn new(candidates: &[Candidate<'_>], destination: Option<&'a Position>) -> Self {
        match destination {
            None => Self::Unknown,
            Some(_) if candidates.iter().any(|candidate| candidate.metres.is_some()) => Self::ByDistance,
            Some(destination) => Self::ByArea(destination),
        }
    }

    /// A number of metres, or of the area: 0 is the nearest.
    pub fn measure(&self, candidate: &Candidate<'_>) -> i64 {
        match self {
            Self::ByDistance => candidate.metres.unwrap_or(FARTHEST_M),
            Self::ByArea(destination) => area(&candidate.place.position, destination),
            Self::Unknown => 0,
        }
    }
}

/// 0 for equal postal prefixes, 1 for the same region, 2 for the same country, 3 otherwise. Codes and regions of two
/// countries are never equal.
fn area(place: &Position, destination: &Position) -> i64 {
    let countries = both(&place.country, &destination.country);
    let same_country = countries.map(|(one, other)| one.trim().eq_ignore_ascii_case(other.trim()));
    let same_postal_prefix = || {
        both(&place.postal_code, &destination.postal_code).is_some_and(|(one, other)| {
            postal_prefix(one).eq(postal_prefix(other)) && postal_prefix(one).next().is_some()
        })
    };
    let same_region = || both(&place.region, &destination.region).is_some_and(|(one, other)| fold(one) == fold(other));
    match same_country {
        Some(false) => 3,
        _ if same_postal_prefix() => 0,
        _ if same_region() => 1,
        Some(true) => 2,
        None => 3,
    }
}

fn both<'a>(one: &'a Option<String>, other: &'a Option<String>) -> Option<(&'a str, &'a str)> {
    one.as_deref().zip(other.as_deref())
}

/// The first letters and digits in one case.
fn postal_prefix(code: &str) -> impl Iterator<Item = char> {
    code.chars().filter(|c| c.is_alphanumeric()).take(POSTAL_PREFIX).flat_map(char::to_uppercase)
}

/// The distance along the great circle. None if a position has no coordinates.
pub(super) fn metres_between(place: &Position, destination: Option<&Position>) -> Option<i64> {
    let (from, to) = place.coordinates.zip(destination?.coordinates)?;
    Some(haversine_m(from, to))
}

/// The haversine formula. Whole metres make the sums of distances exact.
#[allow(clippy::float_arithmetic, reason = "degrees and distances on a sphere are not integers")]
fn haversine_m(from: Coordinates, to: Coordinates) -> i64 {
    let half_sine_squared = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let parallels = from.latitude.to_radians().cos() * to.latitude.to_radians().cos();
    let square =
        half_sine_squared(to.latitude - from.latitude) + parallels * half_sine_squared(to.longitude - from.longitude);
    (2.0 * EARTH_RADIUS_M * square.sqrt().min(1.0).asin()).round() as i64
}

#[allow(clippy::float_arithmetic, reason = "the response shows kilometres")]
pub(super) fn to_kilometres(metres: i64) -> f64 {
    metres as f64 / 1000.0
}
