//! Hashes that only this server and its siblings can compute, so that nobody who reads a stored one can find
//! the value by trying: of passwords and addresses there are too few for a plain hash.

use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA256 with the secret of the server.
#[derive(Clone)]
pub struct KeyedHash(Hmac<Sha256>);

/// Each purpose has hashes of its own, so that none can be used for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A password in the fingerprint of a request.
    FingerprintOfPassword,
    /// An address from which an account was signed in to.
    SignInAddress,
    /// Attempts to sign in, counted in memory.
    SignInAttempts,
}

impl KeyedHash {
    pub fn new(secret: &[u8]) -> Result<Self, InvalidLength> {
        <Hmac<Sha256> as KeyInit>::new_from_slice(secret).map(Self)
    }

    /// The hash of these parts; where one ends and the next begins makes a difference.
    #[must_use]
    pub fn of(&self, purpose: Purpose, parts: &[&str]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(purpose.label());
        for part in parts {
            mac.update(&part.len().to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

impl Purpose {
    /// No access token begins like this, which the same secret signs.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::FingerprintOfPassword => b"\0fingerprint-of-password\0",
            Self::SignInAddress => b"\0sign-in-address\0",
            Self::SignInAttempts => b"\0sign-in-attempts\0",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_purpose_and_every_part_make_another_hash() {
        let keyed = KeyedHash::new(b"a secret").unwrap();
        let hash = keyed.of(Purpose::SignInAddress, &["7", "192.0.2.1"]);
        assert_eq!(hash, keyed.of(Purpose::SignInAddress, &["7", "192.0.2.1"]));
        let others = [
            KeyedHash::new(b"another").unwrap().of(Purpose::SignInAddress, &["7", "192.0.2.1"]),
            keyed.of(Purpose::FingerprintOfPassword, &["7", "192.0.2.1"]),
            keyed.of(Purpose::SignInAddress, &["71", "92.0.2.1"]),
            keyed.of(Purpose::SignInAddress, &["7192.0.2.1"]),
        ];
        assert!(others.iter().all(|other| *other != hash));
    }
}
