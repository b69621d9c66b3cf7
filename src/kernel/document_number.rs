//! The numbers of orders and of other documents.

use chrono::{DateTime, Utc};
use rand::RngExt;

/// Crockford's base 32, without I, L, O and U. So a number that is read aloud is not misunderstood.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The random part of a number: ten characters, 50 bits.
#[must_use]
pub fn random_code() -> String {
    let mut bits = rand::rng().random::<u64>();
    let mut code = String::with_capacity(10);
    for _ in 0..10 {
        let letter = usize::try_from(bits & 31).ok().and_then(|index| ALPHABET.get(index)).copied().unwrap_or(b'0');
        code.push(char::from(letter));
        bits >>= 5;
    }
    code
}

/// The number of an order or of another document: its prefix, `YYYYMMDD` and the random part.
#[must_use]
pub fn document_number(prefix: &str, at: DateTime<Utc>, code: &str) -> String {
    format!("{prefix}-{}-{code}", at.format("%Y%m%d"))
}

/// A reference as it is compared. The number of an order or of another document may be written in any case; other
/// references are taken as they are.
#[must_use]
pub fn in_any_case(reference: String) -> String {
    let parts: Vec<&str> = reference.split('-').collect();
    let is_number = match parts.as_slice() {
        [prefix, day, code] => {
            matches!(prefix.len(), 2..=3)
                && prefix.bytes().all(|b| b.is_ascii_alphabetic())
                && (day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()))
                && (code.len() == 10 && code.bytes().all(|b| ALPHABET.contains(&b.to_ascii_uppercase())))
        }
        _ => false,
    };
    if is_number { reference.to_ascii_uppercase() } else { reference }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_number_has_the_day_and_ten_random_characters() {
        let day = "2026-11-21T10:30:00Z".parse().unwrap();
        let number = document_number("ORD", day, &random_code());
        assert!(number.starts_with("ORD-20261121-"), "{number}");
        assert_eq!(number.len(), 23);
        assert!(number.bytes().skip(13).all(|b| ALPHABET.contains(&b)), "{number}");
        assert_ne!(random_code(), random_code());
    }

    #[test]
    fn only_numbers_are_compared_in_any_case() {
        let compared = |text: &str| in_any_case(text.to_owned());
        assert_eq!(compared("trf-20261121-0a1b2c3d4e"), "TRF-20261121-0A1B2C3D4E");
        assert_eq!(compared("Po-20261121-0a1b2c3d4e"), "PO-20261121-0A1B2C3D4E");
        for kept in
            ["trf-2026112-0a1b2c3d4e", "trf-20261121-0a1b2c3d4", "delivery note 7", "trf-20261121-0a1b2c3d4u", ""]
        {
            assert_eq!(compared(kept), kept);
        }
    }
}
