use super::*;
use RoutingRule::{FewestParcels, MostStock, Nearest, Preferred, Priority};

mod nearest;
mod properties;

/// Places, their units, and a demand for them.
#[derive(Clone, Debug)]
struct Case {
    places: Vec<Place>,
    stock: BTreeMap<StockKey, i64>,
    demand: BTreeMap<VariantId, i64>,
    destination: Option<Position>,
    policy: RoutingPolicy,
}

/// The place, the units of each variant, and the rule that decided.
type Chosen = (i64, Vec<(i64, i64)>, Option<RoutingRule>);

/// A demand of (variant, quantity) for stock of (place, variant, units).
fn case(demand: &[(i64, i64)], stock: &[(i64, i64, i64)]) -> Case {
    let ids: std::collections::BTreeSet<i64> = stock.iter().map(|&(place, ..)| place).collect();
    let new_place = |id| Place { id: LocationId(id), priority: 100, position: Position::default() };
    Case {
        places: ids.into_iter().map(new_place).collect(),
        stock: stock.iter().map(|&(place, variant, units)| ((VariantId(variant), LocationId(place)), units)).collect(),
        demand: demand.iter().map(|&(variant, quantity)| (VariantId(variant), quantity)).collect(),
        destination: None,
        policy: RoutingPolicy::default(),
    }
}

fn point(latitude: f64, longitude: f64) -> Position {
    Position { coordinates: Some(Coordinates { latitude, longitude }), ..Position::default() }
}

fn area(country: &str, region: &str, postal_code: &str) -> Position {
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Position { coordinates: None, country: text(country), region: text(region), postal_code: text(postal_code) }
}

impl Case {
    fn rules(mut self, rules: &[RoutingRule]) -> Self {
        self.policy.rules = rules.to_vec();
        self
    }

    fn preferred(mut self, ids: &[i64]) -> Self {
        self.policy.preferred_location_ids = ids.iter().copied().map(LocationId).collect();
        self
    }

    fn never_split(mut self) -> Self {
        self.policy.split = RoutingSplit::Never;
        self
    }

    fn with(mut self, place: i64, change: impl FnOnce(&mut Place)) -> Self {
        change(self.places.iter_mut().find(|found| found.id == LocationId(place)).unwrap());
        self
    }

    fn priority(self, place: i64, priority: i64) -> Self {
        self.with(place, |place| place.priority = priority)
    }

    fn at(self, place: i64, position: Position) -> Self {
        self.with(place, |place| place.position = position)
    }

    fn to(mut self, destination: Position) -> Self {
        self.destination = Some(destination);
        self
    }

    fn route(&self) -> Result<Vec<RoutedPart>, Vec<RoutingShortage>> {
        let Self { places, stock, demand, destination, policy } = self;
        let request = RoutingRequest { demand, places, destination: destination.as_ref(), policy };
        route(&request, |key| stock.get(&key).copied().unwrap_or_default())
    }

    fn parts(&self) -> Vec<Chosen> {
        let chosen = |part: RoutedPart| {
            let lines = part.lines.into_iter().map(|(variant, quantity)| (variant.0, quantity)).collect();
            (part.location.0, lines, part.rule)
        };
        self.route().unwrap().into_iter().map(chosen).collect()
    }

    /// The variant, and its requested and available units.
    fn short(&self) -> Vec<(i64, i64, i64)> {
        let figures = |line: RoutingShortage| (line.variant.0, line.requested, line.available);
        self.route().unwrap_err().into_iter().map(figures).collect()
    }
}

