//! The name of a shipment in a path.

use crate::kernel::id::{self, ShipmentId};

/// A shipment, by its id or its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShipmentRef {
    Id(ShipmentId),
    Number(String),
}

impl ShipmentRef {
    #[must_use]
    pub fn from_path(segment: &str) -> Self {
        if id::is_digits(segment) {
            Self::Id(ShipmentId::from_path(segment))
        } else if segment.bytes().all(|b| b.is_ascii_graphic()) {
            Self::Number(segment.to_ascii_uppercase())
        } else {
            Self::Id(ShipmentId(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipment_is_named_by_digits_or_by_number() {
        assert_eq!(ShipmentRef::from_path("12"), ShipmentRef::Id(ShipmentId(12)));
        assert_eq!(ShipmentRef::from_path("shp-1a"), ShipmentRef::Number("SHP-1A".into()));
        assert_eq!(ShipmentRef::from_path("a\u{0}"), ShipmentRef::Id(ShipmentId(0)));
    }
}
