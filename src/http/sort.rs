//! The sort order of a list.

use serde::Deserialize;
use validator::Validate;

use crate::error::ApiError;
use crate::kernel::cursor::Cursor;
use crate::kernel::page::{PageQuery, Sort};

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

    /// The requested order of a list that is also a feed. The order of the feed is always the same.
    pub fn in_feed(&self, columns: &[&'static str], is_feed: bool, default: &str) -> Result<Sort, ApiError> {
        if !is_feed {
            return self.among(columns, default);
        }
        let sort = self.among(columns, Sort::OLDEST_FIRST.column)?;
        if sort == Sort::OLDEST_FIRST {
            return Ok(sort);
        }
        let message = "must be id, or left out, together with after, which reads the rows of the feed, oldest first";
        Err(ApiError::field("sort", message))
    }
}

/// The number of rows of a response with `after`. Its pages follow each other by `next`, so it has no other page.
pub fn limit_of_feed(page: &PageQuery) -> Result<i64, ApiError> {
    match page.page {
        1 => Ok(page.limit),
        _ => Err(ApiError::field("page", "must be left out together with after: the next rows are behind `next`")),
    }
}

/// Refuses a cursor beyond the end of its feed, such as one from before a backup was restored: its reader would miss rows.
pub fn refuse_beyond(after: Cursor, end: Cursor) -> Result<(), ApiError> {
    match after > end {
        true => Err(ApiError::field("after", "is behind the end of the feed")),
        false => Ok(()),
    }
}
