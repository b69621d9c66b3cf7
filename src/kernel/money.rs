//! Money is an integer of minor units with checked arithmetic. On the wire it is an exact JSON number with the
//! currency's decimals. It is never converted to a float.

use std::fmt;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use diesel_derive_newtype::DieselNewType;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

use super::number::{self, Number};
use super::schema::schemas;

/// Minor units of a store's currency: 1250 is 12.50 INR, or 1250 JPY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, DieselNewType)]
pub struct Money(pub i64);

/// The largest amount that is taken or computed, in minor units. JSON readers
/// that keep numbers as doubles still read it exactly.
pub const MAX_MONEY: i64 = 1_000_000_000_000_000;

impl Money {
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

/// The form of money in JSON that the server stores: its minor units.
pub mod minor_units {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Money;

    pub fn serialize<S: Serializer>(money: &Money, serializer: S) -> Result<S::Ok, S::Error> {
        money.0.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        i64::deserialize(deserializer).map(Money)
    }
}

/// ISO 4217 code and the number of decimals of its minor unit.
#[derive(Clone, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Currency {
    code: String,
    decimals: u32,
}

impl Currency {
    /// Reads the code of a currency of ISO 4217, in capital letters. Metals, units of account, and the codes for
    /// tests and for no currency are refused.
    pub fn parse(code: &str) -> Result<Self, &'static str> {
        let known = iso_currency::Currency::from_code(code).filter(|known| known.code() == code && !known.is_special());
        let decimals = known.and_then(iso_currency::Currency::exponent);
        let decimals = decimals.ok_or("must be the ISO 4217 code of a currency, in capital letters")?;
        Ok(Self { code: code.to_owned(), decimals: u32::from(decimals) })
    }

    /// Reads a stored code. A code that was removed from ISO 4217 gets two decimals.
    pub fn from_stored(code: &str) -> Self {
        Self::parse(code).unwrap_or_else(|_withdrawn| Self { code: code.to_owned(), decimals: 2 })
    }

    pub fn code(&self) -> &str {
        &self.code
    }

    /// The number of decimals of its minor unit.
    pub fn decimals(&self) -> u32 {
        self.decimals
    }

    /// The amount in the form for the wire.
    pub fn amount(&self, money: Money) -> Amount {
        self.total(i128::from(money.0))
    }

    /// A sum in minor units, which may be larger than the largest amount.
    pub fn total(&self, minor: i128) -> Amount {
        Amount { minor, decimals: self.decimals }
    }
}

impl ToSql<Text, Pg> for Currency {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(&self.code, out)
    }
}

impl FromSql<Text, Pg> for Currency {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Pg>>::from_sql(bytes).map(|code| Self::from_stored(&code))
    }
}

/// Money on its way out, written with its currency's decimals: `150.00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    minor: i128,
    decimals: u32,
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal_text(self.minor, self.decimals))
    }
}

/// Formats units of `10^-decimals` as a decimal number.
pub(super) fn decimal_text(units: i128, decimals: u32) -> String {
    let decimals = decimals as usize;
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = decimals.saturating_add(1));
    let sign = if units < 0 { "-" } else { "" };
    match digits.split_at(digits.len().saturating_sub(decimals)) {
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// An incoming amount, before its currency is known: a JSON number, or a string that contains one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountInput(Number);

impl AmountInput {
    /// Reads an amount from a query.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        Number::parse(text).ok_or(UNREADABLE).and_then(Self::new)
    }

    fn new(number: Number) -> Result<Self, &'static str> {
        if number.is_negative() { Err("must not be negative") } else { Ok(Self(number)) }
    }

    /// Creates an amount from non-negative units of `10^-decimals`.
    pub fn from_units(units: i64, decimals: u32) -> Self {
        Self(Number::from_units(units, decimals))
    }

    /// True for 0, which is 0 in every currency.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The amount in minor units. Refuses an amount with too many decimals, and one that is too large.
    pub fn in_currency(self, currency: &Currency) -> Result<Money, String> {
        self.0.to_units(currency.decimals).filter(|minor| *minor <= MAX_MONEY).map(Money).ok_or_else(|| {
            format!(
                "must be an amount of at most {} with at most {} decimals",
                currency.amount(Money(MAX_MONEY)),
                currency.decimals
            )
        })
    }
}

