//! Passwords: argon2id, on few threads of its own kind, so that memory stays small.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::db::Failure;
use crate::error::{ApiError, Code};
use crate::kernel::request_id;
use crate::settings::Limits;

/// OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and checks passwords, a few at a time. The others wait in a queue that is bounded like the one for
/// the database: beyond its length or its time the answer is 503 `BUSY`.
#[derive(Clone)]
pub struct Hasher {
    permits: Arc<Semaphore>,
    /// Places in the queue.
    places: Arc<Semaphore>,
    queue_time: Duration,
    /// A hash of nobody's password, so that an unknown account takes as long as a known one.
    nobody: Arc<str>,
}

impl Hasher {
    pub fn new(threads: usize, limits: &Limits) -> Result<Self, ApiError> {
        let nobody = hash_now("nobody has this password")?;
        Ok(Self {
            permits: Arc::new(Semaphore::new(threads)),
            places: Arc::new(Semaphore::new(limits.queue_length.min(Semaphore::MAX_PERMITS))),
            queue_time: Duration::from_millis(limits.queue_ms),
            nobody: nobody.into(),
        })
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
        let permit = self.permit().await?;
        // The permit goes along: it is given back when the work ends, also when the client has gone.
        let work = move || {
            let _permit = permit;
            work()
        };
        actix_web::web::block(request_id::carried(work)).await.map_err(|error| {
            log::error!(error:% = error; "hashing a password failed");
            ApiError::internal()
        })
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let Ok(_place) = self.places.try_acquire() else { return Err(Failure::QueueFull) };
        let permit = tokio::time::timeout(self.queue_time, Arc::clone(&self.permits).acquire_owned()).await;
        permit.ok().and_then(Result::ok).ok_or(Failure::QueueFull)
    }
}

/// glibc keeps freed memory for later, but gives a block of 32 MiB or more back to the system at once
/// (mallopt(3), M_MMAP_THRESHOLD). So more is asked for than a hash needs; what is not touched costs nothing.
const ASKED_KIB: usize = 33 * 1024;

/// Hashes on this thread, for the command line.
pub fn hash_now(password: &str) -> Result<String, ApiError> {
    encode(password).map_err(|error| {
        log::error!(error:% = error; "hashing a password failed");
        ApiError::internal()
    })
}

/// The hash with all that made it, as in `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
fn encode(password: &str) -> Result<String, Box<dyn std::error::Error>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(Params::DEFAULT_OUTPUT_LEN))?;
    let salt = Salt::generate();
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(salt),
        hash: Some(derive(password, &salt, params)?),
    };
    Ok(hash.to_string())
}

fn derive(password: &str, salt: &Salt, params: Params) -> Result<Output, Box<dyn std::error::Error>> {
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let blocks = params.block_count();
    let mut memory = Vec::with_capacity(blocks.max(ASKED_KIB));
    memory.resize(blocks, Block::new());
    let mut output = vec![0; length];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password.as_bytes(), salt.as_ref(), &mut output, &mut memory)?;
    Ok(Output::new(&output)?)
}

fn verify_now(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let (Some(salt), Some(output), Ok(params)) = (hash.salt, hash.hash, Params::try_from(&hash)) else { return false };
    let derived = derive(password, &salt, params);
    derived.is_ok_and(|derived| derived.as_bytes().ct_eq(output.as_bytes()).into())
}

/// Refused whatever else they are: the head of every list of leaked passwords, of 8 characters or more.
const COMMON: &str = include_str!("common_passwords.txt");

/// 8 to 128 characters, and none of the most common ones. No rules of composition: they make
/// passwords worse (NIST SP 800-63B, section 5.1.1.2).
pub fn check_strength(password: &str) -> Result<(), ApiError> {
    check_strength_of("password", password)
}

/// The same for a password in another field of a request.
pub fn check_strength_of(field: &str, password: &str) -> Result<(), ApiError> {
    let length = password.chars().count();
    if !(8..=128).contains(&length) {
        return Err(ApiError::field(field, "must have 8 to 128 characters"));
    }
    let lower = password.to_lowercase();
    if COMMON.lines().any(|common| common == lower) {
        return Err(ApiError::field(field, "is one of the most common passwords"));
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
