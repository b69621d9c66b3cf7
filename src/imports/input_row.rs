//! A row with its columns, and the values of its cells.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::Validate;

use super::cell::Cell;
use super::kind::{Form, ImportKind};
use super::outcome::errors_of;
use crate::catalogue::{barcode, size};
use crate::error::FieldError;
use crate::http::json;
use crate::kernel::text;

/// The kind of a file, and its columns in the order of the cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    pub kind: ImportKind,
    pub names: Vec<String>,
}

/// A row of a file. The first one under the header is 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputRow {
    pub number: i64,
    pub cells: Vec<Cell>,
}

impl Columns {
    /// The cell of a column. A column that the file does not have is empty.
    #[must_use]
    pub fn cell<'a>(&self, cells: &'a [Cell], column: &str) -> &'a Cell {
        let index = self.names.iter().position(|name| name == column);
        index.and_then(|index| cells.get(index)).unwrap_or(&Cell::Leave)
    }

    /// The text of a column, if it has one.
    #[must_use]
    pub fn text<'a>(&self, row: &'a InputRow, column: &str) -> Option<&'a str> {
        self.cell(&row.cells, column).text()
    }

    /// The columns that have a value or clear one.
    pub fn given<'a>(&'a self, row: &'a InputRow) -> impl Iterator<Item = &'a str> {
        let named = self.names.iter().zip(&row.cells);
        named.filter(|(_, cell)| **cell != Cell::Leave).map(|(name, _)| name.as_str())
    }

    /// The name of the object that a row is about, for people.
    #[must_use]
    pub fn display_key(&self, cells: &[Cell]) -> String {
        let key_columns = self.kind.columns().iter().filter(|column| column.is_key);
        let parts = key_columns.filter_map(|column| self.cell(cells, column.name).text());
        text::shortened(parts.collect::<Vec<_>>().join("/").into(), MAX_KEY).into_owned()
    }

    /// Rows with the same key are about the same object. None for a row without a key, which is refused later.
    #[must_use]
    pub fn key(&self, cells: &[Cell]) -> Option<String> {
        let mut parts = Vec::new();
        for column in self.kind.columns().iter().filter(|column| column.is_key) {
            match self.cell(cells, column.name).text() {
                Some(part) => parts.push(self.comparable(column.name, part)),
                None if column.is_required => return None,
                None => parts.push(String::new()),
            }
        }
        Some(parts.join("\n"))
    }

    /// The codes that only one row of a file may give, each with its column.
    pub fn own_codes<'a>(&'a self, cells: &'a [Cell]) -> impl Iterator<Item = (&'static str, String)> + 'a {
        let given = |column: &&'static str| self.cell(cells, column).text().map(|code| (*column, code));
        let codes = self.kind.own_codes().iter().filter_map(given);
        codes.map(|(column, code)| (column, format!("{column}\n{}", self.comparable(column, code))))
    }

    /// The key of the rows that belong together. If it is empty, the row belongs to no other.
    #[must_use]
    pub fn group(&self, cells: &[Cell]) -> String {
        let named = self.kind.group().iter().find_map(|column| Some((column, self.cell(cells, column).text()?)));
        named.map_or_else(String::new, |(column, part)| format!("{column}\n{}", self.comparable(column, part)))
    }

    fn comparable(&self, column: &str, part: &str) -> String {
        match (self.kind, column) {
            (_, "size") => size::key(part),
            (ImportKind::Barcodes, "code") | (_, "barcode") => barcode::key(part).into_owned(),
            (_, "code" | "location") => part.to_ascii_uppercase(),
            _ => text::code_key(part).into_owned(),
        }
    }

    /// Reads the cells of these columns as the fields of a request.
    pub fn read<T: DeserializeOwned + Validate>(
        &self,
        row: &InputRow,
        fields: &[(&'static str, &'static str)],
    ) -> Result<T, Vec<FieldError>> {
        let mut values = Map::new();
        let mut errors = Vec::new();
        for (column, field) in fields {
            match self.value(row, column) {
                Ok(Some(value)) => drop(values.insert((*field).to_owned(), value)),
                Ok(None) => {}
                Err(message) => errors.push(FieldError::new(*column, message)),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        json::parse_fields(Value::Object(values).to_string().as_bytes()).map_err(|refusal| {
            let with_column = |error: FieldError| {
                let known = fields.iter().find(|(_, field)| *field == error.field);
                FieldError { field: known.map_or(error.field, |(column, _)| (*column).to_owned()), ..error }
            };
            errors_of(refusal, "").into_iter().map(with_column).collect()
        })
    }

    /// The value of a cell in JSON. Other forms of a number are errors.
    fn value(&self, row: &InputRow, column: &str) -> Result<Option<Value>, String> {
        let text = match self.cell(&row.cells, column) {
            Cell::Leave => return Ok(None),
            Cell::Clear => return Ok(Some(Value::Null)),
            Cell::Text(text) => text,
        };
        let form = self.kind.columns().iter().find(|known| known.name == column).map_or(Form::Text, |known| known.form);
        match form {
            Form::Text if text::has_control(text) => Err("must not contain control characters".to_owned()),
            Form::Text => Ok(Some(Value::String(text.clone()))),
            Form::Integer => integer(text).map(|number| Some(Value::from(number))),
            Form::Amount if is_plain_decimal(text) => Ok(Some(Value::String(text.clone()))),
            Form::Amount => Err("must be an amount with digits and a point, such as 12.50".to_owned()),
            Form::Flag => match text.as_str() {
                "true" => Ok(Some(Value::Bool(true))),
                "false" => Ok(Some(Value::Bool(false))),
                _ => Err("must be true or false".to_owned()),
            },
        }
    }
}

/// The maximal length of a key in a response.
const MAX_KEY: usize = 200;

fn integer(text: &str) -> Result<u64, String> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_plain { text.parse().ok() } else { None };
    number.ok_or_else(|| "must be an integer of digits only, such as 12".to_owned())
}

