//! A file with the rows of an export, which is written slice by slice.

use std::borrow::Cow;

use diesel::PgConnection;

use super::cells::{self, ExportCell};
use super::kind::ExportKind;
use super::xlsx::{SpreadsheetFull, XLSX, XlsxWriter};
use crate::db::Failure;
use crate::imports::queries::exports::{self, Position, TimeRange};
use crate::kernel::csv;
use crate::kernel::id::StoreId;
use crate::kernel::text_enum::text_enum;
use crate::stores::queries as stores;

text_enum! {
    /// The format of an export.
    #[derive(Default)]
    #[strum(serialize_all = "snake_case")]
    pub enum ExportFormat {
        #[default]
        Csv,
        Xlsx,
    }
}

impl ExportFormat {
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => XLSX,
        }
    }
}

/// The rows of a slice.
#[derive(Clone, Debug)]
pub struct Slice {
    pub rows: Vec<Vec<ExportCell>>,
    /// The position where the next slice begins. None after the last one.
    pub next: Option<Position>,
}

/// Reads the rows after a position.
pub fn read_slice(
    conn: &mut PgConnection,
    store: StoreId,
    (kind, range): (ExportKind, TimeRange),
    after: Position,
) -> Result<Slice, Failure> {
    let currency = stores::get_store(conn, store)?.currency;
    let (rows, next) = exports::slice(conn, store, (kind, range), after)?;
    Ok(Slice { rows: rows.into_iter().map(|stored| cells::read(kind, stored, &currency)).collect(), next })
}

/// A file of which a part has been written.
pub enum ExportFile {
    Csv(Vec<u8>),
    Xlsx(Box<XlsxWriter>),
}

impl ExportFile {
    /// Begins a file with the names of the columns.
    #[must_use]
    pub fn new(kind: ExportKind, format: ExportFormat) -> Self {
        match format {
            ExportFormat::Xlsx => Self::Xlsx(Box::new(XlsxWriter::new(kind))),
            ExportFormat::Csv => {
                let mut text = Vec::new();
                csv::append_line(&mut text, kind.columns().iter().map(|column| Cow::Borrowed(column.name)));
                Self::Csv(text)
            }
        }
    }

    pub fn append(&mut self, rows: &[Vec<ExportCell>]) -> Result<(), SpreadsheetFull> {
        for row in rows {
            match self {
                Self::Csv(text) => csv::append_line(text, row.iter().map(ExportCell::to_csv)),
                Self::Xlsx(writer) => writer.append(row)?,
            }
        }
        Ok(())
    }

    /// The bytes since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        match self {
            Self::Csv(text) => std::mem::take(text),
            Self::Xlsx(writer) => writer.take(),
        }
    }

    /// Ends the file, and returns its last bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self {
            Self::Csv(text) => text,
            Self::Xlsx(writer) => writer.finish(),
        }
    }
}
