//! The values of a row.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use validator::Validate;

use crate::error::{ApiError, Code, FieldError};
use crate::imports::input_row::{Columns, InputRow};
use crate::inventory::change_stock::{CountedAt, MovementType, Seen, StockChange};
use crate::inventory::observation::{Observation, is_ahead_of_clock};
use crate::inventory::stock_level::StockLevel;
use crate::kernel::id::LocationId;
use crate::kernel::moment::Moment;
use crate::kernel::quantity::StockQuantity;
use crate::kernel::text;

/// The reason of a movement whose row gives none.
const REASON: &str = "Import";

/// A change of the stock at one place.
#[derive(Clone, Debug)]
pub struct StockRow {
    movement_type: MovementType,
    quantity: i64,
    expected_stock: Option<i64>,
    pub counted_at: Option<DateTime<Utc>>,
    reason: String,
}

#[derive(Debug, Deserialize, Validate)]
struct StockFields {
    movement_type: MovementType,
    quantity: StockQuantity,
    expected_stock: Option<StockQuantity>,
    counted_at: Option<Moment>,
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    reason: Option<String>,
}

impl StockRow {
    pub fn read(columns: &Columns, row: &InputRow) -> Result<Self, Vec<FieldError>> {
        let fields = ["movement_type", "quantity", "expected_stock", "counted_at", "reason"].map(|name| (name, name));
        let StockFields { movement_type, quantity, expected_stock, counted_at, reason } = columns.read(row, &fields)?;
        let error = match movement_type {
            MovementType::Adjustment if expected_stock.is_none() && counted_at.is_none() => {
                Some(("expected_stock", "or counted_at is required, so that an old figure does not replace a new one"))
            }
            MovementType::In | MovementType::Out if quantity.get() == 0 => Some(("quantity", "must be at least 1")),
            MovementType::In | MovementType::Out if counted_at.is_some() => {
                Some(("counted_at", "is only for the movement_type adjustment"))
            }
            _ => None,
        };
        if let Some((column, message)) = error {
            return Err(vec![FieldError::new(column, message)]);
        }
        Ok(Self {
            movement_type,
            quantity: quantity.get(),
            expected_stock: expected_stock.map(StockQuantity::get),
            counted_at: counted_at.map(|moment| moment.0),
            reason: reason.unwrap_or_else(|| REASON.to_owned()),
        })
    }

    /// True if the row adds or removes units. If the same file is imported again, such a row is not done again.
    #[must_use]
    pub fn is_relative(&self) -> bool {
        self.movement_type != MovementType::Adjustment
    }

    /// Refuses a count in the future.
    pub fn check_time(&self, now: DateTime<Utc>) -> Result<(), ApiError> {
        match self.counted_at {
            Some(at) if is_ahead_of_clock(at, now) => Err(ApiError::field("counted_at", "must not be in the future")),
            _ => Ok(()),
        }
    }

    /// True if the stock has the requested value already. Then the expected stock does not matter.
    #[must_use]
    pub fn is_there(&self, level: &StockLevel, seen: Option<&Seen>) -> bool {
        match seen {
            Some(seen) => seen.past.variance(Observation { counted: self.quantity, at: seen.at }) == Some(0),
            None => !self.is_relative() && level.stock == self.quantity,
        }
    }

    #[must_use]
    pub fn to_change(&self, location: LocationId) -> StockChange {
        StockChange {
            movement_type: self.movement_type,
            quantity: self.quantity,
            on_hand: self.counted_at.map(CountedAt::At),
            expected_stock: self.expected_stock,
            size: None,
            location: Some(location),
            reason: self.reason.clone(),
            reference_id: None,
        }
    }
}

/// The column of a refusal.
#[must_use]
pub fn column_of(refusal: &ApiError, row: &StockRow) -> String {
    match (refusal.code, refusal.extra.errors.first()) {
        (_, Some(error)) => error.field.clone(),
        (Code::StaleStock, None) if row.counted_at.is_some() && row.expected_stock.is_none() => "counted_at".to_owned(),
        (Code::StaleStock, None) => "expected_stock".to_owned(),
        _ => "quantity".to_owned(),
    }
}
