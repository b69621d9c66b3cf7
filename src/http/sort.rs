//! The sort order of a list.

use serde::Deserialize;
use validator::Validate;

use crate::error::ApiError;
use crate::kernel::page::Sort;

/// `?sort=` of a list.
#[derive(Debug, Deserialize, Validate)]
pub struct SortQuery {
    sort: Option<String>,
}

impl SortQuery {
    /// The requested order by one of these columns, or the default order.
    pub fn among(&self, columns: &[&'static str], default: &str) -> Result<Sort, ApiError> {
        let text = self.sort.as_deref().unwrap_or(default);
        Sort::parse(text, columns).map_err(|message| ApiError::field("sort", message))
    }

    /// The requested order of a feed. With `after`, rows are sorted by id, because the next page begins after the
    /// highest id of the page before.
    pub fn in_feed(&self, columns: &[&'static str], after: Option<i64>, default: &str) -> Result<Sort, ApiError> {
        if after.is_none() {
            return self.among(columns, default);
        }
        let sort = self.among(columns, Sort::OLDEST_FIRST.column)?;
        if sort == Sort::OLDEST_FIRST {
            return Ok(sort);
        }
        let message = "must be id, or left out, together with after, which reads the rows after an id, oldest first";
        Err(ApiError::field("sort", message))
    }
}
