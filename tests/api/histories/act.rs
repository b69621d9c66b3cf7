//! The acts of a history. Their numbers are arbitrary: `play` finds the document that one means.

use proptest::prelude::*;
use proptest::sample::Index;

use super::model::{PLACES, PRODUCTS};

/// A row of the stock: a product, and a place.
pub type Row = (usize, usize);

/// Products with quantities.
pub type Lines = Vec<(usize, i64)>;

#[derive(Clone, Debug)]
pub enum Act {
    Receive(Row, i64),
    Adjust(Row, i64),
    Move(Row, i64, Way),
    Ready { from: usize, to: usize, lines: Lines },
    Withdraw(Index),
    Send(Index),
    Arrive { transfer: Index, line: Index, accepted: i64, rejected: i64 },
    Settle { transfer: Index, line: Index, quantity: i64, outcome: &'static str },
    Reverse(Index),
    Sell(Lines),
    HoldForPayment(Lines),
    Pay(Index),
    Ship { order: Index, item: Index, quantity: i64 },
    Cancel(Index),
    Expire,
}

/// A move of units at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    ToQuarantine,
    ToSellable,
    Scrap,
    ScrapQuarantined,
}

pub fn act() -> impl Strategy<Value = Act> {
    let index = any::<Index>;
    let ways = prop::sample::select(vec![Way::ToQuarantine, Way::ToSellable, Way::Scrap, Way::ScrapQuarantined]);
    let outcomes = prop::sample::select(vec!["lost", "returned"]);
    prop_oneof![
        4 => (row(), 1..30_i64).prop_map(|(row, quantity)| Act::Receive(row, quantity)),
        2 => (row(), 0..20_i64).prop_map(|(row, quantity)| Act::Adjust(row, quantity)),
        2 => (row(), 1..8_i64, ways).prop_map(|(row, quantity, way)| Act::Move(row, quantity, way)),
        4 => (0..PLACES, 1..PLACES, lines()).prop_map(|(from, step, lines)| {
            Act::Ready { from, to: (from + step) % PLACES, lines }
        }),
        1 => index().prop_map(Act::Withdraw),
        4 => index().prop_map(Act::Send),
        4 => (index(), index(), 0..8_i64, 0..4_i64).prop_map(|(transfer, line, accepted, rejected)| {
            Act::Arrive { transfer, line, accepted, rejected }
        }),
        2 => (index(), index(), 1..6_i64, outcomes).prop_map(|(transfer, line, quantity, outcome)| {
            Act::Settle { transfer, line, quantity, outcome }
        }),
        1 => index().prop_map(Act::Reverse),
        4 => lines().prop_map(Act::Sell),
        2 => lines().prop_map(Act::HoldForPayment),
        2 => index().prop_map(Act::Pay),
        3 => (index(), index(), 1..8_i64).prop_map(|(order, item, quantity)| Act::Ship { order, item, quantity }),
        2 => index().prop_map(Act::Cancel),
        1 => Just(Act::Expire),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    (0..PRODUCTS, 0..PLACES)
}

fn lines() -> impl Strategy<Value = Lines> {
    let products = prop::sample::subsequence((0..PRODUCTS).collect::<Vec<_>>(), 1..=3);
    products.prop_flat_map(|products| {
        let quantities = prop::collection::vec(1..12_i64, products.len());
        quantities.prop_map(move |quantities| products.iter().copied().zip(quantities).collect())
    })
}
