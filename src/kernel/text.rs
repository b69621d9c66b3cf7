//! Functions for text from clients, and for absent text.

use std::borrow::Cow;
use std::iter;

use icu_normalizer::ComposingNormalizer;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use serde::{Deserialize, Deserializer};
use validator::ValidationError;

/// For a PATCH: distinguishes absent (`None`), null (`Some(None)`) and a value (`Some(Some(v))`).
pub fn some<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// True if the text has a control character other than a tab or a line break.
pub fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

/// True for characters without a visible form: zero-width characters, soft hyphens, marks of the writing direction,
/// variation selectors, and fillers.
pub fn is_invisible(c: char) -> bool {
    !c.is_ascii()
        && (CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
            || matches!(c, '\u{2800}' | '\u{fff9}'..='\u{fffb}'))
}

/// True for characters that Unicode does not define: they look the same, or not at all.
fn has_no_meaning(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    !c.is_ascii() && matches!(category, GeneralCategory::Unassigned | GeneralCategory::PrivateUse)
}

/// A check for fields of requests: refuses text that consists of blanks and invisible characters.
pub fn check_visible(text: &str) -> Result<(), ValidationError> {
    let is_visible = |c: char| !c.is_whitespace() && !c.is_control() && !is_invisible(c);
    if text.chars().any(is_visible) {
        return Ok(());
    }
    Err(ValidationError::new("visible").with_message("must have a visible character".into()))
}

/// True for the invisible characters that belong to words and signs: the joiners of Persian and Indic words, and the
/// selector of emoji.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0f}')
}

fn may_be_in_code(c: char) -> bool {
    let is_blank = c.is_whitespace() && c != ' ';
    !is_blank && !c.is_control() && !has_no_meaning(c) && (!is_invisible(c) || is_joiner(c))
}

/// Checks a code, such as a SKU. [`code_key`] decides which codes are the same.
pub fn check_code(code: &str) -> Result<(), &'static str> {
    if !code.chars().all(may_be_in_code) {
        return Err("must not contain invisible characters, except joiners inside words");
    }
    let key = code_key(code);
    if key.trim().is_empty() {
        return Err("must have a visible character");
    }
    if is_cut(&key) { Err("must be shorter without ligatures") } else { Ok(()) }
}

/// Checks a short code, such as that of a place or a supplier: 1 to 50 letters, digits, `-` and `_`.
pub fn check_short_code(code: &str) -> Result<(), ValidationError> {
    let starts_well = code.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    let goes_on_well = code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if starts_well && goes_on_well && code.len() <= 50 {
        return Ok(());
    }
    Err(ValidationError::new("code").with_message("must have 1 to 50 letters, digits, - or _".into()))
}

/// Returns text without the characters that a code must not contain.
pub fn as_code(text: &str) -> String {
    text.chars().filter(|c| may_be_in_code(*c)).collect()
}

/// The key by which codes are compared: without invisible characters, in Unicode form NFKC. So `tee` and `tee` in
/// full-width letters are the same code. Case and accents are kept.
///
/// Some characters become 18 in this form. A key has at most 256 characters, so that its cost is bounded. No code has
/// so long a key.
///
/// A change of this function needs a migration that computes the stored keys again.
pub fn code_key(code: &str) -> Cow<'_, str> {
    if code.is_ascii() {
        return Cow::Borrowed(code);
    }
    let visible = code.chars().filter(|c| !is_invisible(*c));
    Cow::Owned(ComposingNormalizer::new_nfkc().normalize_iter(visible).take(MAX_KEY_CHARS).collect())
}

const MAX_KEY_CHARS: usize = 256;

/// True if the key may have lost its end.
pub fn is_cut(key: &str) -> bool {
    key.chars().count() >= MAX_KEY_CHARS
}

/// True if both are the same code.
pub fn is_same_code(one: &str, other: &str) -> bool {
    one == other || code_key(one) == code_key(other)
}

/// The beginning of a text that has at most `most` bytes in Unicode form NFKC, in which one character may become 18. It
/// ends between two characters.
pub fn beginning_within(text: &str, most: usize) -> &str {
    let normalizer = ComposingNormalizer::new_nfkc();
    if text.len() <= most && normalizer.is_normalized(text) {
        return text;
    }
    let bytes = |c: char| normalizer.normalize_iter(iter::once(c)).map(char::len_utf8).sum::<usize>();
    let mut used = 0_usize;
    let first_cut = text.char_indices().find(|(_, c)| {
        used = used.saturating_add(bytes(*c));
        used > most
    });
    first_cut.and_then(|(start, _)| text.get(..start)).unwrap_or(text)
}

/// Escapes the special characters of a LIKE pattern, and matches the text at any position.
pub fn contains_pattern(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}

/// Checks an address of the web: `http` or `https`, without spaces.
pub fn check_web_address(text: &str) -> Result<(), ValidationError> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_address =
        rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control()));
    if is_address && text.chars().count() <= 500 {
        return Ok(());
    }
    Err(ValidationError::new("web_address")
        .with_message("must be an http or https address of at most 500 characters".into()))
}

