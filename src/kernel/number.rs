//! A number from a client, parsed from its text. It is exact, and never converted to a float.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::id::is_digits;

/// The number of significant digits that a double needs, so that its text identifies it.
const MAX_DIGITS: usize = 17;

/// One part in a million of a unit: the maximal difference between a double's sum and the intended amount.
const TOLERANCE: i128 = 1_000_000;

/// `digits × 10^exponent`, or its negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    is_negative: bool,
    digits: u64,
    exponent: i32,
}

impl Number {
    /// Reads a number in the grammar of JSON, with at most 17 significant digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (is_negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (decimal, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((decimal, exponent)) => (decimal, exponent.parse().ok()?),
            None => (unsigned, 0_i32),
        };
        let (whole, fraction) = match decimal.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (decimal, ""),
        };
        let is_whole = whole == "0" || (!whole.is_empty() && !whole.starts_with('0'));
        let written = format!("{whole}{fraction}");
        if !is_whole || !written.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = match written.trim_start_matches('0') {
            "" => 0,
            significant if significant.len() <= MAX_DIGITS => significant.parse().ok()?,
            _ => return None,
        };
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        Some(Self { is_negative, digits, exponent })
    }

    /// Creates the number of units of `10^-decimals`.
    pub fn from_units(units: i64, decimals: u32) -> Self {
        let exponent = i32::try_from(decimals).unwrap_or(i32::MAX).saturating_neg();
        Self { is_negative: units < 0, digits: units.unsigned_abs(), exponent }
    }

    pub fn is_negative(self) -> bool {
        self.is_negative && self.digits > 0
    }

    pub fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// The number as an integer, if it is an exact integer.
    pub fn to_integer(self) -> Option<i64> {
        match self.divide(0)? {
            (quotient, 0, _) => self.signed(quotient),
            _ => None,
        }
    }

    /// The number in units of `10^-decimals`. It may differ from whole units by less than a millionth of a unit,
    /// because a double prints sums such as 29.700000000000003. Only 0 itself is read as 0 units.
    pub fn to_units(self, decimals: u32) -> Option<i64> {
        let (below, remainder, unit) = self.divide(decimals)?;
        let is_near = |distance: i128| distance.checked_mul(TOLERANCE).is_some_and(|distance| distance < unit);
        if remainder == 0 || (below > 0 && is_near(remainder)) {
            return self.signed(below);
        }
        if is_near(unit.checked_sub(remainder)?) { self.signed(below.checked_add(1)?) } else { None }
    }

    /// Divides the magnitude by units of `10^-decimals`. Returns the quotient, the remainder, and the unit.
    fn divide(self, decimals: u32) -> Option<(i128, i128, i128)> {
        let digits = i128::from(self.digits);
        let shift = self.exponent.checked_add(i32::try_from(decimals).ok()?)?;
        if digits == 0 {
            return Some((0, 0, 1));
        }
        let unit = 10_i128.checked_pow(shift.unsigned_abs())?;
        if shift >= 0 {
            return Some((digits.checked_mul(unit)?, 0, 1));
        }
        Some((digits.checked_div(unit)?, digits.checked_rem(unit)?, unit))
    }

    fn signed(self, magnitude: i128) -> Option<i64> {
        let signed = if self.is_negative { magnitude.checked_neg()? } else { magnitude };
        i64::try_from(signed).ok()
    }
}

/// Reads a JSON number.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Number>, D::Error> {
    Ok(Number::parse(<Box<RawValue>>::deserialize(deserializer)?.get()))
}

/// Reads an optional integer. `1.0` and `1e0` are 1, because they are equal numbers in JSON.
pub fn deserialize_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(raw) = <Option<Box<RawValue>>>::deserialize(deserializer)?.filter(|raw| raw.get() != "null") else {
        return Ok(None);
    };
    let integer = Number::parse(raw.get()).and_then(Number::to_integer);
    integer.map(Some).ok_or_else(|| D::Error::custom("must be an integer"))
}

/// Reads an integer from a query string. A number that is too large becomes the largest one, so that the check of its
/// range names the range.
pub fn integer_in_query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let too_large = || is_digits(&text).then_some(i64::MAX);
    text.parse().ok().or_else(too_large).ok_or_else(|| D::Error::custom("must be an integer"))
}

/// Reads `true` or `false` from a query string.
pub fn flag_in_query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => Err(D::Error::custom("must be true or false")),
    }
}

/// Reads a JSON number, or a string that contains one.
pub fn deserialize_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Number>, D::Error> {
    let raw = <Box<RawValue>>::deserialize(deserializer)?;
    let text: Option<String> = serde_json::from_str(raw.get()).ok();
    Ok(Number::parse(text.as_deref().unwrap_or(raw.get())))
}

