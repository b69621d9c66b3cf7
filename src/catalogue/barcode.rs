//! Barcodes: which of them are valid, and which are the same.
//!
//! A code of 8, 12, 13 or 14 digits is a GTIN, whose last digit is a check digit. With leading zeros it is the same
//! code, so a UPC and its EAN are one. All other codes stay as they are.

use std::borrow::Cow;

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use crate::kernel::id::is_digits;
use crate::kernel::text::code_key;

/// The key by which barcodes are compared: the 14 digits of a valid GTIN, else the key of any code.
///
/// A change of this function needs a migration that computes the stored keys again.
#[must_use]
pub fn key(code: &str) -> Cow<'_, str> {
    gtin(code).map_or_else(|| code_key(code), Cow::Owned)
}

/// The 14 digits of a valid GTIN.
#[must_use]
pub fn gtin(code: &str) -> Option<String> {
    let key = code_key(code);
    is_gtin(&key).then(|| format!("{key:0>14}"))
}

/// Checks the digits of a barcode. Older barcodes that were stored without this check remain.
pub fn check(code: &str) -> Result<(), String> {
    let is_other_digit =
        |c: char| !c.is_ascii() && CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::DecimalNumber;
    if code.chars().any(is_other_digit) || (!code.is_ascii() && is_digits(&code_key(code))) {
        return Err("must have its digits as 0 to 9".to_owned());
    }
    if !has_length_of_gtin(code) || is_gtin(code) {
        return Ok(());
    }
    if let Some(upc) = expand_upc_e(code) {
        return Err(format!("is a UPC-E code; give its 12 digits, {upc}"));
    }
    let expected = check_digit(code.get(..code.len().saturating_sub(1)).unwrap_or_default());
    Err(format!("has a wrong check digit; {} digits are a GTIN, which would end with {expected}", code.len()))
}

fn has_length_of_gtin(code: &str) -> bool {
    is_digits(code) && matches!(code.len(), 8 | 12..=14)
}

fn is_gtin(code: &str) -> bool {
    has_length_of_gtin(code) && code.split_at_checked(code.len().saturating_sub(1)).is_some_and(ends_correctly)
}

fn ends_correctly((digits, last): (&str, &str)) -> bool {
    last == check_digit(digits).to_string()
}

/// The check digit that follows these digits. From the right, they have the weights 3, 1, 3, and so on.
fn check_digit(digits: &str) -> u32 {
    let weights = [3, 1].into_iter().cycle();
    let values = digits.chars().rev().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = values.zip(weights).map(|(value, weight)| value.saturating_mul(weight)).sum();
    (10_u32.saturating_sub(sum % 10)) % 10
}

/// The UPC that a valid UPC-E code abbreviates. It leaves out zeros, and the digit before the last one shows their
/// place. With 5 to 9 there, the code is always a valid GTIN, too.
fn expand_upc_e(code: &str) -> Option<String> {
    let digits: Vec<char> = code.chars().collect();
    let [system @ ('0' | '1'), a, b, c, d, e, f, check] = digits[..] else { return None };
    let body = match f {
        '0'..='2' => format!("{system}{a}{b}{f}0000{c}{d}{e}"),
        '3' => format!("{system}{a}{b}{c}00000{d}{e}"),
        '4' => format!("{system}{a}{b}{c}{d}00000{e}"),
        _ => return None,
    };
    let upc = format!("{body}{check}");
    is_gtin(&upc).then_some(upc)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_gtin_has_8_12_13_or_14_digits_and_a_check_digit() {
        for gtin in [
            "96385074",
            "73513537",
            "036000291452",
            "012345678905",
            "4006381333931",
            "9780306406157",
            "2000000000008",
            "10614141000415",
            "00012345678905",
        ] {
            assert_eq!((check(gtin), is_gtin(gtin)), (Ok(()), true), "{gtin}");
        }
        for (wrong, message) in [
            ("96385075", "has a wrong check digit; 8 digits are a GTIN, which would end with 4"),
            ("036000291453", "has a wrong check digit; 12 digits are a GTIN, which would end with 2"),
            ("4006381333932", "has a wrong check digit; 13 digits are a GTIN, which would end with 1"),
            ("4006381339331", "has a wrong check digit; 13 digits are a GTIN, which would end with 9"),
            ("10614141000416", "has a wrong check digit; 14 digits are a GTIN, which would end with 5"),
        ] {
            assert_eq!(check(wrong), Err(message.to_owned()), "{wrong}");
        }
    }

    #[test]
    fn other_codes_are_taken_as_they_are() {
        for code in [
            "0",
            "111",
            "1234567",
            "123456789",
            "12345678901",
            "123456789012345",
            "4006381333932-A",
            "ABC-123",
            "978-0-306-40615-7",
            "(01)09506000134352",
            "чай-7",
            "½-inch",
            "12m²",
        ] {
            assert_eq!((check(code), &*key(code)), (Ok(()), &*code_key(code)), "{code}");
        }
        assert_ne!(key("0123"), key("123"));
    }

    #[test]
    fn a_gtin_is_the_same_with_leading_zeros() {
        for same in ["012345678905", "0012345678905", "00012345678905"] {
            assert_eq!(key(same), "00012345678905", "{same}");
        }
        assert_eq!(key("96385074"), key("00000096385074"));
        assert_ne!(key("4006381333931"), key("14006381333938"), "a case has its own code");
        // Without its leading zero it has 11 digits, which are no GTIN.
        assert_ne!(key("12345678905"), key("012345678905"));
    }

    #[test]
    fn a_upc_e_code_is_refused_with_its_upc() {
        for (code, upc) in [
            ("04252614", "042100005264"),
            ("01234505", "012000003455"),
            ("01234531", "012300000451"),
            ("01234543", "012340000053"),
            ("06543217", "065100004327"),
        ] {
            assert_eq!(check(code), Err(format!("is a UPC-E code; give its 12 digits, {upc}")), "{code}");
        }
        // These are the UPC-E codes of 012345000065 and 112345000062, and each is a valid GTIN, too.
        for code in ["01234565", "11234562"] {
            assert_eq!((check(code), gtin(code)), (Ok(()), Some(format!("000000{code}"))), "{code}");
        }
        assert!(check("01234566").unwrap_err().starts_with("has a wrong check digit"));
    }

    #[test]
    fn digits_of_other_scripts_are_refused() {
        for code in [
            "٤٠٠٦٣٨١٣٣٣٩٣١",
            "४००६३८१३३३९३१",
            "\u{ff14}\u{ff10}\u{ff10}6381333931",
            "①②③④⑤⑥⑦⑧",
            "4006381333931\u{200d}",
            "sku-٧",
        ] {
            assert_eq!(check(code), Err("must have its digits as 0 to 9".to_owned()), "{code}");
        }
    }

    proptest! {
        #[test]
        fn every_wrong_digit_and_most_swaps_are_noticed(digits in "[0-9]{12}", index in 0..13_usize, other in 0..10_u32) {
            let gtin = format!("{digits}{}", check_digit(&digits));
            prop_assert!(is_gtin(&gtin));
            let mut changed: Vec<char> = gtin.chars().collect();
            changed[index] = char::from_digit(other, 10).unwrap();
            let changed: String = changed.into_iter().collect();
            prop_assert_eq!(is_gtin(&changed), changed == gtin);
        }
    }
}
