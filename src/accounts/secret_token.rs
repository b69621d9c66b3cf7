//! Secrets that we give out and keep only as a hash: 256 random bits need no slow one.

use sha2::{Digest, Sha256};

/// A token that nobody can guess, in 64 hexadecimal digits.
#[must_use]
pub fn generate() -> String {
    let bits: [u8; 32] = rand::random();
    bits.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is stored of a token.
#[must_use]
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
