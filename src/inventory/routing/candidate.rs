//! The places that have units of the demand, in the order in which the rules rank them.

use std::array;

use super::distance::{Remoteness, metres_between};
use super::{Place, RoutingRequest};
use crate::inventory::locked_stock::StockKey;
use crate::stores::routing_policy::{RULES, RoutingPolicy, RoutingRule};

/// The demand, and the places that have units of it, the best first.
pub(super) struct Table<'a> {
    /// By ascending variant.
    pub demand: Vec<i64>,
    pub candidates: Vec<Candidate<'a>>,
    pub rules: Vec<RoutingRule>,
}

/// A place that has units of the demand.
pub(super) struct Candidate<'a> {
    pub place: &'a Place,
    pub metres: Option<i64>,
    /// The sellable units of each line of the demand.
    pub units: Vec<i64>,
    /// The numbers that the rules give the place. The smaller is better.
    pub values: [i64; RULES],
}

/// The units that a set of places takes from a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The index of the candidate.
    pub candidate: usize,
    /// For each line of the demand.
    pub units: Vec<i64>,
}

impl<'a> Table<'a> {
    pub fn new(request: &RoutingRequest<'a>, sellable: &impl Fn(StockKey) -> i64) -> Self {
        let mut table = Self {
            demand: request.demand.values().copied().collect(),
            candidates: request.places.iter().map(|place| Candidate::new(place, request, sellable)).collect(),
            rules: all_rules(request.policy),
        };
        table.candidates.retain(|candidate| candidate.offer(&table.demand) > 0);
        table.rank(request);
        table
    }

    /// Sorts the candidates by the rules, then by their ids.
    fn rank(&mut self, request: &RoutingRequest<'_>) {
        let remoteness = Remoteness::new(&self.candidates, request.destination);
        for candidate in &mut self.candidates {
            let value = |rule: &RoutingRule| candidate.value(*rule, request.policy, &remoteness);
            candidate.values = array::from_fn(|index| self.rules.get(index).map_or(0, value));
        }
        self.candidates.sort_by_key(|candidate| (candidate.values, candidate.place.id));
    }

    /// True if several candidates have units of the same line.
    pub fn has_choice(&self) -> bool {
        let has_line =
            |line: usize| move |candidate: &&Candidate<'_>| candidate.units.get(line).is_some_and(|&units| units > 0);
        (0..self.demand.len()).any(|line| self.candidates.iter().filter(has_line(line)).nth(1).is_some())
    }

    /// The first rule whose numbers differ.
    pub fn deciding_rule<T: PartialEq>(&self, one: &[T; RULES], other: &[T; RULES]) -> Option<RoutingRule> {
        let numbers = one.iter().zip(other);
        self.rules.iter().zip(numbers).find(|(_, (one, other))| one != other).map(|(rule, _)| *rule)
    }
}

/// The rules of the policy. The priority decides last, if it has no other position.
fn all_rules(policy: &RoutingPolicy) -> Vec<RoutingRule> {
    let mut rules = policy.rules.clone();
    if !rules.contains(&RoutingRule::Priority) {
        rules.push(RoutingRule::Priority);
    }
    rules
}

impl<'a> Candidate<'a> {
    fn new(place: &'a Place, request: &RoutingRequest<'_>, sellable: &impl Fn(StockKey) -> i64) -> Self {
        Self {
            place,
            metres: metres_between(&place.position, request.destination),
            units: request.demand.keys().map(|&variant| sellable((variant, place.id)).max(0)).collect(),
            values: [0; RULES],
        }
    }

    fn value(&self, rule: RoutingRule, policy: &RoutingPolicy, remoteness: &Remoteness<'_>) -> i64 {
        match rule {
            RoutingRule::Preferred => i64::from(!policy.preferred_location_ids.contains(&self.place.id)),
            // This is a number of whole sets of places.
            RoutingRule::FewestParcels => 0,
            RoutingRule::Nearest => remoteness.measure(self),
            RoutingRule::Priority => self.place.priority,
            RoutingRule::MostStock => sum(&self.units).saturating_neg(),
        }
    }

    /// The number of units that the candidate has of the open demand.
    pub fn offer(&self, open: &[i64]) -> i64 {
        self.units.iter().zip(open).fold(0, |sum: i64, (units, open)| sum.saturating_add(*units.min(open)))
    }

    /// The demand that stays open if the candidate gives as many units as it can.
    pub fn rest(&self, open: &[i64]) -> Vec<i64> {
        open.iter().zip(&self.units).map(|(open, units)| open.saturating_sub(*units.min(open))).collect()
    }
}

impl Part {
    /// The units of a candidate by which the open demand has become smaller.
    pub fn new(candidate: usize, before: &[i64], after: &[i64]) -> Self {
        let units = before.iter().zip(after).map(|(before, after)| before.saturating_sub(*after)).collect();
        Self { candidate, units }
    }
}

pub(super) fn sum(units: &[i64]) -> i64 {
    units.iter().fold(0, |sum: i64, units| sum.saturating_add(*units))
}
