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
}
