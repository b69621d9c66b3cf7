//! The version of a document, as a request expects it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::number::{self, Number};

/// If the document has another version by now, the request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = i64, minimum = 1)]
pub struct ExpectedVersion(i64);

impl ExpectedVersion {
    #[must_use]
    pub fn is(self, version: i64) -> bool {
        self.0 == version
    }
}

impl<'de> Deserialize<'de> for ExpectedVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let integer = number::deserialize(deserializer)?.and_then(Number::to_integer);
        match integer.ok_or_else(|| D::Error::custom("must be an integer"))? {
            version @ 1.. => Ok(Self(version)),
            _ => Err(D::Error::custom("must be at least 1")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_positive_integer_or_absent() {
        let read = |text: &str| serde_json::from_str::<Option<ExpectedVersion>>(text);
        assert_eq!(read("null").unwrap(), None);
        assert!(read("3.0").unwrap().unwrap().is(3) && !read("3").unwrap().unwrap().is(4));
        for (text, message) in [
            ("0", "must be at least 1"),
            ("-1", "must be at least 1"),
            ("1.5", "must be an integer"),
            ("\"1\"", "must be an integer"),
            ("99999999999999999999", "must be an integer"),
        ] {
            assert!(read(text).unwrap_err().to_string().starts_with(message), "{text}");
        }
    }
}