#[cfg(test)]
#[allow(clippy::float_arithmetic, reason = "the sums of clients are doubles")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cents(text: &str) -> Option<i64> {
        Number::parse(text)?.to_units(2)
    }

    #[test]
    fn a_number_is_read_in_the_grammar_of_json() {
        for refused in [
            "",
            "-",
            "+1",
            "01",
            ".5",
            "5.",
            "1.e1",
            "1e",
            "1e+",
            "1,5",
            " 1",
            "1 ",
            "٣",
            "0x1",
            "NaN",
            "1e-99999999999",
        ] {
            assert_eq!(Number::parse(refused), None, "{refused}");
        }
        for (text, units) in [("0", 0), ("-0", 0), ("0e99", 0), ("1e2", 10_000), ("1E+2", 10_000), ("1500e-1", 15_000)]
        {
            assert_eq!(cents(text), Some(units), "{text}");
        }
        assert!(Number::parse("-0.01").unwrap().is_negative());
        assert!(!Number::parse("-0.00").unwrap().is_negative());
    }

    #[test]
    fn an_amount_is_exact_or_what_a_double_prints_for_a_sum() {
        for (text, units) in [
            ("29.70", Some(2_970)),
            ("29.700000000000003", Some(2_970)),
            ("0.30000000000000004", Some(30)),
            ("0.020000000000000004", Some(2)),
            ("0.06999999999999999", Some(7)),
            ("9.999999999999998", Some(1_000)),
            ("-29.700000000000003", Some(-2_970)),
            ("9999999999999.99", Some(999_999_999_999_999)),
            ("9.9999999999999999999999999999", None),
            ("999999999999999999999999999999999", None),
            ("0.00000000000000000000000000001", None),
            ("0.000000001", None),
            ("1e-40", None),
            ("1e-2000000000", None),
            ("1e2000000000", None),
            ("29.700000000000000000003", None),
            ("29.7000000000000000", None),
            ("29.701", None),
            ("29.70000001", None),
            ("29.6999999", None),
        ] {
            assert_eq!(cents(text), units, "{text}");
        }
    }

    #[test]
    fn the_tolerance_is_less_than_a_millionth_of_a_unit() {
        assert_eq!(cents("1.00000000999"), Some(100));
        assert_eq!(cents("1.00000001"), None);
        assert_eq!(cents("0.99999999001"), Some(100));
        assert_eq!(cents("0.99999999"), None);
        assert_eq!(Number::parse("1.000001").unwrap().to_units(0), None);
        assert_eq!(Number::parse("1.0000009").unwrap().to_units(0), Some(1));
        assert_eq!(Number::parse("1.00000000009").unwrap().to_units(4), Some(10_000));
    }

    #[test]
    fn an_integer_is_exact_in_every_spelling() {
        for (text, integer) in
            [("1", Some(1)), ("1.0", Some(1)), ("1e0", Some(1)), ("10e-1", Some(1)), ("1e4", Some(10_000))]
        {
            assert_eq!(Number::parse(text).unwrap().to_integer(), integer, "{text}");
        }
        for refused in ["1.5", "1.0000000000000002", "1e19", "1e-1"] {
            assert_eq!(Number::parse(refused).unwrap().to_integer(), None, "{refused}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_is_read_as_it_is_printed(units in -1_000_000_000_000_000_i64..=1_000_000_000_000_000) {
            for decimals in [0, 2, 3, 4] {
                let scale = 10_i64.pow(decimals);
                let sign = if units < 0 { "-" } else { "" };
                let (whole, rest) = ((units / scale).abs(), (units % scale).abs());
                let text = match decimals as usize {
                    0 => units.to_string(),
                    width => format!("{sign}{whole}.{rest:0>width$}"),
                };
                prop_assert_eq!(Number::parse(&text).and_then(|number| number.to_units(decimals)), Some(units));
            }
        }

        #[test]
        fn every_amount_is_read_as_a_double_prints_it(units in 0..=1_000_000_000_000_000_i64, decimals in 0_u32..=4) {
            let double = units as f64 / 10_f64.powi(decimals as i32);
            for text in [double.to_string(), format!("{double:e}")] {
                prop_assert_eq!(Number::parse(&text).and_then(|number| number.to_units(decimals)), Some(units), "{}", text);
            }
        }

        #[test]
        fn the_sum_of_doubles_is_the_sum_of_the_amounts(parts in prop::collection::vec(1..10_000_000_i64, 1..20)) {
            let sum = parts.iter().fold(0.0, |sum, part| sum + *part as f64 / 100.0);
            prop_assert_eq!(cents(&sum.to_string()), Some(parts.iter().sum()));
        }

        #[test]
        fn a_fraction_of_a_unit_is_refused(units in 0..1_000_000_i64, thousandths in 1..1_000_i64) {
            let text = format!("{}.{:02}{thousandths:03}", units / 100, units % 100);
            prop_assert_eq!(cents(&text), None);
        }
    }
}
