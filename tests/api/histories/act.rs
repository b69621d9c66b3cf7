//! The acts of a history. Their numbers are arbitrary: `play` finds the document that one means.

use std::ops::RangeInclusive;

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
    SetCostPrice(usize, Option<i64>),
    Value,
    Ready { from: usize, to: usize, lines: Lines },
    Withdraw(Index),
    Send(Index),
    Arrive { transfer: Index, line: Index, units: Arrived },
    Settle { transfer: Index, line: Index, quantity: i64, outcome: &'static str },
    Reverse(Index),
    Order { to: usize, lines: Lines, cost: i64 },
    Deliver { purchase: Index, line: Index, units: Arrived, cost: Option<i64> },
    SendBack { purchase: Index, receipt: Index },
    Bill { purchase: Index, receipt: Index, cost: i64, is_late: bool },
    Close(Index),
    Open(NewCount),
    Enter { count: Index, entries: Vec<Entry> },
    Submit(Index),
    Recount { count: Index, line: Index },
    Post { count: Index, only: Option<Index> },
    CancelCount(Index),
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

/// Units that arrive at a place.
#[derive(Clone, Copy, Debug)]
pub struct Arrived {
    pub accepted: i64,
    pub rejected: i64,
    /// True if the rejected units of a purchase go to quarantine. Those of a transfer always do.
    pub keep_rejected: bool,
    pub allow_over: bool,
}

/// A count to open.
#[derive(Clone, Debug)]
pub struct NewCount {
    pub place: usize,
    pub is_quarantine: bool,
    pub products: Vec<usize>,
    /// The first looks.
    pub entries: Vec<Entry>,
    /// True if products that nobody counts are counted as 0.
    pub zero: bool,
    /// The count that has the same place and products instead, if there is one.
    pub like: Option<Index>,
}

/// Units that somebody counted.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub product: usize,
    pub figure: Figure,
    /// A moment since the count was opened. Now if None.
    pub look: Option<Index>,
}

#[derive(Clone, Copy, Debug)]
pub enum Figure {
    Exactly(i64),
    /// The units that are there, and this number more or less.
    Near(i64),
    /// The units are added to those that were counted before.
    Add(i64),
}

pub fn act() -> impl Strategy<Value = Act> {
    prop_oneof![12 => goods(), 18 => transfers(), 18 => purchases(), 25 => counts(), 14 => orders()]
}

fn goods() -> impl Strategy<Value = Act> {
    let ways = prop::sample::select(vec![Way::ToQuarantine, Way::ToSellable, Way::Scrap, Way::ScrapQuarantined]);
    prop_oneof![
        4 => (row(), 1..30_i64).prop_map(|(row, quantity)| Act::Receive(row, quantity)),
        2 => (row(), 0..20_i64).prop_map(|(row, quantity)| Act::Adjust(row, quantity)),
        2 => (row(), 1..8_i64, ways).prop_map(|(row, quantity, way)| Act::Move(row, quantity, way)),
        1 => (0..PRODUCTS, prop::option::of(0..500_i64)).prop_map(|(product, cost)| Act::SetCostPrice(product, cost)),
        2 => Just(Act::Value),
    ]
}

fn transfers() -> impl Strategy<Value = Act> {
    let outcomes = prop::sample::select(vec!["lost", "returned"]);
    prop_oneof![
        4 => (0..PLACES, 1..PLACES, lines()).prop_map(|(from, step, lines)| {
            Act::Ready { from, to: (from + step) % PLACES, lines }
        }),
        1 => index().prop_map(Act::Withdraw),
        4 => index().prop_map(Act::Send),
        4 => (index(), index(), arrived()).prop_map(|(transfer, line, units)| Act::Arrive { transfer, line, units }),
        2 => (index(), index(), 1..6_i64, outcomes).prop_map(|(transfer, line, quantity, outcome)| {
            Act::Settle { transfer, line, quantity, outcome }
        }),
        1 => index().prop_map(Act::Reverse),
    ]
}

fn purchases() -> impl Strategy<Value = Act> {
    let cost = || 0..500_i64;
    prop_oneof![
        4 => (0..PLACES, lines(), cost()).prop_map(|(to, lines, cost)| Act::Order { to, lines, cost }),
        6 => (index(), index(), arrived(), prop::option::of(cost())).prop_map(|(purchase, line, units, cost)| {
            Act::Deliver { purchase, line, units, cost }
        }),
        3 => (index(), index()).prop_map(|(purchase, receipt)| Act::SendBack { purchase, receipt }),
        4 => (index(), index(), cost(), any::<bool>()).prop_map(|(purchase, receipt, cost, is_late)| {
            Act::Bill { purchase, receipt, cost, is_late }
        }),
        1 => index().prop_map(Act::Close),
    ]
}

fn counts() -> impl Strategy<Value = Act> {
    prop_oneof![
        5 => new_count().prop_map(Act::Open),
        6 => (index(), entries(1..=4)).prop_map(|(count, entries)| Act::Enter { count, entries }),
        3 => index().prop_map(Act::Submit),
        1 => (index(), index()).prop_map(|(count, line)| Act::Recount { count, line }),
        7 => (index(), prop::option::weighted(0.2, index())).prop_map(|(count, only)| Act::Post { count, only }),
        1 => index().prop_map(Act::CancelCount),
    ]
}

fn new_count() -> impl Strategy<Value = NewCount> {
    let products = prop::sample::subsequence((0..PRODUCTS).collect::<Vec<_>>(), 1..=3);
    let like = prop::option::weighted(0.6, index());
    (0..PLACES, prop::bool::weighted(0.2), products, entries(0..=4), any::<bool>(), like).prop_map(
        |(place, is_quarantine, products, entries, zero, like)| NewCount {
            place,
            is_quarantine,
            products,
            entries,
            zero,
            like,
        },
    )
}

fn entries(number: RangeInclusive<usize>) -> impl Strategy<Value = Vec<Entry>> {
    let figure = prop_oneof![
        1 => (0..20_i64).prop_map(Figure::Exactly),
        3 => (-2..3_i64).prop_map(Figure::Near),
        1 => (0..5_i64).prop_map(Figure::Add),
    ];
    let entry = (0..PRODUCTS, figure, prop::option::weighted(0.7, index())).prop_map(|(product, figure, look)| Entry {
        product,
        figure,
        look,
    });
    prop::collection::vec(entry, number)
}

fn orders() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => lines().prop_map(Act::Sell),
        2 => lines().prop_map(Act::HoldForPayment),
        2 => index().prop_map(Act::Pay),
        3 => (index(), index(), 1..8_i64).prop_map(|(order, item, quantity)| Act::Ship { order, item, quantity }),
        2 => index().prop_map(Act::Cancel),
        1 => Just(Act::Expire),
    ]
}

fn index() -> impl Strategy<Value = Index> {
    any::<Index>()
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

fn arrived() -> impl Strategy<Value = Arrived> {
    (0..8_i64, 0..4_i64, any::<bool>(), any::<bool>()).prop_map(|(accepted, rejected, keep_rejected, allow_over)| {
        Arrived { accepted, rejected, keep_rejected, allow_over }
    })
}
