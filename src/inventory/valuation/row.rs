//! Value rows and checkpoints, as they are stored.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::value::{CostSource, EventValue, ValuationState, ValuedEvent};
use crate::kernel::id::{LocationId, MovementId, VariantId};
use crate::kernel::json_column::json_column;
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// The kind of a value row.
    #[strum(serialize_all = "snake_case")]
    pub enum ValueKind {
        Sale,
        Return,
        Purchase,
        Reversal,
        Other,
        Move,
    }
}

impl From<&CostSource> for ValueKind {
    fn from(source: &CostSource) -> Self {
        match source {
            CostSource::Sale => Self::Sale,
            CostSource::Return { .. } => Self::Return,
            CostSource::Purchase { .. } => Self::Purchase,
            CostSource::Reversal { .. } => Self::Reversal,
            CostSource::Other { .. } => Self::Other,
            CostSource::Move => Self::Move,
        }
    }
}

json_column! {
    /// The units by the id of their place.
    #[derive(Default)]
    pub struct UnitsByPlace(pub BTreeMap<i64, i64>);
}

impl UnitsByPlace {
    /// Adds the changes of an event. A place without units has no entry.
    pub fn add(&mut self, changes: &BTreeMap<LocationId, i64>) {
        for (place, change) in changes {
            let units = self.0.entry(place.0).or_default();
            *units = units.saturating_add(*change);
        }
        self.0.retain(|_, units| *units != 0);
    }
}

json_column! {
    /// The version of the last valued movement by location id.
    #[derive(Default)]
    pub struct ValuedVersions(pub BTreeMap<i64, i64>);
}

/// The progress of a variant.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    pub variant: VariantId,
    pub versions: ValuedVersions,
    pub state: ValuationState,
    pub places: UnitsByPlace,
    pub posted_at: Option<DateTime<Utc>>,
    pub fold_again_from: Option<DateTime<Utc>>,
}

/// An event before it is valued.
#[derive(Clone, Debug)]
pub struct NewValuedEvent {
    pub variant: VariantId,
    pub movement: MovementId,
    pub entry: ValuedEvent,
    pub places: UnitsByPlace,
}

/// An event and its value.
#[derive(Clone, Debug)]
pub struct ValueRow {
    pub new: NewValuedEvent,
    pub outcome: EventValue,
}

impl ValueRow {
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        ValueKind::from(&self.new.entry.source)
    }

    #[must_use]
    pub fn unit_cost(&self) -> Option<i64> {
        match self.new.entry.source {
            CostSource::Purchase { unit_cost, .. } | CostSource::Reversal { unit_cost, .. } => Some(unit_cost),
            CostSource::Other { unit_cost } => unit_cost,
            CostSource::Sale | CostSource::Return { .. } | CostSource::Move => None,
        }
    }

    #[must_use]
    pub fn receipt(&self) -> Option<i64> {
        match self.new.entry.source {
            CostSource::Purchase { receipt, .. } | CostSource::Reversal { receipt, .. } => Some(receipt),
            _ => None,
        }
    }

    /// The sale whose units came back, and the units that had come back before.
    #[must_use]
    pub fn sale(&self) -> Option<(DateTime<Utc>, i64)> {
        match self.new.entry.source {
            CostSource::Return { sale_at, before, .. } => Some((sale_at, before)),
            _ => None,
        }
    }

    #[must_use]
    pub fn totals(&self) -> ValueTotals {
        let effect = self.outcome.effect;
        let sold = |value: i128| match self.kind() {
            ValueKind::Sale | ValueKind::Return => effect.paid - value,
            _ => 0,
        };
        ValueTotals {
            paid: effect.paid,
            average_value: effect.average,
            average_sold: sold(effect.average),
            fifo_value: effect.fifo,
            fifo_sold: sold(effect.fifo),
        }
    }
}

/// Sums of value rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValueTotals {
    pub paid: i128,
    pub average_value: i128,
    /// The cost of the goods sold, by the moving average.
    pub average_sold: i128,
    pub fifo_value: i128,
    /// The cost of the goods sold, by FIFO.
    pub fifo_sold: i128,
}

impl ValueTotals {
    pub fn add(&mut self, other: &Self) {
        self.paid += other.paid;
        self.average_value += other.average_value;
        self.average_sold += other.average_sold;
        self.fifo_value += other.fifo_value;
        self.fifo_sold += other.fifo_sold;
    }

    pub fn subtract(&mut self, other: &Self) {
        self.paid -= other.paid;
        self.average_value -= other.average_value;
        self.average_sold -= other.average_sold;
        self.fifo_value -= other.fifo_value;
        self.fifo_sold -= other.fifo_sold;
    }
}