fn is_plain_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize, Validate)]
    struct Fields {
        name: Option<String>,
        min_stock_level: Option<i64>,
        price: Option<String>,
    }

    fn read(column: &str, cell: Cell) -> Result<Fields, Vec<FieldError>> {
        let columns = Columns { kind: ImportKind::Products, names: vec![column.to_owned()] };
        let row = InputRow { number: 1, cells: vec![cell] };
        columns.read(&row, &[("name", "name"), ("min_stock_level", "min_stock_level"), ("price", "price")])
    }

    #[test]
    fn no_number_is_guessed() {
        let text = |text: &str| Cell::Text(text.to_owned());
        for (cell, number) in [("0", 0), ("12", 12), ("007", 7)] {
            assert_eq!(read("min_stock_level", text(cell)).unwrap().min_stock_level, Some(number));
        }
        for wrong in ["12,5", "1e3", "1.0", "-1", "+1", " 1", "1 ", "٣", "", "1'000", "99999999999999999999"] {
            assert_eq!(read("min_stock_level", text(wrong)).unwrap_err()[0].field, "min_stock_level", "{wrong}");
        }
        for amount in ["12", "12.5", "0.50"] {
            assert_eq!(read("price", text(amount)).unwrap().price.as_deref(), Some(amount));
        }
        for wrong in ["12,5", "1e3", "1.", ".5", "-1", "1 000", "€1", "1.234,50"] {
            assert_eq!(read("price", text(wrong)).unwrap_err()[0].field, "price", "{wrong}");
        }
        assert_eq!(read("name", text("a\u{0}")).unwrap_err()[0].field, "name");
        assert_eq!(read("name", Cell::Leave).unwrap(), Fields { name: None, min_stock_level: None, price: None });
    }

    #[test]
    fn keys_are_compared_in_any_spelling() {
        let names = ["sku", "size", "location"].map(str::to_owned).to_vec();
        let columns = Columns { kind: ImportKind::Stock, names };
        let cells = |texts: [&str; 3]| texts.map(Cell::from_csv).to_vec();
        assert_eq!(columns.key(&cells(["tw1", "S", "main"])), columns.key(&cells(["\u{ff54}w1", " s", "MAIN"])));
        assert_ne!(columns.key(&cells(["tw1", "S", ""])), columns.key(&cells(["tw1", "", "S"])));
        assert_eq!(columns.key(&cells(["", "S", ""])), None);
        assert_eq!(columns.display_key(&cells(["tw1", "S", ""])), "tw1/S");
    }
}
