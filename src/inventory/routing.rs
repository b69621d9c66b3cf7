//! Chooses the places that serve an order, without I/O.
//!
//! The candidates are whole sets of places: with up to 10 places, every set of one to three places that has all units.
//! Inside a set, the place that the rules rank first gives as many units as it can, then the next one. Every rule
//! scores a set of places: usually it adds the score of the place of each unit. The smaller sum wins. The first rule
//! whose sums differ decides between two sets. If there are more places, or no set has all units, the places are added
//! one by one.

use std::collections::BTreeMap;

use super::locked_stock::StockKey;
use crate::kernel::id::{LocationId, VariantId};
use crate::stores::routing_policy::{RoutingPolicy, RoutingRule, RoutingSplit};

mod candidate;
mod distance;
mod one_by_one;
mod place_sets;

use candidate::{Part, Table};
use distance::{metres_between, to_kilometres};

/// The maximal number of places for which all sets are compared.
const MAX_PLACES_FOR_SETS: usize = 10;
/// The maximal size of these sets.
const MAX_PLACES_IN_SET: usize = 3;

/// A point on the earth, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coordinates {
    pub latitude: f64,
    pub longitude: f64,
}

impl Coordinates {
    /// None if one of the two is not known.
    #[must_use]
    pub fn new(latitude: Option<f64>, longitude: Option<f64>) -> Option<Self> {
        latitude.zip(longitude).map(|(latitude, longitude)| Self { latitude, longitude })
    }
}

/// The position of a place or an address, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Position {
    pub coordinates: Option<Coordinates>,
    pub country: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
}

/// A place that may serve the order: active, and selling.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub id: LocationId,
    /// The smaller comes first.
    pub priority: i64,
    pub position: Position,
}

/// The units to route, and the facts that decide. The order of the places has no influence.
#[derive(Clone, Copy, Debug)]
pub struct RoutingRequest<'a> {
    /// Positive quantities.
    pub demand: &'a BTreeMap<VariantId, i64>,
    pub places: &'a [Place],
    /// None if the address is not known, or if the buyer collects the order.
    pub destination: Option<&'a Position>,
    pub policy: &'a RoutingPolicy,
}

/// The units that one place gives.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutedPart {
    pub location: LocationId,
    /// Positive quantities, by ascending variant.
    pub lines: Vec<(VariantId, i64)>,
    /// The rule that decided against the next best set in which this place gives other units. None if there is no such
    /// set, or if only the ids decided.
    pub rule: Option<RoutingRule>,
    /// None if the coordinates of the place or of the destination are not known.
    pub distance_km: Option<f64>,
}

/// The units of a variant at each place of a route.
#[must_use]
pub fn parts_of(route: &[RoutedPart], variant: VariantId) -> Vec<(LocationId, i64)> {
    let units =
        |part: &RoutedPart| part.lines.iter().find(|line| line.0 == variant).map(|line| (part.location, line.1));
    route.iter().filter_map(units).collect()
}

/// A line with too few units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoutingShortage {
    pub variant: VariantId,
    pub requested: i64,
    /// The units of all places, or those of the best place if the order must not be split.
    pub available: i64,
}

/// Chooses the places for all units, or returns every shortage. `sellable` returns the units that buyers can get of a
/// variant at a place.
pub fn route(
    request: &RoutingRequest<'_>,
    sellable: impl Fn(StockKey) -> i64,
) -> Result<Vec<RoutedPart>, Vec<RoutingShortage>> {
    match request.places {
        _ if request.demand.is_empty() => Ok(Vec::new()),
        [place] => route_to(place, request, &sellable).map(|part| vec![part]),
        _ => route_among(request, &sellable),
    }
}

fn route_to(
    place: &Place,
    request: &RoutingRequest<'_>,
    sellable: &impl Fn(StockKey) -> i64,
) -> Result<RoutedPart, Vec<RoutingShortage>> {
    let short = shortages(request.demand, |variant| sellable((variant, place.id)).max(0));
    if !short.is_empty() {
        return Err(short);
    }
    let lines = request.demand.iter().map(|(&variant, &quantity)| (variant, quantity)).collect();
    let metres = metres_between(&place.position, request.destination);
    Ok(RoutedPart { location: place.id, lines, rule: None, distance_km: metres.map(to_kilometres) })
}

fn route_among(
    request: &RoutingRequest<'_>,
    sellable: &impl Fn(StockKey) -> i64,
) -> Result<Vec<RoutedPart>, Vec<RoutingShortage>> {
    let table = Table::new(request, sellable);
    let parts = match request.policy.split {
        RoutingSplit::Never => place_sets::choose(&table, 1).ok_or_else(|| shortages_of_best_place(&table, request))?,
        RoutingSplit::Allow => {
            let short = shortages(request.demand, |variant| sum_over_places(variant, request.places, sellable));
            if !short.is_empty() {
                return Err(short);
            }
            let are_few = table.candidates.len() <= MAX_PLACES_FOR_SETS;
            let chosen =
                if are_few && table.has_choice() { place_sets::choose(&table, MAX_PLACES_IN_SET) } else { None };
            chosen.unwrap_or_else(|| one_by_one::choose(&table))
        }
    };
    Ok(parts.into_iter().filter_map(|part| routed_part(&table, request.demand, part)).collect())
}

fn routed_part(
    table: &Table<'_>,
    demand: &BTreeMap<VariantId, i64>,
    (part, rule): (Part, Option<RoutingRule>),
) -> Option<RoutedPart> {
    let candidate = table.candidates.get(part.candidate)?;
    let lines = demand.keys().copied().zip(part.units).filter(|&(_, units)| units > 0).collect();
    let distance_km = candidate.metres.map(to_kilometres);
    Some(RoutedPart { location: candidate.place.id, lines, rule, distance_km })
}

fn shortages(demand: &BTreeMap<VariantId, i64>, available: impl Fn(VariantId) -> i64) -> Vec<RoutingShortage> {
    let line = |(&variant, &requested): (&VariantId, &i64)| {
        let available = available(variant);
        (requested > available).then_some(RoutingShortage { variant, requested, available })
    };
    demand.iter().filter_map(line).collect()
}

fn sum_over_places(variant: VariantId, places: &[Place], sellable: &impl Fn(StockKey) -> i64) -> i64 {
    places.iter().fold(0, |sum: i64, place| sum.saturating_add(sellable((variant, place.id)).max(0)))
}

/// The shortages of the place that has the most units of the demand.
fn shortages_of_best_place(table: &Table<'_>, request: &RoutingRequest<'_>) -> Vec<RoutingShortage> {
    let best = table.candidates.iter().rev().max_by_key(|candidate| candidate.offer(&table.demand));
    let units: BTreeMap<VariantId, i64> =
        best.map(|best| request.demand.keys().copied().zip(best.units.iter().copied()).collect()).unwrap_or_default();
    shortages(request.demand, |variant| units.get(&variant).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests;
