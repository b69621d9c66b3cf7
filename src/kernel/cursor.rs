//! Cursors: the point up to which a reader has read a feed.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// A point in a feed: after the first `index` items of the row at `position`. Clients see it as an opaque text, such as
/// `1042.3`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub position: i64,
    pub index: i64,
}

impl Cursor {
    /// The point before the first row.
    pub const START: Self = Self { position: 0, index: 0 };

    /// The point after the row at this position.
    #[must_use]
    pub const fn after(position: i64) -> Self {
        Self { position: position.saturating_add(1), index: 0 }
    }

    /// True if there are rows after the cursor in a feed that ends at this position. A cursor in the middle of the last row
    /// counts as after it.
    #[must_use]
    pub const fn is_before_the_end(self, position: i64) -> bool {
        position > self.position || position == self.position && self.index == 0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.position, self.index)
    }
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    /// Each cursor has one spelling. `0` is a shorter form of the start.
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        if text == "0" {
            return Ok(Self::START);
        }
        let (position, index) = text.split_once('.').ok_or(NotACursor)?;
        let cursor = Self { position: number(position)?, index: number(index)? };
        Ok(cursor)
    }
}

/// Reads a cursor from a query string.
pub fn in_query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cursor>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let message = "must be 0, or the `next` of an earlier response";
    text.parse().map(Some).map_err(|NotACursor| D::Error::custom(message))
}

fn number(digits: &str) -> Result<i64, NotACursor> {
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let has_one_spelling = digits == "0" || !digits.starts_with('0');
    if is_plain && has_one_spelling { digits.parse().map_err(|_too_large| NotACursor) } else { Err(NotACursor) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        for cursor in [Cursor::START, Cursor { position: 1042, index: 3 }, Cursor { position: i64::MAX, index: 0 }] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        assert_eq!("0".parse(), Ok(Cursor::START));
    }

    #[test]
    fn other_texts_are_no_cursors() {
        for text in [
            "",
            "1",
            "01.0",
            "1.00",
            "1.",
            ".1",
            "-1.0",
            "+1.0",
            "1.-1",
            "1.0.0",
            " 1.0",
            "1.0 ",
            "a.b",
            "٣.0",
            "9223372036854775808.0",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
        }
    }

    #[test]
    fn a_feed_goes_on_behind_a_cursor_or_not() {
        let at = |position, index| Cursor { position, index };
        for (cursor, end, goes_on) in [
            (Cursor::START, 1, true),
            (at(4, 2), 4, false),
            (at(4, 2), 5, true),
            (Cursor::after(4), 4, false),
            (Cursor::after(4), 5, true),
        ] {
            assert_eq!(cursor.is_before_the_end(end), goes_on, "{cursor} {end}");
        }
    }

    #[test]
    fn cursors_are_ordered_by_position_and_index() {
        let at = |position, index| Cursor { position, index };
        assert!(at(1, 9) < at(2, 0) && at(2, 0) < at(2, 1));
    }
}
