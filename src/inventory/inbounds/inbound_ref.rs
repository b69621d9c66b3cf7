//! The name of a document in a path.

use crate::kernel::id::{self, InboundId};

/// A document, by its id or its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InboundRef {
    Id(InboundId),
    Number(String),
}

impl InboundRef {
    #[must_use]
    pub fn from_path(segment: &str) -> Self {
        if id::is_digits(segment) {
            Self::Id(InboundId::from_path(segment))
        } else if segment.bytes().all(|b| b.is_ascii_graphic()) {
            Self::Number(segment.to_ascii_uppercase())
        } else {
            Self::Id(InboundId(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_named_by_digits_or_by_number() {
        assert_eq!(InboundRef::from_path("12"), InboundRef::Id(InboundId(12)));
        assert_eq!(InboundRef::from_path("trf-1a"), InboundRef::Number("TRF-1A".into()));
        assert_eq!(InboundRef::from_path("a\u{0}"), InboundRef::Id(InboundId(0)));
    }
}
