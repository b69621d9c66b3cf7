//! A cell of a row.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::csv;

/// The content of a cell. It is stored as a text, as null, or as false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// An empty cell leaves a value as it is.
    Leave,
    /// `-` clears a value.
    Clear,
    Text(String),
}

const CLEAR: &str = "-";

impl Cell {
    /// Reads a cell of a CSV file.
    #[must_use]
    pub fn from_csv(cell: &str) -> Self {
        match cell {
            "" => Self::Leave,
            CLEAR => Self::Clear,
            text => Self::Text(csv::unescape(text).to_owned()),
        }
    }

    /// The cell in a CSV file.
    #[must_use]
    pub fn to_csv(&self) -> String {
        match self {
            Self::Leave => String::new(),
            Self::Clear => CLEAR.to_owned(),
            Self::Text(text) => csv::escape(text).into_owned(),
        }
    }

    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Leave | Self::Clear => None,
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leave => serializer.serialize_none(),
            Self::Clear => serializer.serialize_bool(false),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text, null or false")
    }

    fn visit_unit<E: Error>(self) -> Result<Cell, E> {
        Ok(Cell::Leave)
    }

    fn visit_bool<E: Error>(self, _value: bool) -> Result<Cell, E> {
        Ok(Cell::Clear)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::Text(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_survives_a_file_and_the_database() {
        for cell in [Cell::Leave, Cell::Clear, Cell::Text("=1".into()), Cell::Text("-".into()), Cell::Text("'a".into())]
        {
            assert_eq!(Cell::from_csv(&cell.to_csv()), cell);
            let stored = serde_json::to_value(&cell).unwrap();
            assert_eq!(serde_json::from_value::<Cell>(stored).unwrap(), cell);
        }
    }
}
