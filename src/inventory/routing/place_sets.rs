//! All sets of few places, and the best of them.

use std::array;
use std::cmp::Ordering;

use super::candidate::{Candidate, Part, Table, sum};
use crate::kernel::id::LocationId;
use crate::stores::routing_policy::{RULES, RoutingRule};

struct PlaceSet {
    /// The indices of the candidates, ascending. So each one gives its units after all that rank before it.
    members: Vec<usize>,
    /// The open units of each line.
    open: Vec<i64>,
    /// The numbers by which the rules compare sets. The smaller is better.
    score: [i128; RULES],
}

/// Chooses the best set of at most this number of places. None if no set serves the whole demand. Each part has the
/// rule that decided.
pub(super) fn choose(table: &Table<'_>, max_places: usize) -> Option<Vec<(Part, Option<RoutingRule>)>> {
    let mut sets = list(table, max_places);
    sets.sort_unstable_by(|one, other| one.compare(other, table));
    let (best, others) = sets.split_first()?;
    let with_rule = |part: Part| {
        let next = others.iter().find(|places| !places.parts(table).contains(&part));
        let rule = next.and_then(|next| table.deciding_rule(&best.score, &next.score));
        (part, rule)
    };
    Some(best.parts(table).into_iter().map(with_rule).collect())
}

/// Lists the complete sets of at most this number of places.
fn list(table: &Table<'_>, max_places: usize) -> Vec<PlaceSet> {
    let mut complete = Vec::new();
    let mut incomplete = vec![PlaceSet { members: Vec::new(), open: table.demand.clone(), score: [0; RULES] }];
    for left in (0..max_places).rev() {
        let extended = incomplete.iter().flat_map(|places| places.extend(table, left == 0));
        let (finished, unfinished): (Vec<PlaceSet>, Vec<PlaceSet>) =
            extended.partition(|places| sum(&places.open) == 0);
        complete.extend(finished);
        incomplete = unfinished;
    }
    complete
}

impl PlaceSet {
    /// Extends the set by each later candidate that has open units. The last one must have all of them.
    fn extend(&self, table: &Table<'_>, is_last: bool) -> impl Iterator<Item = Self> {
        let least = if is_last { sum(&self.open) } else { 1 };
        let after = self.members.last().map_or(0, |member| member.saturating_add(1));
        let later = table.candidates.iter().enumerate().skip(after);
        later.filter_map(move |(index, candidate)| {
            let units = candidate.offer(&self.open);
            (units >= least).then(|| self.extend_by(table, index, candidate, units))
        })
    }

    fn extend_by(&self, table: &Table<'_>, index: usize, candidate: &Candidate<'_>, units: i64) -> Self {
        let members = self.members.iter().copied().chain([index]).collect();
        let add = |rule: usize| {
            let before = self.score.get(rule).copied().unwrap_or_default();
            before.saturating_add(match table.rules.get(rule) {
                Some(RoutingRule::FewestParcels) => 1,
                _ => i128::from(candidate.values.get(rule).copied().unwrap_or_default()) * i128::from(units),
            })
        };
        Self { members, open: candidate.rest(&self.open), score: array::from_fn(add) }
    }

    fn compare(&self, other: &Self, table: &Table<'_>) -> Ordering {
        self.score.cmp(&other.score).then_with(|| self.places(table).cmp(&other.places(table)))
    }

    /// The ids of the places, ascending.
    fn places(&self, table: &Table<'_>) -> Vec<LocationId> {
        let members = self.members.iter().filter_map(|&member| table.candidates.get(member));
        let mut places: Vec<LocationId> = members.map(|candidate| candidate.place.id).collect();
        places.sort_unstable();
        places
    }

    fn parts(&self, table: &Table<'_>) -> Vec<Part> {
        let mut open = table.demand.clone();
        let members = self.members.iter().filter_map(|&index| Some((index, table.candidates.get(index)?)));
        let part = |(index, candidate): (usize, &Candidate<'_>)| {
            let rest = candidate.rest(&open);
            let part = Part::new(index, &open, &rest);
            open = rest;
            part
        };
        members.map(part).collect()
    }
}
