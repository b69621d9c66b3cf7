//! Money is an integer of minor units with checked arithmetic; on the wire it is
//! a JSON number with the currency's decimals, exact, never a float on the way.

use std::fmt;
use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;
use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Minor units of a store's currency: 1250 is 12.50 INR, or 1250 JPY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, FromSqlRow, AsExpression)]
#[diesel(sql_type = BigInt)]
pub struct Money(pub i64);

impl ToSql<BigInt, Pg> for Money {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <i64 as ToSql<BigInt, Pg>>::to_sql(&self.0, out)
    }
}

impl FromSql<BigInt, Pg> for Money {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Pg>>::from_sql(bytes).map(Self)
    }
}

/// The largest amount that is taken or computed, in minor units. JSON readers
/// that keep numbers as doubles still read it exactly.
pub const MAX_MONEY: i64 = 1_000_000_000_000_000;

impl Money {
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).filter(|sum| *sum <= MAX_MONEY).map(Self)
    }

    #[must_use]
    pub fn checked_mul(self, quantity: i64) -> Option<Self> {
        self.0.checked_mul(quantity).filter(|product| *product <= MAX_MONEY).map(Self)
    }
}

/// The share of an amount, in millionths: 5 % is 50,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = BigInt)]
pub struct Rate(pub i64);

impl ToSql<BigInt, Pg> for Rate {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <i64 as ToSql<BigInt, Pg>>::to_sql(&self.0, out)
    }
}

impl FromSql<BigInt, Pg> for Rate {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <i64 as FromSql<BigInt, Pg>>::from_sql(bytes).map(Self)
    }
}

impl Rate {
    const ONE: i128 = 1_000_000;
    const DECIMALS_OF_PERCENT: u32 = 4;

    /// The rate's share of an amount, rounded half up.
    #[must_use]
    pub fn of(self, amount: Money) -> Option<Money> {
        let exact = i128::from(amount.0).checked_mul(i128::from(self.0))?;
        let rounded = exact.checked_add(Self::ONE / 2)?.checked_div(Self::ONE)?;
        i64::try_from(rounded).ok().filter(|minor| *minor <= MAX_MONEY).map(Money)
    }
}

/// A rate is percent on the wire: `5` or `12.5`.
impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let percent = Decimal::new(self.0, Self::DECIMALS_OF_PERCENT).normalize();
        raw_number(percent.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percent = parse_number(&<Box<RawValue>>::deserialize(deserializer)?).map_err(D::Error::custom)?;
        scale(percent, Self::DECIMALS_OF_PERCENT)
            .filter(|ppm| (0..=1_000_000).contains(ppm))
            .map(Self)
            .ok_or_else(|| D::Error::custom("must be a percentage from 0 to 100 with at most 4 decimals"))
    }
}

/// ISO 4217 code and the number of decimals of its minor unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currency {
    code: String,
    decimals: u32,
}

impl Currency {
    /// Three capital letters. Decimals follow ISO 4217: two but for the exceptions listed here.
    pub fn parse(code: &str) -> Result<Self, &'static str> {
        if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err("must be an ISO 4217 code of three capital letters");
        }
        let decimals = match code {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        };
        Ok(Self { code: code.to_owned(), decimals })
    }

    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The amount as it goes on the wire.
    #[must_use]
    pub fn amount(&self, money: Money) -> Amount {
        self.total(i128::from(money.0))
    }

    /// A sum in minor units that may be larger than any single amount.
    #[must_use]
    pub fn total(&self, minor: i128) -> Amount {
        Amount { minor, decimals: self.decimals }
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
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = self.decimals as usize + 1);
        let sign = if self.minor < 0 { "-" } else { "" };
        match digits.split_at(digits.len().saturating_sub(self.decimals as usize)) {
            (whole, "") => write!(f, "{sign}{whole}"),
            (whole, fraction) => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw_number(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// Money on its way in: a JSON number, not yet of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountInput(Decimal);

impl AmountInput {
    /// An amount that came in minor units.
    #[must_use]
    pub fn of(currency: &Currency, money: Money) -> Self {
        Self(Decimal::new(money.0, currency.decimals))
    }

    /// Refuses more decimals than the currency has, and what is too large.
    pub fn in_currency(self, currency: &Currency) -> Result<Money, String> {
        scale(self.0, currency.decimals).filter(|minor| *minor <= MAX_MONEY).map(Money).ok_or_else(|| {
            format!(
                "must be an amount of at most {} with at most {} decimals",
                currency.amount(Money(MAX_MONEY)),
                currency.decimals
            )
        })
    }
}

impl<'de> Deserialize<'de> for AmountInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = parse_number(&<Box<RawValue>>::deserialize(deserializer)?).map_err(D::Error::custom)?;
        if number.is_sign_negative() && !number.is_zero() {
            return Err(D::Error::custom("must not be negative"));
        }
        Ok(Self(number))
    }
}

fn raw_number(text: String) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(text)
}

fn parse_number(raw: &RawValue) -> Result<Decimal, &'static str> {
    let text = raw.get();
    if !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Err("must be a number");
    }
    // An exponent is read by its own function; both refuse what they can't hold exactly.
    let parsed = if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str(text) };
    parsed.map_err(|_unreadable| "must be a number within range")
}

/// The number as an integer of `decimals` places, if it is one.
fn scale(number: Decimal, decimals: u32) -> Option<i64> {
    let number = number.normalize();
    if number.scale() > decimals {
        return None;
    }
    let factor = 10_i128.checked_pow(decimals.checked_sub(number.scale())?)?;
    i64::try_from(number.mantissa().checked_mul(factor)?).ok()
}

mod schema {
    use super::{Amount, AmountInput, Rate};
    use utoipa::openapi::RefOr;
    use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
    use utoipa::{PartialSchema, ToSchema};

    fn number(description: &str) -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::Number)).description(Some(description)).into()
    }

    macro_rules! number_schema {
        ($($name:ident: $description:literal),+) => {$(
            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    number($description)
                }
            }
            impl ToSchema for $name {}
        )+};
    }

    number_schema! {
        Amount: "Money with the decimals of the store's currency",
        AmountInput: "Money with at most the decimals of the store's currency",
        Rate: "Percent, with at most 4 decimals"
    }
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
        for refused in ["0.001", "-1", "\"5\"", "1e400", "10000000000000.01", "null", "[]"] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn tax_is_rounded_half_up() {
        let five_percent: Rate = serde_json::from_str("5").unwrap();
        assert_eq!(five_percent.of(Money(2_800)), Some(Money(140)));
        assert_eq!(five_percent.of(Money(10)), Some(Money(1)));
        assert_eq!(five_percent.of(Money(9)), Some(Money(0)));
        assert_eq!(serde_json::to_string(&five_percent).unwrap(), "5");
    }

    proptest! {
        #[test]
        fn every_amount_survives_the_wire(minor in 0..=MAX_MONEY) {
            let text = serde_json::to_string(&inr().amount(Money(minor))).unwrap();
            prop_assert_eq!(read(&text), Ok(Money(minor)));
        }
    }
}
