//! Rates, such as a tax rate.

use std::fmt;

use diesel_derive_newtype::DieselNewType;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use super::money::decimal_text;
use super::number;
use super::schema::schemas;

/// A share of an amount, in millionths: 5 % is 50,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, DieselNewType)]
pub struct Rate(pub i64);

impl Rate {
    const ONE: i128 = 1_000_000;
    const DECIMALS_OF_PERCENT: u32 = 4;

    /// The rate's share of an amount in minor units, rounded half up.
    pub fn share_of(self, minor: i128) -> i128 {
        let exact = minor.saturating_mul(i128::from(self.0));
        exact.saturating_add(Self::ONE / 2).checked_div(Self::ONE).unwrap_or_default()
    }

    /// The part of an amount in minor units that the rate has added to it, rounded half up: 19 % of 119 is 19.
    pub fn part_within(self, minor: i128) -> i128 {
        let whole = Self::ONE.saturating_add(i128::from(self.0));
        let exact = minor.saturating_mul(i128::from(self.0));
        exact.saturating_mul(2).saturating_add(whole).checked_div(whole.saturating_mul(2)).unwrap_or_default()
    }
}

/// A rate is percent: `5` or `12.5`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = decimal_text(i128::from(self.0), Self::DECIMALS_OF_PERCENT);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number::deserialize_or_text(deserializer)?
            .and_then(|percent| percent.to_units(Self::DECIMALS_OF_PERCENT))
            .filter(|millionths| (0..=1_000_000).contains(millionths))
            .map(Self)
            .ok_or_else(|| D::Error::custom("must be a percentage from 0 to 100 with at most 4 decimals"))
    }
}

schemas! {
    Rate: ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Number))
        .description(Some("Percent, with at most 4 decimals"))
        .minimum(Some(0))
        .maximum(Some(100));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_is_rounded_half_up() {
        let five_percent: Rate = serde_json::from_str("5").unwrap();
        for (amount, tax) in [(2_800, 140), (10, 1), (9, 0), (0, 0), (10_i128.pow(24), 5 * 10_i128.pow(22))] {
            assert_eq!(five_percent.share_of(amount), tax, "{amount}");
        }
    }

    #[test]
    fn the_tax_within_an_amount_is_rounded_half_up() {
        for (percent, amount, tax) in [
            ("19", 11_900, 1_900),
            ("19", 2_997, 479),
            ("7", 100, 7),
            ("100", 5, 3),
            ("0", 500, 0),
            ("5", 0, 0),
            ("25", 10_i128.pow(24), 2 * 10_i128.pow(23)),
        ] {
            let rate: Rate = serde_json::from_str(percent).unwrap();
            assert_eq!(rate.part_within(amount), tax, "{percent} % in {amount}");
        }
    }

    #[test]
    fn a_rate_is_percent_on_the_wire() {
        for (text, millionths, written) in [
            ("5", 50_000, "5"),
            ("\"12.50\"", 125_000, "12.5"),
            ("100", 1_000_000, "100"),
            ("0", 0, "0"),
            ("0.0001", 1, "0.0001"),
            ("0.30000000000000004", 3_000, "0.3"),
        ] {
            let rate: Rate = serde_json::from_str(text).unwrap();
            assert_eq!((rate, serde_json::to_string(&rate).unwrap().as_str()), (Rate(millionths), written), "{text}");
        }
        for refused in ["100.0001", "-1", "0.00001", "null", "\"5 %\"", "\"\"", "[]", "true"] {
            assert!(serde_json::from_str::<Rate>(refused).is_err(), "{refused}");
        }
    }
}
