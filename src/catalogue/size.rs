//! Sizes: their spelling, and their comparison.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use validator::ValidationError;

use crate::kernel::text::{code_key, is_cut};

/// Checks if the text is a valid size. Spaces around it are ignored; they are removed before it is stored.
pub fn check(size: &str) -> Result<(), &'static str> {
    if size.chars().count() <= 50 && !key(size).is_empty() && !size.chars().any(char::is_control) {
        Ok(())
    } else {
        Err("must have 1 to 50 characters")
    }
}

/// The same check for fields of requests.
pub fn validate(size: &str) -> Result<(), ValidationError> {
    check(size).map_err(|message| ValidationError::new("size").with_message(message.into()))
}

/// Returns a size as it is stored and shown: with single spaces, and none at either end.
#[must_use]
pub fn tidy(size: &str) -> String {
    size.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The key by which sizes are compared: that of codes, in one case and without blanks. `S`, `s` and ` S ` are the same
/// size, as are `2XL` and `2 xl`. Text that is too long for a size has no key, because the key would lose its end.
#[must_use]
pub fn key(size: &str) -> String {
    let code = code_key(size);
    if is_cut(&code) {
        return String::new();
    }
    let one_case = CaseMapper::new().fold_string(&code);
    // The normalization needs most of the time, and text without capital letters is normalized already.
    let key = if one_case == code { Cow::Borrowed(&*one_case) } else { code_key(&one_case) };
    if is_cut(&key) { String::new() } else { key.split_whitespace().collect() }
}

/// True if the variant has the requested size, or if both have no size.
#[must_use]
pub fn is_same(of_variant: Option<&str>, requested: Option<&str>) -> bool {
    of_variant.map(key) == requested.map(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_and_spaces_do_not_change_a_size() {
        for same in ["S", "s", " S ", "\u{ff33}"] {
            assert_eq!((key(same), check(same)), ("s".to_owned(), Ok(())), "{same}");
        }
        assert_eq!((key("2 XL"), tidy("  2   XL ")), (key("2xl"), "2 XL".to_owned()));
        assert!(is_same(Some("Größe M"), Some("GRÖSSE m")) && is_same(None, None));
        assert!(!is_same(Some("S"), None) && !is_same(None, Some("S")));
        for (one, other) in [("ko", "kö"), ("Å", "A"), ("й", "и"), ("ø", "o"), ("½", "2")] {
            assert!(!is_same(Some(one), Some(other)), "{one} and {other}");
        }
        for same in ["S\u{2066}", "\u{3164}S", "S\u{61c}", "S\u{fe0f}"] {
            assert_eq!(key(same), "s", "{same:?}");
        }
        for refused in ["", "  ", "\u{200b}", "\u{3164}", "a\u{0}", &"x".repeat(51), &"\u{fdfa}".repeat(50)] {
            assert!(check(refused).is_err(), "{refused:?}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_normalized_after_its_case_was_folded(size in "\\PC{0,30}") {
            let code = code_key(&size);
            let folded = CaseMapper::new().fold_string(&code).into_owned();
            let normalized = code_key(&folded);
            let is_too_long = is_cut(&code) || is_cut(&normalized);
            let expected = if is_too_long { String::new() } else { normalized.split_whitespace().collect() };
            prop_assert_eq!(key(&size), expected);
        }
    }
}
