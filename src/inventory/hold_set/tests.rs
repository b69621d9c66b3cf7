//! Every operation on a set of holds, without a database.

use super::*;
use crate::inventory::places::Places;
use crate::inventory::places::tests::{place, places};
use crate::inventory::routing;
use crate::inventory::stock_level::StockLevel;
use crate::kernel::id::{CartId, OrderId};
use crate::stores::routing_policy::RoutingPolicy;

const V: VariantId = VariantId(7);
const CART: Holder = Holder::Cart(CartId(1));
const ORDER: Holder = Holder::Order(OrderId(2));
const CONTEXT: MovementContext<'static> = MovementContext { reference: "cart:1", reason: None, actor: "user:1" };

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_000 + second, 0).unwrap()
}

fn row(location: i64, stock: i64, reserved: i64) -> StockLevel {
    StockLevel {
        variant: V,
        location: LocationId(location),
        stock,
        reserved,
        sold: 0,
        committed: 0,
        safety: 0,
        version: 1,
    }
}

fn hold(id: i64, holder: Holder, location: i64, quantity: i64, expires_at: i64) -> Hold {
    let (id, location) = (HoldId(id), LocationId(location));
    Hold { id, holder, variant: V, location, quantity, expires_at: Some(at(expires_at)), created_at: at(0) }
}

/// Two locations with ten units each. The cart holds 3 units at the first until 10, and 2 at the second until 20.
fn set() -> HoldSet {
    let holds = vec![hold(1, CART, 1, 3, 10), hold(2, CART, 2, 2, 20)];
    let mut set = HoldSet::new(LockedStock::new(StoreId(1), vec![row(1, 10, 3), row(2, 10, 2)]), holds);
    set.stock_mut().set_places(places(&[1, 2]));
    set
}

/// The places of some units, or None if there are too few.
fn route(set: &HoldSet, quantity: i64, holder: Option<Holder>) -> Option<Vec<Part>> {
    let route = set.route(&BTreeMap::from([(V, quantity)]), &Delivery::Unknown, holder).ok()?;
    Some(routing::parts_of(&route, V))
}

fn reserve(set: &mut HoldSet, holder: Holder, quantity: i64) -> Result<(), Failure> {
    let parts = route(set, quantity, None).unwrap();
    set.reserve(ReserveUnits { holder, variant: V, expires_at: Some(at(60)) }, &parts, CONTEXT)
}

/// The units that buyers can get, or a holder.
fn available(set: &HoldSet, holder: Option<Holder>) -> i64 {
    set.route(&BTreeMap::from([(V, i64::MAX)]), &Delivery::Unknown, holder).unwrap_err()[0].available
}

/// Stock, reserved and sold units at each location.
fn rows(set: &HoldSet) -> Vec<(i64, i64, i64)> {
    set.stock.rows_of(V).map(|row| (row.stock, row.reserved, row.sold)).collect()
}

fn ended(set: &HoldSet) -> Vec<(i64, HoldEnd)> {
    set.ended.iter().map(|(id, end)| (id.0, *end)).collect()
}

type Change = fn(&mut HoldSet) -> Result<(), Failure>;

