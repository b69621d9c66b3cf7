//! The values of a row: those of its line, and those of its order.

use chrono::NaiveDate;
use serde::Deserialize;
use validator::Validate;

use crate::error::FieldError;
use crate::imports::input_row::{Columns, InputRow};
use crate::kernel::document_text::{Notes, Reference};
use crate::kernel::moment::Day;
use crate::kernel::money::AmountInput;
use crate::kernel::quantity::DocumentQuantity;
use crate::kernel::text::some;

/// A line with the values that its row gives to the whole order. An outer None leaves a value as it is.
#[derive(Clone, Debug)]
pub struct OrderRow {
    pub index: usize,
    pub expected_on: Option<Option<NaiveDate>>,
    pub notes: Option<Option<String>>,
    pub quantity: i64,
    pub unit_cost: Option<AmountInput>,
    pub line_expected_on: Option<Option<NaiveDate>>,
}

#[derive(Debug, Deserialize, Validate)]
struct OrderFields {
    #[expect(dead_code, reason = "It is read to check its length.")]
    reference: Option<Reference>,
    #[serde(default, deserialize_with = "some")]
    expected_on: Option<Option<Day>>,
    #[serde(default, deserialize_with = "some")]
    notes: Option<Option<Notes>>,
    quantity: DocumentQuantity,
    unit_cost: Option<AmountInput>,
    #[serde(default, deserialize_with = "some")]
    line_expected_on: Option<Option<Day>>,
}

const FIELDS: [(&str, &str); 6] = [
    ("reference", "reference"),
    ("expected_on", "expected_on"),
    ("notes", "notes"),
    ("quantity", "quantity"),
    ("unit_cost", "unit_cost"),
    ("line_expected_on", "line_expected_on"),
];

impl OrderRow {
    pub fn read(columns: &Columns, row: &InputRow, index: usize) -> Result<Self, Vec<FieldError>> {
        let OrderFields { expected_on, notes, quantity, unit_cost, line_expected_on, .. } =
            columns.read(row, &FIELDS)?;
        let date = |day: Option<Option<Day>>| day.map(|day| day.map(|day| day.0));
        Ok(Self {
            index,
            expected_on: date(expected_on),
            notes: notes.map(|notes| notes.map(String::from)),
            quantity: quantity.get(),
            unit_cost,
            line_expected_on: date(line_expected_on),
        })
    }
}
