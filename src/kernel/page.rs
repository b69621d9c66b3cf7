//! Pages of lists: `?page=1&limit=20`, and the shape of list responses.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::cursor::{self, Cursor};
use super::number;

/// The requested page of a list.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Page number, from 1.
    #[serde(default = "first_page", deserialize_with = "number::integer_in_query")]
    #[validate(range(min = 1, max = 1_000_000_000, message = "must be from 1 to 1000000000"))]
    #[param(minimum = 1, default = 1)]
    pub page: i64,
    /// Rows per page, 1 to 100.
    #[serde(default = "default_limit", deserialize_with = "number::integer_in_query")]
    #[validate(range(min = 1, max = 100, message = "must be from 1 to 100"))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: i64,
}

/// The requested page of a feed. A feed only grows.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FeedQuery {
    /// Only rows after this cursor of the feed, oldest first: `0` for all of them, or the `next` of an earlier response.
    /// The order of the feed never changes, and no row is missing. Without `after`, the list starts at the newest row.
    #[serde(default, deserialize_with = "cursor::in_query")]
    #[param(value_type = Option<String>, pattern = "^(0|[0-9]{1,19}\\.[0-9]{1,19})$", example = "0")]
    pub after: Option<Cursor>,
}

fn first_page() -> i64 {
    1
}

/// The rows of a page without `?limit=`.
pub(crate) fn default_limit() -> i64 {
    20
}

impl PageQuery {
    /// True if it has more rows than by default. Rows that contain many others are slow to read then.
    pub fn is_long(&self) -> bool {
        self.limit > default_limit()
    }

    pub fn offset(&self) -> i64 {
        self.page.saturating_sub(1).saturating_mul(self.limit)
    }

    /// Wraps one page of rows.
    pub fn list<T>(&self, items: Vec<T>, total: i64) -> List<T> {
        let full = total.checked_div(self.limit).unwrap_or(0);
        let rest = i64::from(total.checked_rem(self.limit).unwrap_or(0) > 0);
        List { items, total, page: self.page, limit: self.limit, pages: full.saturating_add(rest) }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    pub total: i64,
    pub page: i64,
    pub limit: i64,
    pub pages: i64,
}

impl<T> List<T> {
    pub fn map<U>(self, item: impl FnMut(T) -> U) -> List<U> {
        let Self { items, total, page, limit, pages } = self;
        List { items: items.into_iter().map(item).collect(), total, page, limit, pages }
    }
}

/// One page of a list that is also a feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedList<T> {
    pub items: Vec<T>,
    /// The number of all rows of the list, or of the rows after `after`. With `after` and a filter it is null.
    pub total: Option<i64>,
    /// Null with `after`.
    pub page: Option<i64>,
    pub limit: i64,
    /// Null with `after`.
    pub pages: Option<i64>,
    /// The cursor after the last row of the response: send it as `after` to continue. Without `after`, it is the end of the
    /// feed.
    #[schema(max_length = 50)]
    pub next: String,
}

impl<T> FeedList<T> {
    /// One page of the list. `end` is the end of the feed.
    pub fn from_list(list: List<T>, end: Cursor) -> Self {
        let List { items, total, page, limit, pages } = list;
        Self { items, total: Some(total), page: Some(page), limit, pages: Some(pages), next: end.to_string() }
    }

    /// The next rows of the feed.
    pub fn from_feed(items: Vec<T>, total: Option<i64>, limit: i64, next: Cursor) -> Self {
        Self { items, total, page: None, limit, pages: None, next: next.to_string() }
    }

    pub fn map<U>(self, item: impl FnMut(T) -> U) -> FeedList<U> {
        let Self { items, total, page, limit, pages, next } = self;
        FeedList { items: items.into_iter().map(item).collect(), total, page, limit, pages, next }
    }
}

/// The default order of most lists.
pub const NEWEST_FIRST: &str = "-id";

/// A column to sort by and its direction, from `?sort=-created_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub column: &'static str,
    pub descending: bool,
}

impl Sort {
    /// The order for reading a feed forward.
    pub const OLDEST_FIRST: Self = Self { column: "id", descending: false };

    /// Refuses columns that are not in the list.
    pub fn parse(text: &str, columns: &[&'static str]) -> Result<Self, String> {
        let (name, descending) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let column = columns.iter().copied().find(|column| *column == name);
        column
            .map(|column| Self { column, descending })
            .ok_or_else(|| format!("must be one of {}, with - before it for descending", columns.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_up() {
        let query = PageQuery { page: 2, limit: 20 };
        assert_eq!(query.offset(), 20);
        assert_eq!(query.list(vec![(); 20], 41).pages, 3);
        assert_eq!(query.list(vec![(); 0], 0).pages, 0);
    }
}
