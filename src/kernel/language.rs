//! Languages, as BCP 47 tags.

use diesel_derive_newtype::DieselNewType;
use icu_locale_core::LanguageIdentifier;
use icu_locale_core::subtags::Language as Subtag;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A language in its canonical form, such as `en` or `de-AT`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, DieselNewType, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 2, max_length = 35, example = "en")]
pub struct Language(String);

/// BCP 47 recommends that programs can store this number of characters.
const MAX_CHARS: usize = 35;

const REFUSAL: &str = "must be a BCP 47 language tag, such as en or de-AT, of at most 35 characters";

impl Language {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        // The library also accepts underscores.
        let is_tag = text.len() <= MAX_CHARS && !text.contains('_');
        let tag = LanguageIdentifier::try_from_str(text).ok().filter(|tag| is_tag && tag.language != Subtag::UNKNOWN);
        tag.map(|tag| Self(tag.to_string())).ok_or(REFUSAL)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language without script, region and variants: `de` for `de-AT`.
    #[must_use]
    pub fn base(&self) -> Self {
        Self(self.0.split('-').next().unwrap_or_default().to_owned())
    }
}

impl Default for Language {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl TryFrom<String> for Language {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_one_spelling_and_a_base() {
        for (text, tag, base) in
            [("en", "en", "en"), ("DE-at", "de-AT", "de"), ("zh-hant-tw", "zh-Hant-TW", "zh"), ("gsw", "gsw", "gsw")]
        {
            let language = Language::parse(text).unwrap();
            assert_eq!((language.as_str(), language.base().as_str()), (tag, base));
        }
        let long = format!("en-{}", "variant1-".repeat(5));
        for refused in ["", "e", "english", "en_US", "und", "en-", "de-AT\n", "../en", "en GB", "٣٣", long.as_str()] {
            assert_eq!(Language::parse(refused), Err(REFUSAL), "{refused:?}");
        }
    }
}
