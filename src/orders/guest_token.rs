//! The token that opens one order for somebody without an account.

use subtle::ConstantTimeEq;

use crate::accounts::secret_token;

/// Kept by the shop as its hash only.
pub struct GuestToken {
    text: String,
    hash: Vec<u8>,
}

impl GuestToken {
    #[must_use]
    pub fn random() -> Self {
        let text = secret_token::generate();
        let hash = secret_token::digest(&text);
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
    secret_token::digest(shown).as_slice().ct_eq(hash).into()
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
