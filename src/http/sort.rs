//! The order that a list is asked for in.

use serde::Deserialize;
use validator::Validate;

use crate::error::ApiError;
use crate::kernel::page::Sort;

/// The order of a list without `?sort=`: by its first column, which is the id.
pub const NEWEST_FIRST: &str = "-id";

/// How a list is sorted.
#[derive(Debug, Deserialize, Validate)]
pub struct SortQuery {
    /// A column, with `-` before it for descending.
    #[validate(length(max = 50, message = "must have at most 50 characters"))]
    pub sort: Option<String>,
}

impl SortQuery {
    /// One of the columns, the first one descending when none is asked for.
    pub fn among(&self, columns: &'static [&'static str]) -> Result<Sort<'static>, ApiError> {
        let newest_first = Sort { column: columns.first().copied().unwrap_or_default(), descending: true };
        let Some(text) = &self.sort else { return Ok(newest_first) };
        let asked = Sort::parse(text, columns).map_err(|message| ApiError::field("sort", message))?;
        let column = columns.iter().find(|column| **column == asked.column);
        Ok(column.map_or(newest_first, |column| Sort { column, descending: asked.descending }))
    }
}
