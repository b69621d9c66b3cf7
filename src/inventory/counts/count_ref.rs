//! The name of a count in a path.

use crate::kernel::id::{self, CountId};

/// A count, by its id or its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CountRef {
    Id(CountId),
    Number(String),
}

impl CountRef {
    #[must_use]
    pub fn from_path(segment: &str) -> Self {
        if id::is_digits(segment) {
            Self::Id(CountId::from_path(segment))
        } else if segment.bytes().all(|b| b.is_ascii_graphic()) {
            Self::Number(segment.to_ascii_uppercase())
        } else {
            Self::Id(CountId(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_named_by_digits_or_by_number() {
        assert_eq!(CountRef::from_path("12"), CountRef::Id(CountId(12)));
        assert_eq!(CountRef::from_path("cnt-1a"), CountRef::Number("CNT-1A".into()));
        assert_eq!(CountRef::from_path("a\u{0}"), CountRef::Id(CountId(0)));
    }
}
