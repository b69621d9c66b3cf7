use super::*;

#[test]
fn nearest_compares_areas_without_coordinates() {
    let two = || case(&[(1, 2)], &[(1, 1, 5), (2, 1, 5)]);
    let second = || vec![from(2, &[(1, 2)], Nearest)];
    let abstains = || vec![from(1, &[(1, 2)], None)];
    let bengaluru = || area("IN", "Karnataka", "560 001");
    let at = |one: Position, other: Position| two().at(1, one).at(2, other).to(bengaluru());
    check([
        ("postal prefix", at(area("IN", "Karnataka", "570001"), area("in", "Kerala", "56-00-95")), second()),
        ("region", at(area("IN", "Kerala", "670001"), area("IN", " KARNATAKA", "590001")), second()),
        ("country", at(area("US", "Karnataka", "560001"), area("IN", "", "")), second()),
        ("postal prefix without a country", at(area("IN", "", ""), area("", "", "560099")), second()),
        ("nothing in common", at(area("US", "", ""), area("DE", "", "560001")), abstains()),
        ("no positions", at(Position::default(), Position::default()), abstains()),
        ("codes without letters", two().at(2, area("", "", "-")).to(area("", "", "--")), abstains()),
        ("no destination", two().at(1, area("IN", "", "")).at(2, point(1.0, 1.0)), abstains()),
    ]);
    let here = Position { coordinates: point(12.97, 77.59).coordinates, ..bengaluru() };
    check([("only the address has coordinates", two().at(2, area("IN", "", "")).to(here), second())]);
}

#[test]
fn a_place_without_coordinates_is_farther_than_all_with_them() {
    let here = Position { coordinates: point(0.0, 0.0).coordinates, ..area("IN", "Karnataka", "560001") };
    let two = || case(&[(1, 2)], &[(1, 1, 5), (2, 1, 5)]).to(here.clone());
    let three = || case(&[(1, 2)], &[(1, 1, 5), (2, 1, 5), (3, 1, 5)]).to(here.clone());
    let (near, unknown) = (point(0.0, 1.0), area("IN", "Karnataka", "560001"));
    let antipode = point(0.0, 180.0);
    let chosen = |place, rule| vec![from(place, &[(1, 2)], rule)];
    check([
        ("nearer", two().at(1, unknown.clone()).at(2, near.clone()), chosen(2, Some(Nearest))),
        ("the other side of the earth", two().at(1, unknown.clone()).at(2, antipode.clone()), chosen(2, Some(Nearest))),
        (
            "two distances, and an unknown one",
            three().priority(3, 1).at(1, antipode.clone()).at(2, near.clone()).at(3, unknown.clone()),
            chosen(2, Some(Nearest)),
        ),
        (
            "two unknown ones",
            case(&[(1, 4)], &[(1, 1, 2), (2, 1, 2), (3, 1, 2)]).to(here.clone()).at(3, near).priority(2, 1),
            vec![from(3, &[(1, 2)], Nearest), from(2, &[(1, 2)], Priority)],
        ),
    ]);
}

#[test]
fn nearest_is_the_sum_over_all_units() {
    let stock = [(1, 1, 1), (2, 2, 9), (2, 3, 9), (3, 1, 1), (3, 2, 9), (4, 3, 9)];
    let at = |case: Case, place, longitude| case.at(place, point(0.0, longitude));
    let far = at(at(at(at(case(&[(1, 1), (2, 1), (3, 1)], &stock), 1, 0.1), 2, 80.0), 3, 0.2), 4, 0.3);
    let parts = far.to(point(0.0, 0.0)).parts();
    assert_eq!(parts, [from(3, &[(1, 1), (2, 1)], Nearest), from(4, &[(3, 1)], Nearest)]);
}

#[test]
fn distances_are_those_of_the_earth() {
    let one = || case(&[(1, 1)], &[(1, 1, 1)]);
    let distance = |from: Position, to: Position| one().at(1, from).to(to).route().unwrap()[0].distance_km;
    // A degree of the equator, and half of the earth's circumference.
    assert_eq!(distance(point(0.0, 0.0), point(0.0, 1.0)), Some(111.195));
    assert_eq!(distance(point(90.0, 0.0), point(-90.0, 0.0)), Some(20_015.114));
    assert_eq!(distance(point(0.0, 179.5), point(0.0, -179.5)), Some(111.195));
    assert_eq!(distance(point(13.0, 77.0), point(13.0, 77.0)), Some(0.0));
    assert_eq!(distance(point(13.0, 77.0), area("IN", "", "")), None);
    assert_eq!(distance(Position::default(), point(13.0, 77.0)), None);
    // Berlin to Paris.
    let km = distance(point(52.52, 13.405), point(48.8566, 2.3522)).unwrap();
    assert!((877.0..878.5).contains(&km), "{km}");
    let two = case(&[(1, 2)], &[(1, 1, 1), (2, 1, 1)]).at(1, point(0.0, 1.0)).to(point(0.0, 0.0)).route().unwrap();
    assert_eq!((two[0].distance_km, two[1].distance_km), (Some(111.195), None));
}
