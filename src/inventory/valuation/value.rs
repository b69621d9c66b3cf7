//! The arithmetic of values, without a database: sums over the events of a variant.
//!
//! Both methods value the same events. The moving average takes `round(value × units / stock)` for units that go out,
//! and the last unit takes the rest. First in, first out keeps the units in layers of one cost.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kernel::json_column::json_column;

/// The source of the units of an event, or the reason why they go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CostSource {
    Sale,
    /// Units of a sale come back.
    Return {
        /// The time of the sale's entry.
        sale_at: DateTime<Utc>,
        /// The units of the sale that came back before.
        before: i64,
        /// The cost of the sale before this run. A sale among the same entries has a new one.
        sale: Option<SaleCost>,
    },
    Purchase {
        receipt: i64,
        unit_cost: i64,
    },
    /// The units of a receipt go out again, at its cost.
    Reversal {
        receipt: i64,
        unit_cost: i64,
    },
    /// Units that were found, lost, scrapped, or received without a document.
    Other {
        unit_cost: Option<i64>,
    },
    Move,
}

/// The units that a sale took, and their costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SaleCost {
    pub quantity: i64,
    pub average: i128,
    pub fifo: i128,
}

/// One event of a variant: the change of its stock at all places together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuedEvent {
    pub at: DateTime<Utc>,
    pub quantity: i64,
    pub source: CostSource,
}

/// The changes by an event. For a sale or a return, paid minus value is the change of the cost of goods sold. For other
/// events it is the change of what was written off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    pub paid: i128,
    pub average: i128,
    pub fifo: i128,
}

/// The result of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventValue {
    pub effect: Effect,
    pub quantity: i64,
    pub average: i128,
    pub fifo: i128,
    /// The whole state after the event, at every [`ROWS_PER_STATE`]th one.
    pub state: Option<ValuationState>,
}

/// A run that starts in the past reads at most this number of events before that time.
pub const ROWS_PER_STATE: i64 = 1_000;

/// Units of one cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    units: i64,
    #[serde(with = "as_text")]
    cost: i128,
    /// The receipt that brought them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt: Option<i64>,
}

json_column! {
    /// The units of a variant and their values. The oldest layer is first.
    #[derive(Default)]
    pub struct ValuationState {
        pub quantity: i64,
        #[serde(with = "as_text")]
        pub average: i128,
        #[serde(with = "as_text")]
        pub fifo: i128,
        pub layers: VecDeque<Layer>,
        /// The number of events so far.
        #[serde(rename = "acts")]
        pub events: i64,
    }
}

/// Values further events in their order, and changes the state.
pub fn value_events(state: &mut ValuationState, entries: &[ValuedEvent]) -> Vec<EventValue> {
    let mut sales: BTreeMap<DateTime<Utc>, SaleCost> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        let effect = match &entry.source {
            CostSource::Return { sale_at, sale, .. } => state.apply(entry, sales.get(sale_at).or(sale.as_ref())),
            _ => state.apply(entry, None),
        };
        if entry.source == CostSource::Sale {
            let quantity = entry.quantity.saturating_neg();
            sales.insert(entry.at, SaleCost { quantity, average: -effect.average, fifo: -effect.fifo });
        }
        state.events = state.events.saturating_add(1);
        let saved = (state.events % ROWS_PER_STATE == 0).then(|| state.clone());
        let ValuationState { quantity, average, fifo, .. } = *state;
        outcomes.push(EventValue { effect, quantity, average, fifo, state: saved });
    }
    outcomes
}

impl ValuationState {
    fn apply(&mut self, entry: &ValuedEvent, sale: Option<&SaleCost>) -> Effect {
        if entry.quantity > 0 {
            return self.receive(entry, sale);
        }
        let units = entry.quantity.saturating_neg();
        let (average, fifo) = self.take(units, &entry.source);
        let paid = match entry.source {
            CostSource::Reversal { unit_cost, .. } => -cost_of(units, unit_cost),
            _ => 0,
        };
        Effect { paid, average: -average, fifo: -fifo }
    }

