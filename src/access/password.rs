//! Passwords: argon2id, on few threads of its own kind, so that memory stays small.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use crate::error::{ApiError, Code};

/// OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and checks passwords, a few at a time.
#[derive(Clone)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    /// A hash of nobody's password, so that an unknown account takes as long as a known one.
    nobody: Arc<str>,
}

impl Hasher {
    pub fn new(threads: usize) -> Result<Self, ApiError> {
        let nobody = hash_now("nobody has this password")?;
        Ok(Self { turns: Arc::new(Semaphore::new(threads)), nobody: nobody.into() })
    }

    pub async fn hash(&self, password: String) -> Result<String, ApiError> {
        self.on_a_thread(move || hash_now(&password)).await?
    }

    /// Whether the password has this hash. Without one the answer is no, after the same work.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, ApiError> {
        let nobody = Arc::clone(&self.nobody);
        self.on_a_thread(move || {
            let fits = verify_now(&password, hash.as_deref().unwrap_or(&nobody));
            fits && hash.is_some()
        })
        .await
    }

    async fn on_a_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let Ok(turn) = turn else { return Err(ApiError::internal()) };
        let work = move || {
            let _turn = turn;
            work()
        };
        actix_web::web::block(work).await.map_err(|error| {
            log::error!(error:% = error; "hashing a password failed");
            ApiError::internal()
        })
    }
}

fn argon2() -> Result<Argon2<'static>, argon2::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes on this thread, for the command line.
pub fn hash_now(password: &str) -> Result<String, ApiError> {
    let hash = argon2().map_err(|error| error.to_string()).and_then(|argon2| {
        argon2.hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|error| error.to_string())
    });
    hash.map_err(|error| {
        log::error!(error:% = error; "hashing a password failed");
        ApiError::internal()
    })
}

fn verify_now(password: &str, hash: &str) -> bool {
    match (argon2(), PasswordHash::new(hash)) {
        (Ok(argon2), Ok(hash)) => argon2.verify_password(password.as_bytes(), &hash).is_ok(),
        _ => false,
    }
}

/// Refused whatever else they are: the head of every list of leaked passwords, of 8 characters or more.
const COMMON: &str = include_str!("common_passwords.txt");

/// 8 to 128 characters, and none of the most common ones. No rules of composition: they make
/// passwords worse (NIST SP 800-63B, section 5.1.1.2).
pub fn check_strength(password: &str) -> Result<(), ApiError> {
    let length = password.chars().count();
    if !(8..=128).contains(&length) {
        return Err(ApiError::field("password", "must have 8 to 128 characters"));
    }
    let lower = password.to_lowercase();
    if COMMON.lines().any(|common| common == lower) {
        return Err(ApiError::field("password", "is one of the most common passwords"));
    }
    Ok(())
}

/// 401 that tells nobody whether the account exists.
#[must_use]
pub fn wrong_credentials() -> ApiError {
    ApiError::new(Code::InvalidCredentials, "E-mail or password is wrong.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_and_short_passwords_are_refused() {
        assert!(check_strength("correct horse battery").is_ok());
        for refused in ["short", "password", "12345678", "Password123", &"x".repeat(129)] {
            assert!(check_strength(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_hash_is_argon2id_and_fits_its_password_only() {
        let hash = hash_now("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_now("correct horse", &hash));
        assert!(!verify_now("wrong horse", &hash));
    }
}
