//! E-mail addresses.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::ValidateEmail;

/// An e-mail address, trimmed and in lower case: accounts are told apart by it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, format = "email", max_length = 254)]
pub struct Email(String);

/// The longest path that SMTP carries (RFC 5321), without its brackets.
const MAX_CHARS: usize = 254;

impl Email {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let email = normalise(text);
        if email.chars().count() <= MAX_CHARS && email.validate_email() {
            Ok(Self(email))
        } else {
            Err("must be an e-mail address of at most 254 characters")
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text)
    }
}

/// As addresses are stored. For a sign-in, where what is no address is an unknown one.
#[must_use]
pub fn normalise(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_lowered() {
        assert_eq!(Email::parse("  Ann@Example.COM ").unwrap().as_str(), "ann@example.com");
        let long = format!("{}@{}.com", "a".repeat(60), "b.".repeat(100));
        for refused in ["", "ann", "ann@", "@example.com", "a b@example.com", long.as_str()] {
            assert!(Email::parse(refused).is_err(), "{refused}");
        }
    }
}