#[test]
fn every_operation_changes_holds_and_rows_together() {
    use HoldEnd::{Expired, Released, Sold, Transferred};
    // The operation, the rows after it, the holds that ended, and the units that the cart still holds.
    type Row = (&'static str, Change, [(i64, i64, i64); 2], Vec<(i64, HoldEnd)>, i64);
    let table: Vec<Row> = vec![
        ("sell", |set| set.sell(CART, CONTEXT).map(drop), [(7, 0, 3), (8, 0, 2)], vec![(1, Sold), (2, Sold)], 0),
        (
            "release",
            |set| set.release(CART, CONTEXT).map(drop),
            [(10, 0, 0), (10, 0, 0)],
            vec![(1, Released), (2, Released)],
            0,
        ),
        (
            "transfer",
            |set| set.end_for_order(CART, Transferred, CONTEXT).map(drop),
            [(10, 0, 0), (10, 0, 0)],
            vec![(1, Transferred), (2, Transferred)],
            0,
        ),
        (
            "expire at the first deadline",
            |set| set.expire(CART, at(10), CONTEXT, |_| String::new()).map(drop),
            [(10, 0, 0), (10, 2, 0)],
            vec![(1, Expired)],
            2,
        ),
        (
            "expire a second before",
            |set| set.expire(CART, at(9), CONTEXT, |_| String::new()).map(drop),
            [(10, 3, 0), (10, 2, 0)],
            vec![],
            5,
        ),
        (
            "release a part, the last location first",
            |set| set.release_part(CART, V, 3, CONTEXT),
            [(10, 2, 0), (10, 0, 0)],
            vec![(2, Released)],
            2,
        ),
        ("release nothing", |set| set.release_part(CART, V, 0, CONTEXT), [(10, 3, 0), (10, 2, 0)], vec![], 5),
        ("reserve for the cart", |set| reserve(set, CART, 9), [(10, 4, 0), (10, 10, 0)], vec![], 14),
        ("reserve for another holder", |set| reserve(set, ORDER, 1), [(10, 3, 0), (10, 3, 0)], vec![], 5),
        (
            "sell units that are not reserved",
            |set| set.sell_available(V, &[(LocationId(1), 7), (LocationId(2), 1)], CONTEXT).map(drop),
            [(3, 3, 7), (9, 2, 1)],
            vec![],
            5,
        ),
    ];
    for (name, change, expected_rows, expected_ends, held) in table {
        let mut set = set();
        change(&mut set).unwrap();
        assert_eq!(rows(&set), expected_rows, "{name}");
        assert_eq!(ended(&set), expected_ends, "{name}");
        assert_eq!(set.held(CART, V), held, "{name}");
        assert_eq!(available(&set, None), expected_rows.iter().map(|row| row.0 - row.1).sum::<i64>(), "{name}");
    }
}

#[test]
fn a_hold_ends_once() {
    let mut set = set();
    assert_eq!(set.sell(CART, CONTEXT).unwrap(), 5);
    assert_eq!(set.release(CART, CONTEXT).unwrap(), 0);
    assert_eq!(set.expire(CART, at(99), CONTEXT, |_| String::new()).unwrap(), 0);
    assert_eq!(ended(&set).len(), 2);
}

#[test]
fn a_holder_has_one_hold_for_each_stock_row() {
    let mut set = set();
    set.reserve(ReserveUnits { holder: CART, variant: V, expires_at: Some(at(60)) }, &[(LocationId(1), 1)], CONTEXT)
        .unwrap();
    assert_eq!((set.changed.get(&HoldId(1)), set.created.len()), (Some(&4), 0));
    let parts = [(LocationId(1), 6), (LocationId(2), 1)];
    set.reserve(ReserveUnits { holder: ORDER, variant: V, expires_at: Some(at(60)) }, &parts, CONTEXT).unwrap();
    let created: Vec<(i64, i64)> = set.created.iter().map(|new| (new.location.0, new.quantity)).collect();
    assert_eq!(created, [(1, 6), (2, 1)]);
}

#[test]
fn too_few_units_and_rows_that_are_not_locked_change_nothing() {
    let mut set = set();
    assert_eq!(route(&set, 16, None), None);
    let too_many = [(LocationId(1), 8)];
    assert!(set.sell_available(V, &too_many, CONTEXT).is_err());
    assert!(
        set.reserve(ReserveUnits { holder: ORDER, variant: V, expires_at: Some(at(60)) }, &too_many, CONTEXT).is_err()
    );
    assert_eq!(rows(&set), [(10, 3, 0), (10, 2, 0)]);
    let mut unlocked = HoldSet::new(LockedStock::new(StoreId(1), vec![row(1, 10, 3)]), vec![hold(9, CART, 2, 1, 0)]);
    assert_eq!(unlocked.expire(CART, at(99), CONTEXT, |_| String::new()).unwrap(), 0);
    assert_eq!(unlocked.held(CART, V), 1);
}

#[test]
fn restored_units_return_to_their_location() {
    let mut set = HoldSet::new(
        LockedStock::new(StoreId(1), vec![StockLevel { sold: 4, committed: 4, ..row(2, 6, 0) }]),
        Vec::new(),
    );
    set.restore(V, (LocationId(2), 4), CONTEXT).unwrap();
    assert_eq!(rows(&set), [(10, 0, 0)]);
    assert!(set.restore(V, (LocationId(2), 1), CONTEXT).is_err(), "units return once");
}

#[test]
fn units_are_taken_from_active_places_that_sell_in_their_order() {
    let mut set = HoldSet::new(
        LockedStock::new(StoreId(1), vec![row(1, 4, 0), row(2, 4, 0), row(3, 4, 0), row(4, 4, 0)]),
        vec![hold(1, CART, 4, 2, 10)],
    );
    set.stock_mut().set_places(Places::new(vec![place(1, 9), place(3, 5)], RoutingPolicy::default()));
    assert_eq!(available(&set, None), 8);
    let sold: Vec<(i64, i64)> = set
        .sell_available(V, &route(&set, 6, None).unwrap(), CONTEXT)
        .unwrap()
        .iter()
        .map(|sold| (sold.location.0, sold.delta.sold))
        .collect();
    assert_eq!(sold, [(3, 4), (1, 2)]);
    assert_eq!(
        (available(&set, None), available(&set, Some(CART))),
        (2, 2),
        "a hold at a paused place counts for nobody"
    );
}

#[test]
fn safety_stock_is_not_taken_and_own_holds_are_let_go_first() {
    let row = StockLevel { safety: 2, ..row(1, 5, 3) };
    let mut set = HoldSet::new(LockedStock::new(StoreId(1), vec![row]), vec![hold(1, CART, 1, 3, 10)]);
    set.stock_mut().set_places(places(&[1]));
    assert_eq!((available(&set, None), available(&set, Some(CART)), available(&set, Some(ORDER))), (0, 3, 0));
    assert_eq!(route(&set, 1, None), None);
    set.release(CART, CONTEXT).unwrap();
    assert_eq!(route(&set, 3, None).unwrap().len(), 1);
}
