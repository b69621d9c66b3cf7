//! The code of a store, which identifies it in headers and paths.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::kernel::id;

/// Letters, digits, `-` and `_`, 1 to 50 characters. It must not consist of digits only, because those are read as an
/// id. It is stored in capital letters, so that `main` and `MAIN` are the same store.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$", min_length = 1, max_length = 50)]
pub struct StoreCode(String);

impl StoreCode {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let is_word = |b: u8| b.is_ascii_alphanumeric();
        let starts_well = text.bytes().next().is_some_and(is_word);
        let goes_on_well = text.bytes().all(|b| is_word(b) || matches!(b, b'-' | b'_'));
        if starts_well && goes_on_well && text.len() <= 50 && !id::is_digits(text) {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            Err("must have 1 to 50 letters, digits, - or _, and not digits only")
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StoreCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_can_not_be_taken_for_an_id() {
        for good in ["STORE-DEMO", "A", "1A", "S_2"] {
            assert_eq!(StoreCode::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(StoreCode::parse("main-2").unwrap().as_str(), "MAIN-2");
        for refused in ["", "1", "007", "-A", "A B", "Ä", &"A".repeat(51)] {
            assert!(StoreCode::parse(refused).is_err(), "{refused}");
        }
    }
}
