//! Hashes that only servers with the secret can compute. A reader of a stored hash cannot find its value by trying
//! all values. A plain hash would not prevent this, because there are too few passwords and addresses.

use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA256 with the secret of the server.
#[derive(Clone)]
pub struct KeyedHash(Hmac<Sha256>);

/// The purpose of a hash. Each purpose has different hashes, so that none can be used for another purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A password in the fingerprint of a request.
    FingerprintOfPassword,
    /// An address from which a user signed in to an account.
    SignInAddress,
    /// Attempts to sign in, which are counted in memory.
    SignInAttempts,
    /// The network that asked for stock notices.
    StockNoticeNetwork,
}

impl KeyedHash {
    pub fn new(secret: &[u8]) -> Result<Self, InvalidLength> {
        <Hmac<Sha256> as KeyInit>::new_from_slice(secret).map(Self)
    }

    /// Returns the hash of these parts. The boundaries between the parts change the hash.
    pub fn hash(&self, purpose: Purpose, parts: &[&str]) -> [u8; 32] {
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
    /// The same secret signs access tokens. No access token begins with such a label.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::FingerprintOfPassword => b"\0fingerprint-of-password\0",
            Self::SignInAddress => b"\0sign-in-address\0",
            Self::SignInAttempts => b"\0sign-in-attempts\0",
            Self::StockNoticeNetwork => b"\0stock-notice-network\0",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_purpose_and_every_part_make_another_hash() {
        let keyed = KeyedHash::new(b"a secret").unwrap();
        let hash = keyed.hash(Purpose::SignInAddress, &["7", "192.0.2.1"]);
        assert_eq!(hash, keyed.hash(Purpose::SignInAddress, &["7", "192.0.2.1"]));
        let others = [
            KeyedHash::new(b"another").unwrap().hash(Purpose::SignInAddress, &["7", "192.0.2.1"]),
            keyed.hash(Purpose::FingerprintOfPassword, &["7", "192.0.2.1"]),
            keyed.hash(Purpose::SignInAddress, &["71", "92.0.2.1"]),
            keyed.hash(Purpose::SignInAddress, &["7192.0.2.1"]),
        ];
        assert!(others.iter().all(|other| *other != hash));
    }
}
