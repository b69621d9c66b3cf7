//! CSV responses, by RFC 4180: UTF-8, commas, and a header row.
//!
//! Spreadsheets read a cell as a formula if it begins with certain characters, and a formula may send data away. So
//! [`escape`] marks a text that begins with one of them. Numbers stay as they are.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::{Accept, Header as _};
use actix_web::mime;
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::IntoParams;
use utoipa::openapi::schema::ObjectBuilder;
use validator::Validate;

use super::json;
use crate::db::Failure;
use crate::kernel::csv::escape;
use crate::kernel::schema;
use crate::kernel::text_enum::{self, text_enum};

/// The content type of a CSV response.
pub const CSV: &str = "text/csv; charset=utf-8";

text_enum! {
    /// The form of a response.
    #[derive(Default)]
    #[strum(serialize_all = "snake_case")]
    pub enum Format {
        #[default]
        Json,
        Csv,
    }
}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FormatQuery {
    #[serde(default, deserialize_with = "text_enum::in_query")]
    #[param(schema_with = format_parameter)]
    pub format: Option<Format>,
}

fn format_parameter() -> ObjectBuilder {
    schema::string_enum(Format::VARIANTS.iter().map(|format| format.as_str()))
        .description(Some("The form of the response. Without it, the header `Accept` decides."))
}

impl Format {
    /// The format that the query names, or else the one that the header `Accept` prefers. A header that is missing or
    /// invalid means JSON.
    #[must_use]
    pub fn requested(query: &FormatQuery, request: &HttpRequest) -> Self {
        query.format.unwrap_or_else(|| if prefers_csv(request) { Self::Csv } else { Self::Json })
    }
}

/// A response that can be written as a table.
pub trait Tabular {
    /// Writes the table with its header.
    fn table(&self) -> Result<Table, Failure>;
}

impl Format {
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => CSV,
        }
    }

    pub fn to_bytes<T: Serialize + Tabular>(self, response: &T) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Json => json::to_bytes(response),
            Self::Csv => response.table()?.into_bytes(),
        }
    }
}

fn prefers_csv(request: &HttpRequest) -> bool {
    let Ok(accept) = Accept::parse(request) else { return false };
    let wanted = accept.ranked();
    let known = wanted.iter().find(|wanted| {
        let (kind, part) = (wanted.type_(), wanted.subtype());
        kind == mime::STAR
            || (kind == mime::TEXT && (part == mime::CSV || part == mime::STAR))
            || (kind, part) == (mime::APPLICATION, mime::JSON)
    });
    known.is_some_and(|known| known.type_() == mime::TEXT)
}

/// The value of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Any text. It is protected from being read as a formula.
    Text(Cow<'a, str>),
    /// A number that the server has formatted.
    Number(String),
    Empty,
}

impl<'a> Cell<'a> {
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// The number, or an empty cell.
    pub fn number(number: Option<impl ToString>) -> Self {
        number.map_or(Self::Empty, |number| Self::Number(number.to_string()))
    }

    fn written(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => escape(text),
            Self::Number(number) => Cow::Borrowed(number),
            Self::Empty => Cow::Borrowed(""),
        }
    }
}

/// Writes a table into memory.
pub struct Table {
    writer: csv::Writer<Vec<u8>>,
}

impl Table {
    pub fn new(header: &[&str]) -> Result<Self, Failure> {
        let writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let mut table = Self { writer };
        table.writer.write_record(header).map_err(|error| unwritable(&error))?;
        Ok(table)
    }

    /// Adds a row, which must have as many cells as the header.
    pub fn add(&mut self, cells: &[Cell<'_>]) -> Result<(), Failure> {
        let cells = cells.iter().map(Cell::written);
        self.writer.write_record(cells.map(|cell| cell.into_owned())).map_err(|error| unwritable(&error))
    }

    pub fn into_bytes(self) -> Result<Vec<u8>, Failure> {
        self.writer.into_inner().map_err(|error| unwritable(&error))
    }
}

fn unwritable(error: &dyn std::fmt::Display) -> Failure {
    Failure::Internal(format!("a CSV table cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_quotes_what_needs_it_and_leaves_numbers_alone() {
        let mut table = Table::new(&["name", "net", "cost"]).unwrap();
        table.add(&[Cell::text("Tea, \"green\""), Cell::number(Some("-1.50")), Cell::Empty]).unwrap();
        table.add(&[Cell::text("=HYPERLINK(1)"), Cell::number(Some(2)), Cell::number(None::<i64>)]).unwrap();
        let written = String::from_utf8(table.into_bytes().unwrap()).unwrap();
        assert_eq!(written, "name,net,cost\r\n\"Tea, \"\"green\"\"\",-1.50,\r\n'=HYPERLINK(1),2,\r\n");
    }

    #[test]
    fn the_query_decides_before_the_header() {
        let request =
            |accept: &str| actix_web::test::TestRequest::default().insert_header(("Accept", accept)).to_http_request();
        let of = |format, accept: &str| Format::requested(&FormatQuery { format }, &request(accept));
        assert_eq!(of(None, "text/csv"), Format::Csv);
        assert_eq!(of(None, "text/csv;q=0.5, application/json"), Format::Json);
        assert_eq!(of(None, "*/*"), Format::Json);
        assert_eq!(of(None, "application/json;q=0.5, text/csv"), Format::Csv);
        assert_eq!(of(Some(Format::Json), "text/csv"), Format::Json);
        assert_eq!(of(Some(Format::Csv), "application/json"), Format::Csv);
    }
}
