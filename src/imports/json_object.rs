//! Rows as JSON: an array of objects, whose values are read later.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::cell::Cell;
use super::kind::MAX_ROWS;
use crate::error::{ApiError, Code};

/// The fields of an object with the texts of their values. Each name is given once.
#[derive(Debug)]
pub struct JsonObject<'a>(pub Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for JsonObject<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor).map(Self)
    }
}

/// More cells than any row has.
const MAX_FIELDS: usize = 100;

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields: Self::Value = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            if fields.len() >= MAX_FIELDS {
                return Err(A::Error::custom("there are too many"));
            }
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format_args!("{name} is given twice")));
            }
            fields.push((name, value));
        }
        Ok(fields)
    }
}

/// The texts of the elements of an array of at most [`MAX_ROWS`].
#[derive(Debug)]
struct JsonRows<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for JsonRows<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RowsVisitor).map(Self)
    }
}

struct RowsVisitor;

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut rows: Self::Value = Vec::new();
        while let Some(row) = list.next_element()? {
            if rows.len() >= MAX_ROWS {
                return Err(A::Error::custom("there are too many rows"));
            }
            rows.push(row);
        }
        Ok(rows)
    }
}

/// The texts of the elements of an array.
pub fn json_rows(bytes: &[u8]) -> Result<Vec<&RawValue>, ApiError> {
    let rows = serde_json::from_slice(bytes).map(|JsonRows(rows)| rows);
    rows.map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            ApiError::field("", format!("must be an array of at most {MAX_ROWS} rows"))
        }
        _ => ApiError::new(Code::MalformedRequest, format!("The body is not valid JSON: {error}.")),
    })
}

/// The 422 error for a row that is not an object of cells.
pub fn no_row(index: usize, error: &serde_json::Error) -> ApiError {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default();
    ApiError::field(format!("[{index}]"), format!("must be an object of cells: {message}"))
}

/// A text counts as a cell, and null clears. None if the value is an array or an object.
pub fn json_cell(value: &RawValue) -> Option<Cell> {
    let text = value.get();
    match text.as_bytes().first()? {
        b'n' => Some(Cell::Clear),
        b'"' => Some(Cell::from_csv(&serde_json::from_str::<String>(text).ok()?)),
        b'[' | b'{' => None,
        // Numbers keep the digits that the client wrote.
        _ => Some(Cell::Text(text.to_owned())),
    }
}
