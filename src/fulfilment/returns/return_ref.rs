//! The name of a return in a path.

use crate::kernel::id::{self, ReturnId};

/// A return, by its id or its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnRef {
    Id(ReturnId),
    Number(String),
}

impl ReturnRef {
    #[must_use]
    pub fn from_path(segment: &str) -> Self {
        if id::is_digits(segment) {
            Self::Id(ReturnId::from_path(segment))
        } else if segment.bytes().all(|b| b.is_ascii_graphic()) {
            Self::Number(segment.to_ascii_uppercase())
        } else {
            Self::Id(ReturnId(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_is_named_by_digits_or_by_number() {
        assert_eq!(ReturnRef::from_path("12"), ReturnRef::Id(ReturnId(12)));
        assert_eq!(ReturnRef::from_path("ret-1a"), ReturnRef::Number("RET-1A".into()));
        assert_eq!(ReturnRef::from_path("a\u{0}"), ReturnRef::Id(ReturnId(0)));
    }
}
