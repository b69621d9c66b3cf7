//! Sizes: how they are written, and when two are the same.

use validator::ValidationError;

use crate::kernel::fold::fold;

/// Whether text names a size. Blanks around it are left out where it is stored.
pub fn check(size: &str) -> Result<(), &'static str> {
    if !key(size).is_empty() && size.chars().count() <= 50 && !size.chars().any(char::is_control) {
        Ok(())
    } else {
        Err("must have 1 to 50 characters")
    }
}

/// The same for fields of requests.
pub fn validate(size: &str) -> Result<(), ValidationError> {
    check(size).map_err(|message| ValidationError::new("size").with_message(message.into()))
}

/// A size as it is stored and shown: single blanks, and none at either end.
#[must_use]
pub fn tidy(size: &str) -> String {
    size.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Two sizes of a product with the same key are the same size: `S`, `s` and ` S `, `2XL` and `2 xl`.
#[must_use]
pub fn key(size: &str) -> String {
    fold(size).replace(' ', "")
}

/// Whether a variant has this size; without one, whether it has none.
#[must_use]
pub fn is_same(of_variant: Option<&str>, asked: Option<&str>) -> bool {
    of_variant.map(key) == asked.map(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_blanks_make_no_other_size() {
        for same in ["S", "s", " S ", "\u{ff33}"] {
            assert_eq!((key(same), check(same)), ("s".to_owned(), Ok(())), "{same}");
        }
        assert_eq!((key("2 XL"), tidy("  2   XL ")), (key("2xl"), "2 XL".to_owned()));
        assert!(is_same(Some("Größe M"), Some("GRÖSSE m")) && is_same(None, None));
        assert!(!is_same(Some("S"), None) && !is_same(None, Some("S")));
        for refused in ["", "  ", "\u{200b}", "a\u{0}", &"x".repeat(51)] {
            assert!(check(refused).is_err(), "{refused:?}");
        }
    }
}
