//! Passwords: argon2id on a few threads of its own, so that memory use stays small.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

use super::hashing_queue::{HashCaller, HashingQueue};
use crate::error::{ApiError, Code};
use crate::kernel::current_request;
use crate::settings::Limits;

/// The first recommendation of OWASP for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and checks a few passwords at a time. Other requests wait in a bounded queue like the one for the database:
/// beyond its length or its time the response is 503 `BUSY`.
#[derive(Clone)]
pub struct Hasher {
    queue: Arc<HashingQueue>,
    /// A hash that belongs to no account, so that checking an unknown account takes as long as a known one.
    dummy_hash: Arc<str>,
}

impl Hasher {
    pub fn new(threads: usize, limits: &Limits) -> Result<Self, ApiError> {
        let dummy_hash = make_dummy_hash().map_err(|error| {
            log::error!(error:% = error; "making the hash of no account failed");
            ApiError::internal()
        })?;
        Ok(Self { queue: Arc::new(HashingQueue::new(threads, limits)), dummy_hash: dummy_hash.into() })
    }

    pub async fn hash(&self, caller: HashCaller, password: String) -> Result<String, ApiError> {
        self.on_a_thread(caller, move || hash_now(&password)).await?
    }

    /// True if the password matches the hash. Without a hash the result is false, after the same work.
    pub async fn verify(&self, caller: HashCaller, password: String, hash: Option<String>) -> Result<bool, ApiError> {
        let dummy_hash = Arc::clone(&self.dummy_hash);
        self.on_a_thread(caller, move || {
            let fits = verify_now(&password, hash.as_deref().unwrap_or(&dummy_hash));
            fits && hash.is_some()
        })
        .await
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        caller: HashCaller,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let permit = self.queue.permit(caller).await?;
        // The work owns the permit, so that it is returned when the work ends, also if the client has disconnected.
        let work = move || {
            let _permit = permit;
            work()
        };
        actix_web::web::block(current_request::carried(work)).await.map_err(|error| {
            log::error!(error:% = error; "hashing a password failed");
            ApiError::internal()
        })
    }
}

/// glibc keeps freed memory for later, but returns a block of 32 MiB or more to the system at once (mallopt(3),
/// M_MMAP_THRESHOLD). So this is more than a hash needs; untouched memory costs nothing.
const ALLOCATED_KIB: usize = 33 * 1024;

/// Hashes on this thread, for the command line.
pub fn hash_now(password: &str) -> Result<String, ApiError> {
    encode(password).map_err(|error| {
        log::error!(error:% = error; "hashing a password failed");
        ApiError::internal()
    })
}

/// Encodes the hash with its parameters, as in `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
fn encode(password: &str) -> Result<String, Box<dyn std::error::Error>> {
    let (params, salt) = (params()?, Salt::generate());
    let output = derive(password, &salt, params.clone())?;
    format_hash(&params, salt, output)
}

/// A hash of random bytes, to which no password is known.
fn make_dummy_hash() -> Result<String, Box<dyn std::error::Error>> {
    let output = Output::new(&rand::random::<[u8; Params::DEFAULT_OUTPUT_LEN]>())?;
    format_hash(&params()?, Salt::generate(), output)
}

fn params() -> Result<Params, argon2::Error> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(Params::DEFAULT_OUTPUT_LEN))
}

fn format_hash(params: &Params, salt: Salt, output: Output) -> Result<String, Box<dyn std::error::Error>> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

fn derive(password: &str, salt: &Salt, params: Params) -> Result<Output, Box<dyn std::error::Error>> {
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let blocks = params.block_count();
    let mut memory = Vec::with_capacity(blocks.max(ALLOCATED_KIB));
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

/// The most common leaked passwords with 8 characters or more. They are always refused.
const COMMON: &str = include_str!("common_passwords.txt");

/// Requires 8 to 128 characters and refuses the most common passwords. There are no rules of composition, because
/// they make passwords worse (NIST SP 800-63B, section 5.1.1.2).
///
/// `field` is the name of the password in the request.
pub fn check_strength(field: &str, password: &str) -> Result<(), ApiError> {
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

/// The 401 error of a sign-in. It does not reveal if the account exists.
pub fn wrong_credentials() -> ApiError {
    ApiError::new(Code::InvalidCredentials, "E-mail or password is wrong.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_and_short_passwords_are_refused() {
        assert!(check_strength("password", "correct horse battery").is_ok());
        for refused in ["short", "password", "12345678", "Password123", &"x".repeat(129)] {
            assert!(check_strength("password", refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_hash_is_argon2id_and_matches_only_its_password() {
        let hash = hash_now("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_now("correct horse", &hash));
        assert!(!verify_now("wrong horse", &hash));
    }

    /// So its check takes the same work.
    #[test]
    fn the_hash_of_no_account_has_the_parameters_of_the_others() {
        let (dummy, hash) = (make_dummy_hash().unwrap(), hash_now("correct horse").unwrap());
        let (dummy, hash) = (PasswordHash::new(&dummy).unwrap(), PasswordHash::new(&hash).unwrap());
        let length = |hash: &PasswordHash| (hash.salt.unwrap().as_ref().len(), hash.hash.unwrap().as_bytes().len());
        assert_eq!(length(&dummy), length(&hash));
        assert_eq!((dummy.algorithm, dummy.version, dummy.params), (hash.algorithm, hash.version, hash.params));
    }
}
