//! The value of a product by plain arithmetic in minor units, from its first unit to its last.

use std::collections::{HashMap, VecDeque};

/// Units that came in, or that went out and are negative.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    pub product: usize,
    pub units: i64,
    pub source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Units of a receipt of a purchase.
    Bought {
        receipt: usize,
    },
    SentBack {
        receipt: usize,
    },
    Sold {
        order: i64,
    },
    /// All units of a sale.
    Cancelled {
        order: i64,
    },
    /// The cost is the cost price of that time, if there was one.
    Other {
        unit_cost: Option<i64>,
    },
}

/// A figure by the moving average, and by first in, first out.
pub type Both = [i64; 2];

struct Layer {
    units: i64,
    cost: i64,
    receipt: Option<usize>,
}

/// The units of a product, and what was paid for them and for those that are gone.
#[derive(Default)]
pub struct ProductValue {
    pub units: i64,
    pub value: Both,
    pub paid: i64,
    pub sold: Both,
    pub written_off: Both,
    /// The oldest is first.
    layers: VecDeque<Layer>,
    /// The cost of each sale.
    sales: HashMap<i64, Both>,
}

impl ProductValue {
    /// Adds all flows of a product. The costs are those of a unit of each receipt, as they are known at the end.
    pub fn of(product: usize, flows: &[Flow], costs: &[i64]) -> Self {
        let mut value = Self::default();
        for flow in flows.iter().filter(|flow| flow.product == product) {
            value.add(*flow, costs);
        }
        value
    }

    fn add(&mut self, Flow { units, source, .. }: Flow, costs: &[i64]) {
        match source {
            Source::Bought { receipt } => self.pay(units, units * costs[receipt], Some(receipt)),
            Source::Other { unit_cost } if units > 0 => {
                let average = part(self.value[0], units, self.units);
                self.pay(units, unit_cost.map_or(average, |cost| units * cost), None);
            }
            Source::Other { .. } => {
                let taken = [self.take_average(-units), self.take_oldest(-units)];
                self.leave(-units, taken);
                self.written_off = add(self.written_off, taken);
            }
            Source::SentBack { receipt } => self.send_back(-units, receipt, -units * costs[receipt]),
            Source::Sold { order } => {
                let taken = [self.take_average(-units), self.take_oldest(-units)];
                self.leave(-units, taken);
                self.sold = add(self.sold, taken);
                self.sales.insert(order, taken);
            }
            Source::Cancelled { order } => {
                let cost = self.sales[&order];
                self.units += units;
                self.value = add(self.value, cost);
                self.sold = subtract(self.sold, cost);
                self.layers.push_front(Layer { units, cost: cost[1], receipt: None });
            }
        }
    }

    fn pay(&mut self, units: i64, cost: i64, receipt: Option<usize>) {
        self.units += units;
        self.value = add(self.value, [cost, cost]);
        self.paid += cost;
        self.layers.push_back(Layer { units, cost, receipt });
    }

    /// Takes the units of a receipt out at their cost, as far as there is so much value.
    fn send_back(&mut self, units: i64, receipt: usize, cost: i64) {
        let average = if units == self.units { self.value[0] } else { cost.min(self.value[0]) };
        let own = self.layers.iter().position(|layer| layer.receipt == Some(receipt));
        let (mut fifo, mut rest) = (0, units);
        if let Some(own) = own {
            let of_receipt = rest.min(self.layers[own].units);
            fifo += self.take_from(own, of_receipt);
            rest -= of_receipt;
        }
        fifo += self.take_oldest(rest);
        self.leave(units, [average, fifo]);
        self.paid -= cost;
        self.written_off = add(self.written_off, [average - cost, fifo - cost]);
    }

    /// The value of units by the average. The last unit has the rest.
    fn take_average(&self, units: i64) -> i64 {
        part(self.value[0], units, self.units)
    }

    fn take_oldest(&mut self, mut units: i64) -> i64 {
        let mut cost = 0;
        while units > 0 {
            let of_layer = units.min(self.layers[0].units);
            cost += self.take_from(0, of_layer);
            units -= of_layer;
        }
        cost
    }

    fn take_from(&mut self, index: usize, units: i64) -> i64 {
        let layer = &mut self.layers[index];
        let cost = part(layer.cost, units, layer.units);
        layer.units -= units;
        layer.cost -= cost;
        if layer.units == 0 {
            self.layers.remove(index);
        }
        cost
    }

    fn leave(&mut self, units: i64, value: Both) {
        self.units -= units;
        self.value = subtract(self.value, value);
    }
}

/// The value of some units among all, rounded half up.
pub fn part(value: i64, units: i64, all: i64) -> i64 {
    if all == 0 { 0 } else { (2 * value * units + all) / (2 * all) }
}

pub fn add(one: Both, other: Both) -> Both {
    [one[0] + other[0], one[1] + other[1]]
}

pub fn subtract(one: Both, other: Both) -> Both {
    [one[0] - other[0], one[1] - other[1]]
}
