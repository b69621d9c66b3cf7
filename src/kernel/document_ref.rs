//! The name of an order or of another document in a path.

use super::id;

/// An order or another document, identified by its id or by its number in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentRef<Id> {
    Id(Id),
    Number(String),
}

impl<Id: From<i64>> DocumentRef<Id> {
    #[must_use]
    pub fn from_path(segment: &str) -> Self {
        // A number has only visible ASCII characters. Other text is mapped to an id that never exists.
        let is_number = !id::is_digits(segment) && segment.bytes().all(|b| b.is_ascii_graphic());
        if is_number { Self::Number(segment.to_ascii_uppercase()) } else { Self::Id(id::from_path(segment).into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::OrderId;

    #[test]
    fn a_document_is_named_by_digits_or_by_number() {
        let id = |id| DocumentRef::Id(OrderId(id));
        let number = |number: &str| DocumentRef::<OrderId>::Number(number.to_owned());
        assert_eq!(DocumentRef::from_path("12"), id(12));
        assert_eq!(DocumentRef::from_path("ORD-1"), number("ORD-1"));
        assert_eq!(DocumentRef::from_path("ord-1a"), number("ORD-1A"));
        for other in ["012", "99999999999999999999", "a\u{0}", "ord 1", "ord-\u{e9}"] {
            assert_eq!(DocumentRef::from_path(other), id(0), "{other}");
        }
    }
}
