//! The changes of the model: the units of a stock row at an earlier time, and the reasons for which units came in and went
//! out.

use chrono::{DateTime, Utc};

use super::model::{PLACES, PRODUCTS, StockLevels};
use super::value::{Flow, Source};

/// The units of a product that one person counts: at a place, or in its quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockRow {
    pub product: usize,
    pub place: usize,
    pub is_quarantine: bool,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    row: StockRow,
    /// Later looks see it.
    since: DateTime<Utc>,
    units: i64,
}

#[derive(Debug, Default)]
pub struct Ledger {
    changes: Vec<Change>,
    /// The posted looks at stock rows.
    looks: Vec<(StockRow, DateTime<Utc>)>,
    /// The units that came in and went out, in the order of the acts.
    pub flows: Vec<Flow>,
}

impl Ledger {
    /// The units that a look at this time could have seen, as far as is known now.
    pub fn on_hand(&self, row: StockRow, at: DateTime<Utc>) -> i64 {
        self.changes.iter().filter(|change| change.row == row && change.since <= at).map(|change| change.units).sum()
    }

    pub fn newest_look(&self, row: StockRow) -> Option<DateTime<Utc>> {
        self.looks.iter().filter(|(seen, _)| *seen == row).map(|(_, at)| *at).max()
    }

    /// Adds the difference that a look has found.
    pub fn post_look(&mut self, row: StockRow, at: DateTime<Utc>, units: i64) {
        self.looks.push((row, at));
        self.changes.push(Change { row, since: at, units });
    }

    pub fn add_flow(&mut self, product: usize, units: i64, source: Source) {
        self.flows.push(Flow { product, units, source });
    }

    /// Adds the changes of an act that are not known yet, so that all changes give the levels.
    pub fn add_rest(&mut self, levels: &StockLevels, cost_prices: &[Option<i64>; PRODUCTS], since: DateTime<Utc>) {
        for (product, of_product) in levels.iter().enumerate() {
            for (place, level) in of_product.iter().enumerate() {
                for (is_quarantine, on_hand) in [(false, level.on_hand()), (true, level.quarantined)] {
                    let row = StockRow { product, place, is_quarantine };
                    let units = on_hand - self.on_hand(row, since);
                    if units != 0 {
                        self.changes.push(Change { row, since, units });
                    }
                }
            }
            let known: i64 = self.flows.iter().filter(|flow| flow.product == product).map(|flow| flow.units).sum();
            let units = (0..PLACES).map(|place| of_product[place].owned()).sum::<i64>() - known;
            if units != 0 {
                self.add_flow(product, units, Source::Other { unit_cost: cost_prices[product] });
            }
        }
    }
}
