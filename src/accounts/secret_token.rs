//! Secret tokens of which only a hash is stored. As they have 256 random bits, a fast hash is enough.

use sha2::{Digest, Sha256};

/// Generates an unguessable token of 64 hexadecimal digits.
pub fn generate() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// The hash of a token, as it is stored.
pub fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (one, other) = (generate(), generate());
        assert_eq!((one.len(), digest(&one).len()), (64, 32));
        assert_ne!(one, other);
    }
}
