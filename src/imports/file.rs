//! A file of rows as it was sent: CSV, or a JSON array of objects. Its rows are read one by one, so that a large file
//! needs little memory besides its bytes.

mod csv_text;

use std::collections::{BTreeSet, HashSet};

use serde_json::value::RawValue;

use csv_text::{MAX_CELL_BYTES, MAX_COLUMNS, check_cells, check_utf_8, separator_of};

use super::cell::Cell;
use super::json_object::{JsonObject, json_cell, json_rows, no_row};
use super::kind::{Column, ImportKind, MAX_ROWS, is_clearable};
use crate::error::{ApiError, FieldError};
use crate::http::body::Bytes;

/// A column that is ignored, so that a file of refused rows can be sent again.
pub const ERROR_COLUMN: &str = "error";

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Json,
}

/// A file whose columns are known and whose rows have been counted.
#[derive(Clone, Debug)]
pub struct File {
    bytes: Bytes,
    /// The separator of the cells. None in JSON.
    separator: Option<u8>,
    /// The columns, without the one of errors.
    pub columns: Vec<&'static str>,
    /// The column of each cell of a row in CSV.
    positions: Vec<Option<usize>>,
    pub row_count: usize,
}

/// A row with a cell for each column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    pub cells: Vec<Cell>,
    /// The reason why the row cannot be read.
    pub error: Option<FieldError>,
}

impl File {
    /// Reads the columns and counts the rows. Refuses a file that is not of this kind.
    pub fn open(bytes: Bytes, format: Format, kind: ImportKind) -> Result<Self, ApiError> {
        match format {
            Format::Csv => Self::open_csv(bytes, kind),
            Format::Json => Self::open_json(bytes, kind),
        }
    }

    fn open_csv(bytes: Bytes, kind: ImportKind) -> Result<Self, ApiError> {
        check_utf_8(&bytes)?;
        let start = if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let bytes = bytes.slice(start..);
        let separator = separator_of(&bytes);
        check_cells(&bytes, separator)?;
        let mut records = reader(&bytes, separator).into_byte_records();
        let header = records.next().transpose().map_err(|error| unreadable(&error))?;
        let header = header.ok_or_else(|| ApiError::field("", "has no line with the names of the columns"))?;
        let names = header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect::<Vec<_>>();
        let columns = known_columns(names.iter().map(String::as_str), kind)?;
        let position = |name: &String| columns.iter().position(|column| *column == name.as_str());
        let positions = names.iter().map(position).collect();
        let mut row_count = 0_usize;
        for record in records {
            record.map_err(|error| unreadable(&error))?;
            row_count = row_count.saturating_add(1);
        }
        check_count(row_count)?;
        Ok(Self { bytes, separator: Some(separator), columns, positions, row_count })
    }

    fn open_json(bytes: Bytes, kind: ImportKind) -> Result<Self, ApiError> {
        let list = json_rows(&bytes)?;
        check_count(list.len())?;
        let mut names = BTreeSet::new();
        for (index, text) in list.iter().enumerate() {
            let JsonObject(fields) = serde_json::from_str(text.get()).map_err(|error| no_row(index, &error))?;
            names.extend(fields.into_iter().map(|(name, _)| name));
            if names.len() > MAX_COLUMNS {
                break;
            }
        }
        let row_count = list.len();
        let columns = match row_count {
            0 => Vec::new(),
            _ => known_columns(names.iter().map(String::as_str), kind)?,
        };
        Ok(Self { columns, positions: Vec::new(), separator: None, row_count, bytes })
    }

    /// Calls the function for each row, in the order of the file.
    pub fn each_row<E>(&self, mut take: impl FnMut(FileRow) -> Result<(), E>) -> Result<(), E> {
        match self.separator {
            Some(separator) => {
                for record in reader(&self.bytes, separator).into_records().skip(1) {
                    // All records were readable when the file was opened.
                    let Ok(record) = record else { continue };
                    take(self.csv_row(&record))?;
                }
            }
            None => {
                for text in json_rows(&self.bytes).unwrap_or_default() {
                    take(self.json_row(text))?;
                }
            }
        }
        Ok(())
    }

