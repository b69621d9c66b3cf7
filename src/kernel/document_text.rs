//! The texts that people write on documents.

use serde::Deserialize;

use super::text;

/// Declares texts within bounds. A text with a minimal length has a visible character.
macro_rules! document_texts {
    ($($(#[$attribute:meta])* $name:ident of $min:literal to $max:literal characters;)+) => {$(
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
        #[serde(try_from = "String")]
        $(#[$attribute])*
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                check(&text, $min, $max).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    )+};
}

document_texts! {
    /// A name or number in another system.
    #[schema(value_type = String, min_length = 1, max_length = 100, pattern = r"\S")]
    Reference of 1 to 100 characters;

    /// The reason, for the history and the ledger.
    #[schema(value_type = String, min_length = 1, max_length = 500, pattern = r"\S")]
    Reason of 1 to 500 characters;

    /// The reason, for the history of the document.
    #[schema(value_type = String, max_length = 500)]
    CancelReason of 0 to 500 characters;

    /// Remarks for the staff.
    #[schema(value_type = String, max_length = 2000)]
    Notes of 0 to 2000 characters;
}

fn check(text: &str, min: usize, max: usize) -> Result<(), String> {
    let is_required = min > 0;
    if !(min..=max).contains(&text.chars().count()) {
        let least = if is_required { format!("{min} to") } else { "at most".to_owned() };
        return Err(format!("must have {least} {max} characters"));
    }
    if is_required && text::check_visible(text).is_err() {
        return Err("must have a visible character".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_texts_are_visible_and_all_texts_are_bounded() {
        let reference = |text: &str| Reference::try_from(text.to_owned()).map(String::from);
        let notes = |text: &str| Notes::try_from(text.to_owned()).map(String::from);
        assert_eq!(reference(&"ö".repeat(100)), Ok("ö".repeat(100)));
        assert_eq!(reference("DN-1"), Ok("DN-1".to_owned()));
        for text in [String::new(), "ö".repeat(101)] {
            assert_eq!(reference(&text), Err("must have 1 to 100 characters".to_owned()));
        }
        assert_eq!(reference(" \u{200b}"), Err("must have a visible character".to_owned()));
        assert_eq!((notes(""), notes(" ")), (Ok(String::new()), Ok(" ".to_owned())));
        assert_eq!(notes(&"x".repeat(2001)), Err("must have at most 2000 characters".to_owned()));
    }
}
