//! The token with which a guest opens one order.

use subtle::ConstantTimeEq;

use crate::accounts::secret_token;

/// Only its hash is stored.
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

/// True if the presented token has this hash, compared in constant time.
#[must_use]
pub fn opens(presented: &str, hash: &[u8]) -> bool {
    secret_token::digest(presented).as_slice().ct_eq(hash).into()
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