/// Returns text of at most `most` bytes. Longer text loses its middle, so that its beginning and its end stay
/// readable.
pub fn shortened(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return text;
    }
    let half = most.saturating_sub(GAP.len()) / 2;
    let head = (0..=half).rev().find_map(|end| text.get(..end)).unwrap_or_default();
    let tail = (text.len().saturating_sub(half)..text.len()).find_map(|start| text.get(start..)).unwrap_or_default();
    Cow::Owned(format!("{head}{GAP}{tail}"))
}

const GAP: &str = "…";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_of_every_language_are_allowed() {
        let persian = "می\u{200c}خواهم";
        let hindi = "क्\u{200d}ष";
        for code in ["tw1", "ürün 7", "Größe", "чай", "茶-1", "12m²", "½-inch", "µm-5", persian, hindi, "❤\u{fe0f}"]
        {
            assert_eq!((check_code(code), as_code(code).as_str()), (Ok(()), code), "{code}");
        }
    }

    #[test]
    fn codes_that_look_the_same_have_one_key() {
        for (twin, code) in [
            ("\u{ff54}w1", "tw1"),
            ("tw①", "tw1"),
            ("tw\u{200d}1", "tw1"),
            ("tw1\u{fe0f}", "tw1"),
            ("u\u{308}", "ü"),
            ("ﬁg", "fig"),
            ("µm", "\u{3bc}m"),
            ("می\u{200c}خواهم", "میخواهم"),
        ] {
            assert_eq!(code_key(twin), code_key(code), "{twin:?}");
            assert!(is_same_code(twin, code), "{twin:?}");
        }
        for (code, other) in [("tw1", "TW1"), ("ko", "kö"), ("и", "й"), ("½", "1/2"), ("a b", "ab"), ("l'or", "l’or")]
        {
            assert!(!is_same_code(code, other), "{code} and {other}");
        }
    }

    #[test]
    fn characters_without_a_meaning_are_refused_in_codes() {
        let invisible = "\u{200b}\u{ad}\u{202e}\u{2066}\u{200f}\u{e0100}\u{3164}\u{34f}\u{61c}\u{180e}\u{2800}\u{fffb}\u{feff}\u{e0041}\u{2028}\u{1680}\u{a0}\u{fdd0}\u{ffff}\u{378}\u{e000}\u{7}\t";
        for c in invisible.chars() {
            let code = format!("tw{c}1");
            assert_eq!((check_code(&code).is_err(), as_code(&code).as_str()), (true, "tw1"), "{c:?}");
        }
        assert_eq!(check_code(&"\u{fdfa}".repeat(15)), Err("must be shorter without ligatures"));
        assert_eq!(code_key(&"\u{fdfa}".repeat(21_000)).chars().count(), MAX_KEY_CHARS);
        for nothing in ["", " ", "\u{200d}", "\u{200c} \u{fe0f}"] {
            assert_eq!(check_code(nothing), Err("must have a visible character"), "{nothing:?}");
        }
    }

    proptest! {
        #[test]
        fn the_key_of_a_key_is_the_same(code in "\\PC{0,20}") {
            let key = code_key(&code);
            prop_assert_eq!(code_key(&key), &*key);
        }
    }

    #[test]
    fn a_name_has_a_visible_character() {
        for name in ["a", " a ", "می\u{200c}خواهم", "❤\u{fe0f}", "٧"] {
            assert!(check_visible(name).is_ok(), "{name}");
        }
        for name in ["", " ", "\t\n", "\u{200b}", "\u{ad} \u{2066}", "\u{3164}", "\u{2800}", "\u{3000}", "\u{fe0f}"] {
            assert!(check_visible(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_text_is_cut_by_its_bytes_in_form_nfkc() {
        for (text, most, beginning) in [
            ("", 0, ""),
            ("tee", 3, "tee"),
            ("tee", 2, "te"),
            ("äöü", 5, "äö"),
            ("u\u{308}", 3, "u\u{308}"),
            ("한글", 6, "한글"),
            ("ﬁne", 4, "ﬁne"),
            ("ﬁne", 1, ""),
            ("a\u{fdfa}b", 33, "a"),
            ("a\u{fdfa}b", 34, "a\u{fdfa}"),
            ("a\u{fdfa}b", 35, "a\u{fdfa}b"),
        ] {
            assert_eq!(beginning_within(text, most), beginning, "{text} of {most} bytes");
        }
    }

    #[test]
    fn long_text_loses_its_middle() {
        assert_eq!(shortened("short".into(), 5), "short");
        assert_eq!(shortened("0123456789".into(), 7), "01…89");
        let wide = shortened("ö".repeat(1000).into(), 100);
        assert!(wide.len() <= 100 && wide.contains('…') && wide.starts_with('ö') && wide.ends_with('ö'), "{wide}");
    }
}