    fn csv_row(&self, record: &csv::StringRecord) -> FileRow {
        let mut cells = vec![Cell::Leave; self.columns.len()];
        for (cell, position) in record.iter().zip(&self.positions) {
            if let Some(slot) = position.and_then(|position| cells.get_mut(position)) {
                *slot = Cell::from_csv(cell);
            }
        }
        let (has, wanted) = (record.len(), self.positions.len());
        let error = (has != wanted).then(|| {
            FieldError::new("", format!("has {has} cells, and the line with the names of the columns has {wanted}"))
        });
        self.row(cells, error)
    }

    fn json_row(&self, text: &RawValue) -> FileRow {
        let mut cells = vec![Cell::Leave; self.columns.len()];
        let mut error = None;
        let JsonObject(fields) = serde_json::from_str(text.get()).unwrap_or(JsonObject(Vec::new()));
        for (name, value) in fields {
            let index = self.columns.iter().position(|column| *column == name);
            let cell = match value.get() {
                // A null does not count as a value: a product without sizes may have `"size": null`.
                "null" if !is_clearable(&name) => Some(Cell::Leave),
                _ => json_cell(value),
            };
            match (index.and_then(|index| cells.get_mut(index)), cell) {
                (Some(slot), Some(cell)) => *slot = cell,
                (Some(_), None) => error = Some(FieldError::new(name, "must be a text, a number, true, false or null")),
                (None, _) => {}
            }
        }
        self.row(cells, error)
    }

    /// Refuses cells that no row can have, and empties those that cannot be stored or need too much memory.
    fn row(&self, mut cells: Vec<Cell>, mut error: Option<FieldError>) -> FileRow {
        for (cell, column) in cells.iter_mut().zip(&self.columns) {
            let message = match &*cell {
                Cell::Clear if !is_clearable(column) => "cannot be cleared".to_owned(),
                Cell::Text(text) if text.len() > MAX_CELL_BYTES => format!("has more than {MAX_CELL_BYTES} bytes"),
                // The database cannot store this character.
                Cell::Text(text) if text.contains('\0') => "must not contain control characters".to_owned(),
                Cell::Leave | Cell::Clear | Cell::Text(_) => continue,
            };
            if *cell != Cell::Clear {
                *cell = Cell::Leave;
            }
            error = Some(FieldError::new(*column, message));
        }
        FileRow { cells, error }
    }
}

fn reader(bytes: &Bytes, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(&**bytes)
}

fn unreadable(error: &csv::Error) -> ApiError {
    ApiError::field("", format!("cannot be read as CSV: {error}"))
}

fn check_count(rows: usize) -> Result<(), ApiError> {
    if rows <= MAX_ROWS {
        return Ok(());
    }
    Err(ApiError::field("", format!("must have at most {MAX_ROWS} rows, and has {rows}")))
}

/// The columns of these names. Unknown, repeated and missing names are refused.
fn known_columns<'a>(names: impl Iterator<Item = &'a str>, kind: ImportKind) -> Result<Vec<&'static str>, ApiError> {
    let (mut columns, mut errors, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for name in names {
        if !seen.insert(name) {
            errors.push(FieldError::new(name, "is a column twice"));
        } else if let Some(column) = kind.columns().iter().find(|column| column.name == name) {
            columns.push(column.name);
        } else if name != ERROR_COLUMN {
            errors.push(FieldError::new(name, unknown_column(kind)));
        }
    }
    let is_missing = |column: &&Column| column.is_required && !columns.contains(&column.name);
    let missing = kind.columns().iter().filter(is_missing);
    errors.extend(missing.map(|column| FieldError::new(column.name, "is a required column, and is missing")));
    if errors.is_empty() { Ok(columns) } else { Err(ApiError::validation(errors)) }
}

fn unknown_column(kind: ImportKind) -> String {
    let names: Vec<&str> = kind.columns().iter().map(|column| column.name).collect();
    format!("is not a column of {}; its columns are {}", kind.as_str(), names.join(", "))
}

#[cfg(test)]
mod tests;