const UNREADABLE: &str = "must be an amount, a number of at most 17 digits or a string that holds one";

impl<'de> Deserialize<'de> for AmountInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = number::deserialize_or_text(deserializer)?;
        number.ok_or(UNREADABLE).and_then(Self::new).map_err(D::Error::custom)
    }
}

schemas! {
    Amount: ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Number))
        .description(Some("Money with the decimals of the store's currency"));
    AmountInput: ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Number, Type::String]))
        .minimum(Some(0))
        .pattern(Some(r"^(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$"))
        .description(Some(
            "Money with at most the decimals of the store's currency: a number, or a string that holds one",
        ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inr() -> Currency {
        Currency::parse("INR").unwrap()
    }

    fn read(text: &str) -> Result<Money, String> {
        serde_json::from_str::<AmountInput>(text).map_err(|e| e.to_string())?.in_currency(&inr())
    }

    #[test]
    fn amounts_are_written_with_the_currencys_decimals() {
        assert_eq!(serde_json::to_string(&inr().amount(Money(15_000))).unwrap(), "150.00");
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!(serde_json::to_string(&yen.amount(Money(150))).unwrap(), "150");
        assert_eq!(inr().amount(Money(5)).to_string(), "0.05");
        assert_eq!(inr().amount(Money(-1_250)).to_string(), "-12.50");
        assert_eq!(inr().total(10_i128.pow(30)).to_string(), "10000000000000000000000000000.00");
    }

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        assert_eq!(read("0.1"), Ok(Money(10)));
        assert_eq!(read("1e2"), Ok(Money(10_000)));
        assert_eq!(read("9999999999999.99"), Ok(Money(999_999_999_999_999)));
        assert_eq!(read("29.700000000000003"), Ok(Money(2_970)));
        assert_eq!(read("\"29.70\""), Ok(Money(2_970)));
        assert_eq!(read("\"\\u0035\""), Ok(Money(500)));
        for refused in
            ["0.001", "-1", "\"-1\"", "\" 5\"", "\"\"", "1e400", "10000000000000.01", "null", "[]", "{}", "true"]
        {
            assert!(read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn zero_is_zero_in_any_spelling() {
        for (text, expected) in [("0", true), ("0.00", true), ("0e5", true), ("0.01", false), ("1e-9", false)] {
            assert_eq!(AmountInput::parse(text).unwrap().is_zero(), expected, "{text}");
        }
    }

    #[test]
    fn a_currency_is_one_of_iso_4217_with_its_decimals() {
        let decimals = |code: &str| Currency::parse(code).map(|currency| currency.decimals);
        for (code, expected) in
            [("INR", 2), ("JPY", 0), ("ISK", 0), ("UGX", 0), ("MGA", 2), ("BHD", 3), ("TND", 3), ("CLF", 4), ("UYW", 4)]
        {
            assert_eq!(decimals(code), Ok(expected), "{code}");
        }
        for refused in ["ZZZ", "XXX", "XTS", "XAU", "XAG", "XDR", "XBA", "XAD", "inr", "Inr", "", "IN", "INRX", "₹"] {
            assert!(decimals(refused).is_err(), "{refused}");
        }
        assert_eq!(Currency::from_stored("ANG").amount(Money(150)).to_string(), "1.50");
    }

    #[test]
    fn an_amount_has_at_most_the_decimals_of_its_currency() {
        let read = |text: &str, code: &str| AmountInput::parse(text)?.in_currency(&Currency::parse(code)?);
        for (text, code, minor) in
            [("1.2345", "CLF", 12_345), ("1.5", "KWD", 1_500), ("500", "ISK", 500), ("500.00", "ISK", 500)]
        {
            assert_eq!(read(text, code), Ok(Money(minor)), "{text} {code}");
        }
        for (text, code) in [("1.23456", "CLF"), ("1.2345", "KWD"), ("0.5", "ISK"), ("-1", "INR"), ("", "INR")] {
            assert!(read(text, code).is_err(), "{text} {code}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_survives_the_wire(minor in 0..=MAX_MONEY) {
            let text = serde_json::to_string(&inr().amount(Money(minor))).unwrap();
            prop_assert_eq!(read(&text), Ok(Money(minor)));
        }
    }
}
