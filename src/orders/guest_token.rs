//! The token that opens one order for somebody without an account.

use rand::RngExt;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// 256 random bits, kept by the shop as their hash only.
pub struct GuestToken {
    text: String,
    hash: Vec<u8>,
}

impl GuestToken {
    #[must_use]
    pub fn random() -> Self {
        let text: String = rand::rng().random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
        let hash = Sha256::digest(text.as_bytes()).to_vec();
        Self { text, hash }
    }

    #[must_use]
    pub fn reveal(&self) -> String {
        self.text.clone()
    }

    #[must_use]
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }
}

/// Whether a token that somebody shows has this hash, in constant time.
#[must_use]
pub fn opens(shown: &str, hash: &[u8]) -> bool {
    Sha256::digest(shown.as_bytes()).as_slice().ct_eq(hash).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_own_order_only() {
        let token = GuestToken::random();
        assert!(opens(&token.reveal(), token.hash()));
        assert!(!opens(&GuestToken::random().reveal(), token.hash()));
        assert!(!opens("", token.hash()));
    }
}