#[track_caller]
fn check(cases: impl IntoIterator<Item = (&'static str, Case, Vec<Chosen>)>) {
    for (name, case, expected) in cases {
        assert_eq!(case.parts(), expected, "{name}");
        let reversed = Case { places: case.places.iter().rev().cloned().collect(), ..case };
        assert_eq!(reversed.parts(), expected, "{name}, with the places reversed");
    }
}

fn from(place: i64, lines: &[(i64, i64)], rule: impl Into<Option<RoutingRule>>) -> Chosen {
    (place, lines.to_vec(), rule.into())
}

#[test]
fn without_a_choice_no_rule_decides() {
    let apart = [(1, 1, 5), (2, 2, 5), (3, 3, 5), (4, 4, 5)];
    let all = [(1, 2), (2, 2), (3, 2), (4, 2)];
    check([
        ("nothing is demanded", case(&[], &[(1, 1, 5), (2, 1, 5)]), vec![]),
        ("one place", case(&[(1, 5), (2, 1)], &[(1, 1, 5), (1, 2, 9)]), vec![from(1, &[(1, 5), (2, 1)], None)]),
        ("one place has units", case(&[(1, 5)], &[(1, 1, 0), (2, 1, 5), (3, 1, -2)]), vec![from(2, &[(1, 5)], None)]),
        (
            "one place for each line",
            case(&all, &apart),
            vec![
                from(1, &[(1, 2)], None),
                from(2, &[(2, 2)], None),
                from(3, &[(3, 2)], None),
                from(4, &[(4, 2)], None),
            ],
        ),
        ("equal places", case(&[(1, 2)], &[(7, 1, 5), (4, 1, 5)]), vec![from(4, &[(1, 2)], None)]),
    ]);
}

#[test]
fn each_rule_decides() {
    let two = || case(&[(1, 2)], &[(1, 1, 5), (2, 1, 5)]);
    let chosen = |rule| vec![from(2, &[(1, 2)], rule)];
    let near = |case: Case| case.at(1, point(28.61, 77.21)).at(2, point(12.97, 77.59)).to(point(13.08, 80.27));
    check([
        ("preferred", two().preferred(&[9, 2]).priority(1, 1), chosen(Preferred)),
        (
            "fewest parcels",
            case(&[(1, 4)], &[(1, 1, 2), (2, 1, 4), (3, 1, 2)]),
            vec![from(2, &[(1, 4)], FewestParcels)],
        ),
        ("nearest", near(two()).priority(1, 1), chosen(Nearest)),
        ("priority", two().priority(2, -1), chosen(Priority)),
        ("most stock", case(&[(1, 2)], &[(1, 1, 5), (2, 1, 6)]), chosen(MostStock)),
        ("priority, though it is no rule", two().rules(&[]).priority(2, 99), chosen(Priority)),
        ("the first rule", near(two()).rules(&[Priority, Nearest]).priority(1, 101), chosen(Priority)),
        ("no rule", two().rules(&[MostStock, Nearest]), vec![from(1, &[(1, 2)], None)]),
    ]);
}

#[test]
fn a_set_takes_as_much_as_possible_from_its_best_place() {
    let two = || case(&[(1, 5), (2, 1)], &[(1, 1, 4), (1, 2, 1), (2, 1, 3), (2, 2, 1)]);
    check([
        ("the smaller id", two(), vec![from(1, &[(1, 4), (2, 1)], None), from(2, &[(1, 1)], None)]),
        (
            "the smaller priority",
            two().priority(2, 99),
            vec![from(2, &[(1, 3), (2, 1)], None), from(1, &[(1, 2)], None)],
        ),
    ]);
}

#[test]
fn the_order_of_the_rules_decides_between_splitting_and_the_better_place() {
    let two = || case(&[(1, 5)], &[(1, 1, 3), (2, 1, 9)]).priority(1, 1);
    let split = |rule| vec![from(1, &[(1, 3)], rule), from(2, &[(1, 2)], rule)];
    check([
        ("fewest parcels first", two(), vec![from(2, &[(1, 5)], FewestParcels)]),
        ("priority first", two().rules(&[Priority, FewestParcels]), split(Priority)),
        ("preferred first", two().preferred(&[1]), split(Preferred)),
        ("no rule", two().rules(&[]), split(Priority)),
    ]);
    let near = two().priority(1, 100).at(1, point(0.0, 1.0)).at(2, point(0.0, 2.0)).to(point(0.0, 0.0));
    check([("nearest first", near.rules(&[Nearest, FewestParcels]), split(Nearest))]);
}

#[test]
fn each_part_has_the_rule_that_preferred_its_place() {
    let demand = [(1, 1), (2, 1)];
    let three = case(&demand, &[(1, 1, 1), (2, 2, 1), (3, 2, 1), (4, 1, 1)]).preferred(&[1]).priority(3, 99);
    check([("two choices", three, vec![from(1, &[(1, 1)], Preferred), from(3, &[(2, 1)], Priority)])]);
    let shared = case(&demand, &[(1, 1, 1), (2, 2, 1), (3, 2, 1)]).priority(2, 99);
    check([("one choice", shared, vec![from(2, &[(2, 1)], Priority), from(1, &[(1, 1)], None)])]);
}

#[test]
fn every_shortage_has_the_units_of_all_places() {
    let demand = [(1, 9), (2, 1), (3, 1), (4, 2)];
    let stock = [(1, 1, 5), (2, 1, 3), (2, 4, 2), (3, 3, -1)];
    assert_eq!(case(&demand, &stock).short(), [(1, 9, 8), (2, 1, 0), (3, 1, 0)]);
    assert_eq!(case(&[(1, 9), (2, 1)], &[(1, 1, 5)]).short(), [(1, 9, 5), (2, 1, 0)]);
    assert_eq!(case(&[(1, 9)], &[]).short(), [(1, 9, 0)]);
}

#[test]
fn an_order_that_must_not_be_split_comes_from_one_place() {
    let two = |units| case(&[(1, 5)], &[(1, 1, 3), (2, 1, units), (3, 1, 9)]).never_split().priority(3, 200);
    check([
        ("one place has enough", two(4), vec![from(3, &[(1, 5)], None)]),
        ("two have enough", two(5), vec![from(2, &[(1, 5)], Priority)]),
    ]);
    let many: Vec<_> = (1..=30).map(|place| (place, 1, place)).collect();
    check([("many places", case(&[(1, 20)], &many).never_split(), vec![from(30, &[(1, 20)], MostStock)])]);
}

#[test]
fn an_order_that_must_not_be_split_is_short_of_the_units_of_the_best_place() {
    let short = |demand: &[_], stock: &[_]| case(demand, stock).never_split().short();
    assert_eq!(short(&[(1, 9)], &[(1, 1, 5), (2, 1, 8)]), [(1, 9, 8)]);
    // Each line fits into one place, but not both.
    let crossed = [(1, 1, 3), (1, 2, 1), (2, 1, 1), (2, 2, 3)];
    assert_eq!(short(&[(1, 3), (2, 3)], &crossed), [(2, 3, 1)]);
    assert_eq!(case(&[(1, 3), (2, 3)], &crossed).never_split().priority(2, 1).short(), [(1, 3, 1)]);
    assert_eq!(short(&[(1, 3)], &[(1, 1, 0), (2, 2, 9)]), [(1, 3, 0)]);
    assert_eq!(short(&[(1, 3)], &[]), [(1, 3, 0)]);
}

#[test]
fn more_than_three_places_are_added_one_by_one() {
    let five: Vec<_> = (1..=5).map(|place| (place, 1, 2)).collect();
    let parts = case(&[(1, 9)], &five).priority(4, 1).parts();
    let rest = |place, units| from(place, &[(1, units)], None);
    assert_eq!(parts, [from(4, &[(1, 2)], Priority), rest(1, 2), rest(2, 2), rest(3, 2), rest(5, 1)]);
}

#[test]
fn three_places_are_found_even_if_the_place_with_the_most_units_is_not_among_them() {
    let demand: Vec<_> = (1..=9).map(|variant| (variant, 1)).collect();
    let lines = [(1, [1, 2, 7]), (2, [3, 4, 8]), (3, [5, 6, 9])];
    let mut stock: Vec<_> = lines.iter().flat_map(|&(place, lines)| lines.map(|variant| (place, variant, 1))).collect();
    stock.extend([1, 2, 3, 5].map(|variant| (4, variant, 9)));
    let chosen = lines.map(|(place, lines)| from(place, &lines.map(|variant| (variant, 1)), None));
    check([("three of four places", case(&demand, &stock).priority(4, 1), chosen.to_vec())]);
}

#[test]
fn above_ten_places_the_place_with_the_most_open_units_is_next() {
    let mut stock: Vec<_> = (1..=20).map(|place| (place, place % 5, 4)).collect();
    stock.extend([(21, 1, 4), (21, 2, 4), (22, 3, 4)]);
    let chosen = vec![from(21, &[(1, 3), (2, 3)], FewestParcels), from(3, &[(3, 3)], None)];
    check([("two places", case(&[(1, 3), (2, 3), (3, 3)], &stock), chosen)]);
    check([(
        "by priority",
        case(&[(1, 5)], &stock).rules(&[Priority]).priority(16, 1).priority(11, 2),
        vec![from(16, &[(1, 4)], Priority), from(11, &[(1, 1)], Priority)],
    )]);
}
