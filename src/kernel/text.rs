//! Functions for text from clients, and for absent text.

use serde::{Deserialize, Deserializer};

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
    fn long_text_loses_its_middle() {
        assert_eq!(shortened("short".to_owned(), 5), "short");
        assert_eq!(shortened("0123456789".to_owned(), 7), "01…89");
        let wide = shortened("ö".repeat(1000), 100);
        assert!(wide.len() <= 100 && wide.contains('…') && wide.starts_with('ö') && wide.ends_with('ö'), "{wide}");
    }
}
