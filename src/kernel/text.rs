//! Functions for text from clients, and for absent text.

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
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

/// True for characters without a visible form: zero-width characters, soft hyphens, marks of the writing direction,
/// variation selectors, and fillers.
#[must_use]
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

/// Checks a code, such as a SKU. Two codes that look the same must be the same.
pub fn check_code(code: &str) -> Result<(), &'static str> {
    let is_blank = |c: char| c.is_whitespace() && c != ' ';
    if code.chars().any(|c| is_invisible(c) || is_blank(c) || has_no_meaning(c)) {
        return Err("must not contain invisible characters");
    }
    if ComposingNormalizer::new_nfkc().is_normalized(code) {
        Ok(())
    } else {
        Err("must be in Unicode form NFKC, without full-width letters and the like")
    }
}

/// Returns text in the one form that a code may have.
#[must_use]
pub fn as_code(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    ComposingNormalizer::new_nfkc().normalize(&visible).into_owned()
}

/// Escapes the special characters of a LIKE pattern, and matches the text at any position.
#[must_use]
pub fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len().saturating_add(2));
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Returns text of at most `most` bytes. Longer text loses its middle, so that its beginning and its end stay
/// readable.
#[must_use]
pub fn shortened(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let half = most.saturating_sub(GAP.len()) / 2;
    let head = (0..=half).rev().find_map(|end| text.get(..end)).unwrap_or_default();
    let tail = (text.len().saturating_sub(half)..text.len()).find_map(|start| text.get(start..)).unwrap_or_default();
    format!("{head}{GAP}{tail}")
}

const GAP: &str = "…";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_spelling() {
        for code in ["tw1", "ürün 7", "Größe", "чай", "茶-1"] {
            assert_eq!((check_code(code), as_code(code).as_str()), (Ok(()), code), "{code}");
        }
        let invisible = [
            "tw1\u{200b}",
            "t\u{ad}w1",
            "\u{202e}tw1",
            "tw1\u{2066}",
            "tw1\u{fe0f}",
            "tw1\u{e0100}",
            "tw1\u{3164}",
            "tw1\u{34f}",
            "tw1\u{61c}",
            "tw1\u{180e}",
            "tw1\u{2800}",
            "tw1\u{fffb}",
            "tw1\u{feff}",
            "tw1\u{e0041}",
        ];
        for twin in invisible {
            assert_eq!((check_code(twin).is_err(), as_code(twin).as_str()), (true, "tw1"), "{twin:?}");
        }
        for (twin, code) in
            [("\u{ff54}w1", "tw1"), ("tw①", "tw1"), ("u\u{308}", "ü"), ("ﬁg", "fig"), ("a\u{a0}b", "a b")]
        {
            assert_eq!((check_code(twin).is_err(), as_code(twin).as_str()), (true, code), "{twin:?}");
        }
        for meaningless in ['\u{2028}', '\u{1680}', '\u{fdd0}', '\u{ffff}', '\u{378}', '\u{e000}'] {
            assert!(check_code(&format!("a{meaningless}b")).is_err(), "{meaningless:?}");
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
    fn long_text_loses_its_middle() {
        assert_eq!(shortened("short".to_owned(), 5), "short");
        assert_eq!(shortened("0123456789".to_owned(), 7), "01…89");
        let wide = shortened("ö".repeat(1000), 100);
        assert!(wide.len() <= 100 && wide.contains('…') && wide.starts_with('ö') && wide.ends_with('ö'), "{wide}");
    }
}