    fn receive(&mut self, entry: &ValuedEvent, sale: Option<&SaleCost>) -> Effect {
        let units = entry.quantity;
        let same = |cost: i128| Effect { paid: cost, average: cost, fifo: cost };
        let cost = match (&entry.source, sale) {
            (CostSource::Purchase { unit_cost, .. } | CostSource::Other { unit_cost: Some(unit_cost) }, _) => {
                same(cost_of(units, *unit_cost))
            }
            (CostSource::Return { before, .. }, Some(sale)) => {
                let after = before.saturating_add(units);
                let back = |cost: i128| {
                    let share = |returned: i64| share(cost, returned.min(sale.quantity), sale.quantity);
                    share(after) - share(*before)
                };
                Effect { paid: 0, average: back(sale.average), fifo: back(sale.fifo) }
            }
            _ => same(share(self.average, units, self.quantity)),
        };
        // Units can go out before they came in if the clocks of two database servers differ. They take no value.
        self.quantity = self.quantity.saturating_add(units);
        let kept = units.min(self.quantity.max(0));
        let kept_cost = |cost: i128| if kept == units { cost } else { share(cost, kept, units) };
        let (average, fifo) = (kept_cost(cost.average), kept_cost(cost.fifo));
        self.average += average;
        self.add_layer(kept, fifo, &entry.source);
        Effect { paid: cost.paid, average, fifo }
    }

    /// Returned units are the oldest again.
    fn add_layer(&mut self, units: i64, cost: i128, source: &CostSource) {
        self.fifo += cost;
        let layer = |receipt| Layer { units, cost, receipt };
        match source {
            _ if units == 0 => {}
            CostSource::Return { .. } => self.layers.push_front(layer(None)),
            CostSource::Purchase { receipt, .. } => self.layers.push_back(layer(Some(*receipt))),
            _ => self.layers.push_back(layer(None)),
        }
    }

    /// Takes units out, and returns their values by the two methods.
    fn take(&mut self, units: i64, source: &CostSource) -> (i128, i128) {
        let stock = self.quantity.max(0);
        let taken = units.min(stock);
        let average = match source {
            CostSource::Reversal { unit_cost, .. } if taken < stock => cost_of(taken, *unit_cost).min(self.average),
            _ => share(self.average, taken, stock),
        };
        let mut fifo = 0;
        let mut rest = taken;
        if let CostSource::Reversal { receipt, .. } = source
            && let Some(index) = self.layers.iter().position(|layer| layer.receipt == Some(*receipt))
        {
            fifo += self.take_from_layer(index, &mut rest);
        }
        while rest > 0 && !self.layers.is_empty() {
            fifo += self.take_from_layer(0, &mut rest);
        }
        self.quantity = self.quantity.saturating_sub(units);
        self.average -= average;
        self.fifo -= fifo;
        (average, fifo)
    }

    fn take_from_layer(&mut self, index: usize, rest: &mut i64) -> i128 {
        let Some(layer) = self.layers.get_mut(index) else { return 0 };
        let taken = layer.units.min(*rest);
        let cost = share(layer.cost, taken, layer.units);
        layer.units -= taken;
        layer.cost -= cost;
        *rest -= taken;
        if layer.units == 0 {
            self.layers.remove(index);
        }
        cost
    }
}

fn cost_of(units: i64, unit_cost: i64) -> i128 {
    i128::from(units) * i128::from(unit_cost)
}

/// The part of a value for some of its units, rounded half up. 0 if there are no units.
///
/// The product of a large value and its units has more than 128 bits. So whole multiples are shared first: the rest is
/// smaller than `whole`, and twice its product with `part` has at most 127 bits.
pub fn share(value: i128, part: i64, whole: i64) -> i128 {
    if whole <= 0 {
        return 0;
    }
    let (part, whole) = (i128::from(part), i128::from(whole));
    let (of_each, rest) = (value.div_euclid(whole), value.rem_euclid(whole));
    of_each * part + (2 * rest * part + whole).div_euclid(2 * whole)
}

/// JSON numbers have 64 bits in many programs, and sums may have more.
mod as_text {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
