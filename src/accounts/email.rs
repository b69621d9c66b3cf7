//! E-mail addresses.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::ValidateEmail;

use crate::kernel::text::is_invisible;

/// An e-mail address in canonical form. Two accounts with the same canonical address cannot exist.
///
/// The part before the `@` is ASCII in lower case. The domain is normalised as domain names are compared (UTS 46):
/// lower case, full-width letters and ideographic full stops replaced, invisible characters removed.
/// `xn--bcher-kva.example` is stored as `bücher.example`. A domain with a joiner is refused, because it looks like
/// another domain without it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, format = "email", max_length = 254)]
pub struct Email(String);

/// The maximal path length of SMTP (RFC 5321), without its brackets.
const MAX_CHARS: usize = 254;

const NO_ADDRESS: &str = "must be an e-mail address, such as ann@example.com";
const TOO_LONG: &str = "must be an e-mail address of at most 254 characters";
const WRONG_LOCAL_PART: &str =
    "must have 1 to 64 characters before the @: only letters from a to z, digits and signs such as . _ + -";
const WRONG_DOTS: &str = "must not have a dot next to another one before the @, or at its start or end there";
const WRONG_DOMAIN: &str = "must have a domain name after the @, such as example.com, without invisible characters";

impl Email {
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        canonical(text).map(Self)
    }

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

/// Returns the address as it is stored. Other text is only trimmed and lowered, so that a sign-in with it finds no
/// account.
pub fn normalise(text: &str) -> String {
    canonical(text).unwrap_or_else(|_refused| text.trim().to_lowercase())
}

fn canonical(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.chars().count() > MAX_CHARS {
        return Err(TOO_LONG);
    }
    let (local, domain) = text.rsplit_once('@').ok_or(NO_ADDRESS)?;
    // An encoded word could be shown as other text than it is.
    if !format!("{local}@example.com").validate_email() || local.contains("=?") {
        return Err(WRONG_LOCAL_PART);
    }
    // Browsers accept such dots, but mail servers do not (RFC 5321), so no mail could be sent.
    if local.split('.').any(str::is_empty) {
        return Err(WRONG_DOTS);
    }
    let (ascii, domain) = canonical_domain(domain).ok_or(WRONG_DOMAIN)?;
    if !format!("{local}@{ascii}").validate_email() {
        return Err(WRONG_DOMAIN);
    }
    let email = format!("{}@{domain}", local.to_ascii_lowercase());
    if email.chars().count() <= MAX_CHARS { Ok(email) } else { Err(TOO_LONG) }
}

/// The one spelling of a domain, in ASCII and in Unicode. The conversion to ASCII and back leads to it.
fn canonical_domain(domain: &str) -> Option<(String, String)> {
    let ascii = idna::domain_to_ascii_strict(domain).ok()?;
    let (domain, valid) = idna::domain_to_unicode(&ascii);
    valid.ok()?;
    let is_visible = !domain.chars().any(is_invisible);
    is_visible.then_some((ascii, domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        Email::parse(text).ok().map(|email| email.as_str().to_owned())
    }

    #[test]
    fn an_address_is_trimmed_and_lowered() {
        assert_eq!(parse("  Ann@Example.COM ").unwrap(), "ann@example.com");
        let long = format!("{}@{}.com", "a".repeat(60), "b.".repeat(100));
        assert_eq!(parse("ann.b.lee@example.com").unwrap(), "ann.b.lee@example.com");
        for refused in ["", "ann", "ann@", "@example.com", "a b@example.com", "ann@example.com.", long.as_str()] {
            assert_eq!(parse(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_domain_has_one_spelling() {
        for twin in [
            "ann@example。com",
            "ann@example．com",
            "ann@example｡com",
            "ann@ｅｘａｍｐｌｅ.com",
            "ann@ＥＸＡＭＰＬＥ.com",
            "ann@exam\u{200b}ple.com",
            "ann@exam\u{ad}ple.com",
            "ann@\u{2060}example.com",
            "ann@\u{feff}example.com",
            "ann@ex\u{1d41a}mple.com",
            "ann@ⓔxample.com",
        ] {
            assert_eq!(parse(twin).unwrap(), "ann@example.com", "{twin}");
            assert_eq!(normalise(twin), "ann@example.com");
        }
        for twin in
            ["ann@bücher.example", "ann@BÜCHER.example", "ann@bu\u{308}cher.example", "ANN@XN--BCHER-KVA.EXAMPLE"]
        {
            assert_eq!(parse(twin).unwrap(), "ann@bücher.example", "{twin}");
        }
        // These domains are different, although they look similar.
        assert_ne!(parse("ann@fußball.example"), parse("ann@fussball.example"));
        assert_ne!(parse("ann@ехample.com"), parse("ann@example.com"));
    }

    #[test]
    fn a_refusal_names_the_wrong_part() {
        for (text, message) in [
            ("ann", NO_ADDRESS),
            ("müller@example.com", WRONG_LOCAL_PART),
            ("@example.com", WRONG_LOCAL_PART),
            ("=?utf-8?q?ann?=@example.com", WRONG_LOCAL_PART),
            (".ann@example.com", WRONG_DOTS),
            ("ann.@example.com", WRONG_DOTS),
            ("ann..lee@example.com", WRONG_DOTS),
            (".@example.com", WRONG_DOTS),
            ("ann@", WRONG_DOMAIN),
            ("ann@exa\u{200d}mple.com", WRONG_DOMAIN),
            ("ann@[127.0.0.1]", WRONG_DOMAIN),
        ] {
            assert_eq!(Email::parse(text), Err(message), "{text:?}");
        }
        assert_eq!(Email::parse(&format!("{}@example.com", "a".repeat(65))), Err(WRONG_LOCAL_PART));
        assert_eq!(Email::parse(&format!("ann@{}.com", "a".repeat(250))), Err(TOO_LONG));
    }

    #[test]
    fn addresses_that_could_be_confused_with_others_are_refused() {
        for refused in [
            "an\u{200b}n@example.com",
            "\u{200b}ann@example.com",
            "\u{feff}ann@example.com",
            "ａnn@example.com",
            "аnn@example.com",
            "\u{212a}im@example.com",
            "ann＠example.com",
            "ann\u{2024}lee@example.com",
            "ann@example.com\u{3002}",
            "ann@example..com",
            "ann@exa\u{200d}mple.com",
            "ann@exa\u{200c}mple.com",
            // A valid domain of IDNA 2008, which looks the same without the joiner.
            "ann@می\u{200c}خواهم.example",
            "ann@xn--eba.\u{200d}example.com",
            "ann@[127.0.0.1]",
            "ann@xn--a",
        ] {
            assert_eq!(parse(refused), None, "{refused:?}");
        }
    }
}
