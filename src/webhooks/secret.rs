//! The secret of a webhook, and the signatures that it makes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel_derive_newtype::DieselNewType;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::db::Failure;

const PREFIX: &str = "whsec_";

/// `whsec_` and the base64 form of the key. It is never logged.
#[derive(Clone, PartialEq, Eq, DieselNewType)]
pub struct SigningSecret(String);

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(set)")
    }
}

impl SigningSecret {
    /// A secret of 32 random bytes.
    #[must_use]
    pub fn generate() -> Self {
        Self(format!("{PREFIX}{}", STANDARD.encode(rand::random::<[u8; 32]>())))
    }

    /// The secret of a deleted webhook, which signs nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(String::new())
    }

    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `v1,` and the base64 form of the HMAC-SHA256 of `id.timestamp.body`.
    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Result<String, Failure> {
        let unusable = || Failure::Internal("a secret of a webhook can't be used".to_owned());
        let key = self.0.strip_prefix(PREFIX).and_then(|key| STANDARD.decode(key).ok()).ok_or_else(unusable)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_length| unusable())?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

/// The value of the header `webhook-signature`: one signature of each secret.
pub fn signatures(secrets: &[SigningSecret], id: &str, timestamp: i64, body: &[u8]) -> Result<String, Failure> {
    let each = secrets.iter().map(|secret| secret.sign(id, timestamp, body));
    Ok(each.collect::<Result<Vec<_>, _>>()?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret, the message and the signature are those of the examples of the official libraries.
    #[test]
    fn a_signature_is_that_of_the_standard() {
        let secret = SigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let signed = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_are_random_and_hidden() {
        let (one, other) = (SigningSecret::generate(), SigningSecret::generate());
        assert_ne!(one, other);
        assert_eq!((one.reveal().len(), format!("{one:?}").as_str()), (50, "(set)"));
        assert_eq!(signatures(&[one, other], "1.1", 1, b"{}").unwrap().split(' ').count(), 2);
        assert!(SigningSecret::none().sign("1.1", 1, b"{}").is_err());
    }
}
