//! A set of places that adds one place after the other. It is used if there are too many places to compare all sets, or
//! if more than three places are necessary.

use super::candidate::{Part, Table};
use crate::kernel::id::LocationId;
use crate::stores::routing_policy::{RULES, RoutingRule};

/// The numbers by which the next places are compared, then the id. Here `fewest_parcels` prefers the place that has
/// more of the open units.
type StepKey = ([i64; RULES], LocationId);

/// Adds the best place until nothing is open. The demand must not exceed the units of all candidates. Each part has the
/// rule that preferred its place to the next one that has some of the same units.
pub(super) fn choose(table: &Table<'_>) -> Vec<(Part, Option<RoutingRule>)> {
    let mut open = table.demand.clone();
    let mut parts = Vec::new();
    let mut left: Vec<usize> = (0..table.candidates.len()).collect();
    while let Some((best, key)) = best_of(table, &left, &open) {
        let Some(candidate) = table.candidates.get(best) else { break };
        left.retain(|&other| other != best);
        let rest = candidate.rest(&open);
        let part = Part::new(best, &open, &rest);
        let next = best_of(table, &rivals(table, &left, &part.units), &open);
        let rule = next.and_then(|(_, next)| table.deciding_rule(&key.0, &next.0));
        parts.push((part, rule));
        open = rest;
    }
    parts.sort_by_key(|(part, _)| part.candidate);
    parts
}

/// The best of these candidates that have open units.
fn best_of(table: &Table<'_>, among: &[usize], open: &[i64]) -> Option<(usize, StepKey)> {
    let keyed = among.iter().filter_map(|&index| Some((index, step_key(table, index, open)?)));
    keyed.min_by_key(|&(_, key)| key)
}

/// None if the candidate has no open units.
fn step_key(table: &Table<'_>, index: usize, open: &[i64]) -> Option<StepKey> {
    let candidate = table.candidates.get(index)?;
    let offer = Some(candidate.offer(open)).filter(|&offer| offer > 0)?;
    let mut values = candidate.values;
    for (value, rule) in values.iter_mut().zip(&table.rules) {
        if *rule == RoutingRule::FewestParcels {
            *value = offer.saturating_neg();
        }
    }
    Some((values, candidate.place.id))
}

/// The candidates that have some of these units.
fn rivals(table: &Table<'_>, among: &[usize], units: &[i64]) -> Vec<usize> {
    let has_some = |&index: &usize| table.candidates.get(index).is_some_and(|candidate| candidate.offer(units) > 0);
    among.iter().copied().filter(has_some).collect()
}
