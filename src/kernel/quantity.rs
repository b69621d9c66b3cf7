//! Quantities of units, and other integers within bounds.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::number::{self, Number};

/// The maximal number of lines of a cart or an order.
pub const MAX_LINES: usize = 100;
/// The maximal number of lines of a shipment, a transfer and other documents of staff.
pub const MAX_DOCUMENT_LINES: usize = 500;
pub const MAX_QUANTITY: i64 = 10_000;
pub const MAX_STOCK: i64 = 1_000_000_000_000;
pub const MAX_LEAD_TIME_DAYS: i64 = 1000;
pub const MAX_RETURN_WINDOW_DAYS: i64 = 36_500;
pub const MAX_AFTER_HOURS: i64 = 8_760;
const HUNDRED_PERCENT: i64 = 100;
const MAX_SERVICE_LEVEL: i64 = 99;

/// A number of units in a sentence: `1 unit`, `2 units`.
#[must_use]
pub fn units(count: i64) -> String {
    count_of(count, "unit")
}

/// A number of things in a sentence: `1 day`, `2 days`.
#[must_use]
pub fn count_of(count: i64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// Checks the number of lines. Returns the message of the error.
pub fn check_line_count(lines: usize, most: usize) -> Result<(), String> {
    if (1..=most).contains(&lines) {
        return Ok(());
    }
    Err(format!("must have 1 to {most} lines"))
}

/// Declares integers within bounds. `1.0` and `1e0` are read as 1, because they are equal numbers in JSON.
macro_rules! quantities {
    ($($(#[$attribute:meta])* $name:ident from $min:literal to $max:ident;)+) => {$(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
        $(#[$attribute])*
        pub struct $name(i64);

        impl $name {
            pub fn new(value: i64) -> Option<Self> {
                ($min..=$max).contains(&value).then_some(Self(value))
            }

            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let integer = number::deserialize(deserializer)?.and_then(Number::to_integer);
                let bounds = format_args!("must be an integer from {} to {}", $min, $max);
                integer.and_then(Self::new).ok_or_else(|| D::Error::custom(bounds))
            }
        }
    )+};
}

quantities! {
    /// Units in a line of a cart, an order or a reservation: 1 to 10,000.
    #[schema(value_type = i64, minimum = 1, maximum = 10_000)]
    Quantity from 1 to MAX_QUANTITY;

    /// Units of stock: 0 to 10¹².
    #[derive(Default)]
    #[schema(value_type = i64, minimum = 0, maximum = 1_000_000_000_000_i64)]
    StockQuantity from 0 to MAX_STOCK;

    /// Units in a line of a transfer or another document of staff: 1 to 10¹².
    #[schema(value_type = i64, minimum = 1, maximum = 1_000_000_000_000_i64)]
    DocumentQuantity from 1 to MAX_STOCK;

    /// The hours after which an order is late: 1 to 8,760.
    #[schema(value_type = i64, minimum = 1, maximum = 8_760)]
    AfterHours from 1 to MAX_AFTER_HOURS;

    /// The days from an order to its arrival: 0 to 1000.
    #[schema(value_type = i64, minimum = 0, maximum = 1000)]
    LeadTimeDays from 0 to MAX_LEAD_TIME_DAYS;

    /// The days for which customers may return units: 0 to 36,500.
    #[schema(value_type = i64, minimum = 0, maximum = 36_500)]
    ReturnWindowDays from 0 to MAX_RETURN_WINDOW_DAYS;

    /// Whole percent: 0 to 100.
    #[derive(Default)]
    #[schema(value_type = i64, minimum = 0, maximum = 100)]
    WholePercent from 0 to HUNDRED_PERCENT;

    /// A share of lead times in whole percent: 50 to 99.
    #[schema(value_type = i64, minimum = 50, maximum = 99)]
    ServiceLevel from 50 to MAX_SERVICE_LEVEL;
}

impl Default for ServiceLevel {
    fn default() -> Self {
        Self(95)
    }
}

impl Quantity {
    /// Reads a quantity from a path or a query.
    pub fn parse(text: &str) -> Option<Self> {
        Number::parse(text)?.to_integer().and_then(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_an_integer_from_1_to_10_000() {
        assert_eq!(serde_json::from_str::<Quantity>("10000").unwrap().get(), 10_000);
        for one in ["1", "1.0", "1e0", "10e-1"] {
            assert_eq!(serde_json::from_str::<Quantity>(one).unwrap().get(), 1, "{one}");
        }
        for refused in [
            "0",
            "0.0",
            "-1",
            "1.5",
            "1.0000000000000002",
            "\"2\"",
            "2147483648",
            "10001",
            "null",
            "1e5",
            "99999999999999999999",
        ] {
            assert!(serde_json::from_str::<Quantity>(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn stock_is_an_integer_from_0_to_a_trillion() {
        assert_eq!(serde_json::from_str::<StockQuantity>("0").unwrap().get(), 0);
        assert!(serde_json::from_str::<StockQuantity>("1000000000001").is_err());
    }
}
