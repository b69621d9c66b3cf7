//! The token with which a guest opens one order.

use subtle::ConstantTimeEq;

use crate::accounts::secret_token;

/// Only its hash is stored.
pub struct GuestToken {
    /// None for the token of an earlier order.
    text: Option<String>,
    hash: Vec<u8>,
}

impl GuestToken {
    #[must_use]
    pub fn random() -> Self {
        let text = secret_token::generate();
        let hash = secret_token::digest(&text);
        Self { text: Some(text), hash }
    }

    /// The token of an earlier order, which opens the order of its exchange too.
    #[must_use]
    pub const fn known(hash: Vec<u8>) -> Self {
        Self { text: None, hash }
    }

    /// The text of a new token. Nobody knows that of an earlier order.
    #[must_use]
    pub fn reveal(&self) -> Option<String> {
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
        assert!(opens(&token.reveal().unwrap(), token.hash()));
        assert!(!opens(&GuestToken::random().reveal().unwrap(), token.hash()));
        assert!(!opens("", token.hash()));
    }
}
