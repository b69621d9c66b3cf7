use proptest::prelude::*;

use super::*;
use crate::stores::routing_policy::RULES;

const RULE_LIST: [RoutingRule; RULES] = [Preferred, FewestParcels, Nearest, Priority, MostStock];

fn position() -> impl Strategy<Value = Position> {
    let known = (-90.0..=90.0, -180.0..=180.0);
    let text =
        |choices: &'static [&'static str]| prop::option::of(prop::sample::select(choices).prop_map(ToOwned::to_owned));
    (prop::option::of(known), text(&["IN", "US"]), text(&["KA", "KL"]), text(&["560001", "560002", "67"])).prop_map(
        |(known, country, region, postal_code)| Position {
            coordinates: known.map(|(latitude, longitude)| Coordinates { latitude, longitude }),
            country,
            region,
            postal_code,
        },
    )
}

fn policy(places: i64) -> impl Strategy<Value = RoutingPolicy> {
    let rules = (Just(RULE_LIST.to_vec()).prop_shuffle(), 0..=RULES);
    let preferred = prop::collection::vec(1..=places, 0..3);
    (rules, preferred, prop::bool::weighted(0.2)).prop_map(|((mut rules, count), preferred, never)| {
        rules.truncate(count);
        let split = if never { RoutingSplit::Never } else { RoutingSplit::Allow };
        let preferred_location_ids = preferred.into_iter().map(LocationId).collect();
        RoutingPolicy { rules, split, preferred_location_ids }
    })
}

/// Up to this number of places, each with a few units of up to 4 lines.
fn any_case(most_places: i64) -> impl Strategy<Value = Case> {
    (1..=most_places).prop_flat_map(|count| {
        let place = (position(), prop::sample::select(&[1_i64, 2, 100, i64::MAX, i64::MIN][..]));
        let places = prop::collection::vec(place, usize::try_from(count).unwrap());
        let stock = prop::collection::btree_map((1..=4_i64, 1..=count), -1..6_i64, 0..24);
        let demand = prop::collection::btree_map(1..=4_i64, 1..7_i64, 0..=4);
        (places, stock, demand, prop::option::of(position()), policy(count)).prop_map(
            |(places, stock, demand, destination, policy)| Case {
                places: (1..)
                    .zip(places)
                    .map(|(id, (position, priority))| Place { id: LocationId(id), priority, position })
                    .collect(),
                stock: stock.into_iter().map(|((v, p), units)| ((VariantId(v), LocationId(p)), units)).collect(),
                demand: demand.into_iter().map(|(variant, quantity)| (VariantId(variant), quantity)).collect(),
                destination,
                policy,
            },
        )
    })
}

impl Case {
    fn sellable(&self, variant: VariantId, place: LocationId) -> i64 {
        self.stock.get(&(variant, place)).copied().unwrap_or_default().max(0)
    }

    /// True if these places together have all units.
    fn have_all(&self, places: &[&Place]) -> bool {
        let units = |variant| places.iter().map(|place| self.sellable(variant, place.id)).sum::<i64>();
        self.demand.iter().all(|(&variant, &quantity)| units(variant) >= quantity)
    }

    /// The size of the smallest set of places that has all units, by trying every set.
    fn fewest(&self) -> Option<usize> {
        let sets = 0..1_u32 << self.places.len();
        let members = |set: u32| self.places.iter().enumerate().filter(move |(i, _)| set >> i & 1 == 1).map(|(_, p)| p);
        let complete = sets.filter(|&set| self.have_all(&members(set).collect::<Vec<_>>()));
        complete.map(|set| usize::try_from(set.count_ones()).unwrap()).min()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_unit_is_routed_once_or_every_shortage_is_listed(case in any_case(14)) {
        let all: Vec<&Place> = case.places.iter().collect();
        let is_enough = match case.policy.split {
            RoutingSplit::Allow => case.have_all(&all),
            RoutingSplit::Never => case.places.iter().any(|place| case.have_all(&[place])) || case.demand.is_empty(),
        };
        match case.route() {
            Ok(parts) => {
                prop_assert!(is_enough);
                let mut routed: BTreeMap<VariantId, i64> = BTreeMap::new();
                for part in &parts {
                    prop_assert!(!part.lines.is_empty() && part.lines.is_sorted_by_key(|(variant, _)| *variant));
                    for &(variant, quantity) in &part.lines {
                        prop_assert!((1..=case.sellable(variant, part.location)).contains(&quantity));
                        *routed.entry(variant).or_default() += quantity;
                    }
                }
                prop_assert_eq!(&routed, &case.demand);
                let mut places: Vec<_> = parts.iter().map(|part| part.location).collect();
                places.sort_unstable();
                places.dedup();
                prop_assert_eq!(places.len(), parts.len());
                prop_assert!(case.policy.split == RoutingSplit::Allow || parts.len() <= 1);
            }
            Err(short) => {
                prop_assert!(!is_enough && !short.is_empty());
                let of_places = |places: &[&Place]| {
                    shortages(&case.demand, |variant| places.iter().map(|place| case.sellable(variant, place.id)).sum())
                };
                let missing = |short: &[RoutingShortage]| {
                    short.iter().map(|line| line.requested - line.available).sum::<i64>()
                };
                let of_each: Vec<_> = case.places.iter().map(|place| of_places(&[place])).collect();
                match case.policy.split {
                    RoutingSplit::Allow => prop_assert_eq!(short, of_places(&all)),
                    RoutingSplit::Never => {
                        prop_assert!(of_each.contains(&short));
                        prop_assert_eq!(of_each.iter().map(|short| missing(short)).min(), Some(missing(&short)));
                    }
                }
            }
        }
    }

    #[test]
    fn no_plan_with_up_to_three_places_has_more_parcels_than_necessary(case in any_case(6)) {
        let mut case = case;
        case.policy = RoutingPolicy { split: RoutingSplit::Allow, ..case.policy };
        case.policy.rules.retain(|rule| *rule != FewestParcels);
        case.policy.rules.insert(0, FewestParcels);
        if let (Some(fewest), Ok(parts)) = (case.fewest(), case.route()) {
            prop_assert!(parts.len() == fewest || fewest > 3, "{} of {fewest}", parts.len());
        }
    }

    #[test]
    fn the_order_of_the_places_has_no_influence(case in any_case(14), seed in any::<prop::sample::Index>()) {
        let mut rotated = case.clone();
        rotated.places.rotate_left(seed.index(case.places.len()));
        prop_assert_eq!(rotated.route(), case.route());
        rotated.places.reverse();
        prop_assert_eq!(rotated.route(), case.route());
    }

    #[test]
    fn places_without_units_have_no_influence(case in any_case(12), position in position()) {
        let mut extended = case.clone();
        let id = LocationId(99);
        extended.places.push(Place { id, priority: -1, position });
        extended.policy.preferred_location_ids.push(id);
        prop_assert_eq!(extended.route(), case.route());
    }

    #[test]
    fn the_best_place_that_has_all_units_is_chosen_by_priority(case in any_case(10)) {
        let mut case = case;
        case.policy.rules = vec![FewestParcels, Priority];
        let complete = case.places.iter().filter(|place| case.have_all(&[place]));
        if let (Some(best), false) = (complete.min_by_key(|place| (place.priority, place.id)), case.demand.is_empty()) {
            let parts = case.route().unwrap();
            prop_assert_eq!(parts.iter().map(|part| part.location).collect::<Vec<_>>(), [best.id]);
        }
    }
}
