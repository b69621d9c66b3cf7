//! Ids are 64-bit integers in PostgreSQL. Each kind of id has its own type here.

use std::fmt;

use diesel_derive_newtype::DieselNewType;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::schema::{id_or_name, schemas};

/// Ids on the wire are below 2⁵³, so that every JSON reader keeps them exact.
pub const MAX_ID: i64 = (1 << 53) - 1;

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, DieselNewType, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = i64, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(id)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_u64(IdVisitor).map(Self)
            }
        }

        impl $name {
            /// Reads an id from a path. An invalid id is mapped to an id that never exists, so the lookup returns
            /// 404.
            pub fn from_path(segment: &str) -> Self {
                Self(parse(segment).unwrap_or(NO_ID))
            }
        }
    )+};
}

id_types! {
    StoreId, UserId, AddressId, ProductId, VariantId, LocationId,
    CartId, CartItemId, OrderId, OrderItemId, MovementId, HoldId, ReservationId, ShipmentId,
    InboundId, InboundLineId, InboundReceiptId, SupplierId, SupplierItemId, CountId, CountEntryId, CreditId, ReturnId,
    ReturnLineId, ReturnReceiptId, WebhookId, WebhookDeliveryId, AlertId, SessionId, ImportId,
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id, an integer from 1 to 2^53 - 1")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i64, E> {
        i64::try_from(value)
            .ok()
            .filter(|id| (1..=MAX_ID).contains(id))
            .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<i64, E> {
        match u64::try_from(value) {
            Ok(value) => self.visit_u64(value),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
        }
    }
}

/// An id that no row has: identity columns start at 1.
const NO_ID: i64 = 0;

/// An id has one spelling: no sign, no leading zeros, no spaces.
fn parse(text: &str) -> Option<i64> {
    let is_one_spelling = is_digits(text) && (text.len() == 1 || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_one_spelling)
}

/// Reads a number from a path, such as that of a line. Other text is mapped to 0, which no row has.
pub fn from_path(segment: &str) -> i64 {
    parse(segment).unwrap_or(NO_ID)
}

/// Reads an id from a query string, where numbers arrive as text.
pub fn in_query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map(Some).ok_or_else(|| de::Error::custom("must be an id: digits without a sign or leading zeros"))
}

/// True if a path segment or a SKU would be read as an id.
pub fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A product identified by `id` (a JSON number, digits in a path) or by `sku`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProductRef {
    Id(ProductId),
    Sku(String),
}

impl ProductRef {
    pub fn from_path(segment: &str) -> Self {
        if is_digits(segment) { Self::Id(ProductId::from_path(segment)) } else { Self::Sku(segment.to_owned()) }
    }
}

impl fmt::Display for ProductRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Sku(sku) => write!(f, "'{sku}'"),
        }
    }
}

// This is a visitor and not an untagged enum, because untagged enums buffer the value and lose exact numbers.
impl<'de> Deserialize<'de> for ProductRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RefVisitor;
        impl Visitor<'_> for RefVisitor {
            type Value = ProductRef;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a product id (integer) or a SKU (string)")
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<ProductRef, E> {
                IdVisitor.visit_u64(value).map(|id| ProductRef::Id(ProductId(id)))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<ProductRef, E> {
                IdVisitor.visit_i64(value).map(|id| ProductRef::Id(ProductId(id)))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<ProductRef, E> {
                if value.is_empty() || value.len() > 255 {
                    return Err(E::custom("a SKU has 1 to 255 characters"));
                }
                Ok(ProductRef::Sku(value.to_owned()))
            }
        }
        deserializer.deserialize_any(RefVisitor)
    }
}

/// A store in a body, identified by id or by code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreRef(pub String);

impl<'de> Deserialize<'de> for StoreRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // It has the same two forms as a product: a number is an id, a string is a code.
        Ok(Self(match ProductRef::deserialize(deserializer)? {
            ProductRef::Id(id) => id.to_string(),
            ProductRef::Sku(code) => code,
        }))
    }
}

schemas! {
    ProductRef: id_or_name("The id of a product as a number, or the SKU of a product or of one size as a string", 255);
    StoreRef: id_or_name("The id of a store as a number, or its code as a string", 255);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_segment_that_is_no_id_is_mapped_to_an_id_that_never_exists() {
        assert_eq!(OrderId::from_path("12"), OrderId(12));
        assert_eq!(OrderId::from_path("99999999999999999999"), OrderId(0));
        for other in ["-1", "+1", "012", "00", " 1", "1 ", "1.0", "0x1", "", "١"] {
            assert_eq!(OrderId::from_path(other), OrderId(0), "{other}");
        }
        assert_eq!(ProductRef::from_path("tee-red"), ProductRef::Sku("tee-red".into()));
    }

    #[test]
    fn a_number_is_an_id_and_a_string_a_sku() {
        let refs: Vec<ProductRef> = serde_json::from_str(r#"[7, "7"]"#).unwrap();
        assert_eq!(refs, [ProductRef::Id(ProductId(7)), ProductRef::Sku("7".into())]);
        assert!(serde_json::from_str::<ProductRef>("1.5").is_err());
        assert!(serde_json::from_str::<ProductRef>("0").is_err());
        assert!(serde_json::from_str::<ProductRef>("9007199254740992").is_err());
    }
}
