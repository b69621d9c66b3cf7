use super::*;

const MUG: VariantId = VariantId(1);
const SHOP: LocationId = LocationId(10);
const ATTIC: LocationId = LocationId(20);
/// It does not sell.
const WORKSHOP: LocationId = LocationId(30);

/// A variant with a minimum of 5 and these units after all rows.
fn mug(shop: i64, attic: i64, status: StockStatus) -> BTreeMap<VariantId, TrackedVariant> {
    let level = |available| TrackedLevel { available, safety: 0 };
    let variant = TrackedVariant {
        product: ProductId(7),
        sku: "mug".into(),
        product_name: "Mug".into(),
        size: None,
        minimum: 5,
        is_on_sale: true,
        status,
        levels: BTreeMap::from([(SHOP, level(shop)), (ATTIC, level(attic))]),
    };
    BTreeMap::from([(MUG, variant)])
}

fn row(position: i64, changes: &[(LocationId, i64)]) -> TrackedRow {
    let change = |(location, change): &(LocationId, i64)| AvailableChange {
        variant: MUG,
        location: *location,
        change: *change,
        after: 0,
        actor: format!("user:{position}"),
        at: DateTime::UNIX_EPOCH,
    };
    TrackedRow {
        position,
        at: DateTime::UNIX_EPOCH,
        changes: changes.iter().map(change).collect(),
        variants: Vec::new(),
    }
}

fn found(variants: &mut BTreeMap<VariantId, TrackedVariant>, rows: &[TrackedRow]) -> Vec<(i64, EventType, i64)> {
    let changes = find_status_changes(variants, rows);
    changes.iter().filter_map(|one| Some((one.position, one.event_type?, one.available))).collect()
}

/// The units before and after a movement, and the event.
#[test]
fn each_change_of_the_status_is_one_event() {
    use EventType::{StockBack, StockLow, StockOut};
    let cases: [(i64, i64, Option<EventType>); 14] = [
        (9, 6, None),
        (9, 5, Some(StockLow)),
        (6, 1, Some(StockLow)),
        (6, 0, Some(StockOut)),
        (5, 1, None),
        (5, 0, Some(StockOut)),
        (1, 0, Some(StockOut)),
        (0, 0, None),
        (0, 1, Some(StockBack)),
        (0, 5, Some(StockBack)),
        (0, 6, Some(StockBack)),
        (1, 5, None),
        (5, 6, Some(StockBack)),
        (6, 9, None),
    ];
    for (before, after, expected) in cases {
        let mut variants = mug(after, 0, StockStatus::new(before, 5));
        let changes = found(&mut variants, &[row(4, &[(SHOP, after - before)])]);
        let expected: Vec<_> = expected.into_iter().map(|event_type| (4, event_type, after)).collect();
        assert_eq!(changes, expected, "{before} to {after}");
        assert_eq!(variants[&MUG].status, StockStatus::new(after, 5));
    }
}

#[test]
fn every_row_is_compared_with_the_row_before_it() {
    let rows = [
        row(1, &[(SHOP, -4)]),
        row(2, &[(SHOP, -1)]),
        row(3, &[(SHOP, -5)]),
        row(5, &[(SHOP, 2)]),
        row(6, &[(SHOP, -2)]),
        row(9, &[(SHOP, 10)]),
    ];
    let mut variants = mug(10, 0, StockStatus::InStock);
    let expected = [
        (2, EventType::StockLow, 5),
        (3, EventType::StockOut, 0),
        (5, EventType::StockBack, 2),
        (6, EventType::StockOut, 0),
        (9, EventType::StockBack, 10),
    ];
    assert_eq!(found(&mut variants, &rows), expected);
    // The caller of the movement is the actor of the event.
    let again = find_status_changes(&mut mug(10, 0, StockStatus::InStock), &rows);
    assert_eq!(again[0].actor, "user:2");
}

#[test]
fn a_move_between_places_is_no_change_of_the_status_but_its_halves_are() {
    let whole = [row(1, &[(SHOP, -6), (ATTIC, 6)])];
    assert_eq!(found(&mut mug(0, 6, StockStatus::InStock), &whole), []);
    let halves = [row(1, &[(SHOP, -6), (WORKSHOP, 6)]), row(2, &[(WORKSHOP, -6), (ATTIC, 6)])];
    let expected = [(1, EventType::StockOut, 0), (2, EventType::StockBack, 6)];
    assert_eq!(found(&mut mug(0, 6, StockStatus::InStock), &halves), expected);
}

#[test]
fn safety_stock_is_subtracted_at_each_place() {
    let mut variants = mug(3, 2, StockStatus::InStock);
    let levels = &mut variants.get_mut(&MUG).unwrap().levels;
    levels.values_mut().for_each(|level| level.safety = 3);
    assert_eq!(found(&mut variants, &[row(1, &[(SHOP, -7)])]), [(1, EventType::StockOut, 0)]);
}

#[test]
fn a_variant_without_a_movement_is_found_again() {
    let again = TrackedRow { variants: vec![MUG], ..row(3, &[]) };
    let mut raised = mug(5, 0, StockStatus::InStock);
    let changes = find_status_changes(&mut raised, std::slice::from_ref(&again));
    assert_eq!((changes[0].event_type, changes[0].actor.as_str()), (Some(EventType::StockLow), "system"));
    assert_eq!(find_status_changes(&mut raised, &[again]), []);
}

#[test]
fn a_variant_that_leaves_the_sale_gives_no_event_and_has_no_status() {
    let again = TrackedRow { variants: vec![MUG], ..row(3, &[]) };
    let mut variants = mug(0, 0, StockStatus::OutOfStock);
    variants.get_mut(&MUG).unwrap().is_on_sale = false;
    let changes = find_status_changes(&mut variants, std::slice::from_ref(&again));
    assert_eq!(
        changes.iter().map(|one| (one.event_type, one.after)).collect::<Vec<_>>(),
        [(None, StockStatus::InStock)]
    );
    assert_eq!(variants[&MUG].status, StockStatus::InStock);
    variants.get_mut(&MUG).unwrap().is_on_sale = true;
    assert_eq!(found(&mut variants, &[again]), [(3, EventType::StockOut, 0)]);
}
