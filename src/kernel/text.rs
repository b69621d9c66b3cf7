//! Text that people send, and the absence of it.

use serde::{Deserialize, Deserializer};

/// For a PATCH: absent (`None`), null (`Some(None)`) and a value (`Some(Some(v))`) differ.
pub fn some<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Whether text has a control character that is neither a tab nor a line break.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

/// The beginning of a text that a client chose, for a message.
#[must_use]
pub fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Puts `\` before the characters that mean something in a LIKE pattern, and looks anywhere.
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
