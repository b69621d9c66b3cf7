//! The extractor of every call that changes something, and the transaction around its work.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use diesel::PgConnection;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use validator::Validate;

use super::answer::Answer;
use super::claims::Conflict;
use super::store::{self, Claim, Claimed};
use crate::access::{Ctx, Principal, Scope};
use crate::db::{End, Failure};
use crate::error::{ApiError, Code, Halt, Rejected};
use crate::kernel::id::StoreId;
use crate::web::{json, limits};

/// A call that changes something: its body, its caller, and its claim to be done once.
pub struct Command<T> {
    pub ctx: Ctx,
    pub body: T,
    pub claim: Claim,
}

/// The body of calls that take none.
#[derive(Debug, Default, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

/// How a command finds its store.
type ScopeOf = fn(&Ctx, &mut PgConnection) -> Result<Scope, Halt>;

impl<T: Send + 'static> Command<T> {
    /// The same command in the store that its path names.
    #[must_use]
    pub fn in_store(mut self, name: &str) -> Self {
        self.ctx = self.ctx.in_store(name);
        self
    }

    /// The same command with its body in the words of the domain, or the refusal of the body.
    pub fn try_map<U>(self, parse: impl FnOnce(T) -> Result<U, ApiError>) -> Result<Command<U>, ApiError> {
        let Self { ctx, body, claim } = self;
        Ok(Command { ctx, body: parse(body)?, claim })
    }

    /// Does the work once, in one transaction with its claim and its stored answer.
    pub async fn run<F>(self, name: &'static str, work: F) -> Result<HttpResponse, ApiError>
    where
        F: Fn(&mut PgConnection, &Scope, &T) -> Result<Answer, Halt> + Send + 'static,
    {
        self.run_where(Ctx::scope, name, work).await
    }

    /// The same without a store, for what makes one.
    pub async fn run_platform<F>(self, name: &'static str, work: F) -> Result<HttpResponse, ApiError>
    where
        F: Fn(&mut PgConnection, &Scope, &T) -> Result<Answer, Halt> + Send + 'static,
    {
        self.run_where(|ctx, _conn| Ok(ctx.platform_scope()), name, work).await
    }

    async fn run_where<F>(self, scope_of: ScopeOf, name: &'static str, work: F) -> Result<HttpResponse, ApiError>
    where
        F: Fn(&mut PgConnection, &Scope, &T) -> Result<Answer, Halt> + Send + 'static,
    {
        let Self { ctx, body, claim } = self;
        let outer = ctx.clone();
        let once = Arc::new(Mutex::new(move |conn: &mut PgConnection| match scope_of(&ctx, conn) {
            Ok(scope) => once(conn, scope.store, &claim, |conn| work(conn, &scope, &body)),
            Err(halt) => halt.into_end(),
        }));
        let attempt = || {
            let once = Arc::clone(&once);
            outer.database.write(name, move |conn| once.lock().unwrap_or_else(PoisonError::into_inner)(conn))
        };
        let answer = match attempt().await? {
            Err(Rejected { overdue: Some(overdue), .. }) => {
                outer.reclaim(overdue).await?;
                attempt().await??
            }
            settled => settled?,
        };
        Ok(answer.into_response())
    }
}

/// Claims, works, stores the answer. A refusal leaves nothing behind, the claim included.
pub fn once(
    conn: &mut PgConnection,
    store: StoreId,
    claim: &Claim,
    work: impl FnOnce(&mut PgConnection) -> Result<Answer, Halt>,
) -> Result<End<Result<Answer, Rejected>>, Failure> {
    match store::claim_all(conn, store, &[claim]).map(|mut claimed| claimed.pop()) {
        Ok(Some(Claimed::New)) => {}
        Ok(Some(Claimed::Done(answer))) => return Ok(End::RollBack(Ok(answer))),
        Ok(Some(Claimed::Reused) | None) => return Halt::Refused(Conflict::Reused.into()).into_end(),
        Err(Failure::LockTimeout) => return Halt::Refused(Conflict::InProgress.into()).into_end(),
        Err(failure) => return Err(failure),
    }
    match work(conn) {
        Ok(answer) => {
            store::store_answers(conn, store, &[(claim, &answer)])?;
            Ok(End::Commit(Ok(answer)))
        }
        Err(halt) => {
            if matches!(halt, Halt::Recorded(_)) {
                store::release(conn, store, &[claim])?;
            }
            halt.into_end()
        }
    }
}

impl From<Conflict> for ApiError {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::Reused => {
                Self::new(Code::IdempotencyKeyReused, "This Idempotency-Key was used for another request.")
            }
            Conflict::InProgress => {
                Self::new(Code::RequestInProgress, "A request with this Idempotency-Key is still running.")
                    .retry_after(1)
            }
        }
    }
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Command<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move { extract(request, payload).await })
    }
}

async fn extract<T: DeserializeOwned + Validate>(
    request: HttpRequest,
    mut payload: Payload,
) -> Result<Command<T>, ApiError> {
    let ctx = Ctx::from_request(&request, &mut payload).await?;
    let body = json::read(request.clone(), payload).await?;
    let parsed = serde_json::from_slice(&body.text).map_err(|_checked_before| ApiError::internal())?;
    let claim = Claim {
        caller: caller_of(&ctx.principal, &request),
        key: key_of(&request)?,
        fingerprint: fingerprint(&request, &parsed),
    };
    Ok(Command { ctx, body: body.value, claim })
}

/// Keys are scoped to their caller. Guests are told apart by the order's token that they show, or by their
/// address: a stranger with the same key and body must not be answered with somebody's order.
fn caller_of(principal: &Principal, request: &HttpRequest) -> String {
    match principal {
        Principal::Guest => {
            let token = request.headers().get("x-order-token").map(|token| Sha256::digest(token.as_bytes()).to_vec());
            let who = token.map_or_else(|| limits::address(request), hex::encode);
            format!("{}:{who}", principal.actor())
        }
        Principal::User(_) => principal.actor(),
    }
}

fn key_of(request: &HttpRequest) -> Result<String, ApiError> {
    let Some(value) = request.headers().get("idempotency-key") else {
        return Ok(format!("made:{}", Uuid::new_v4()));
    };
    let key =
        value.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    key.map(ToOwned::to_owned)
        .ok_or_else(|| ApiError::field("Idempotency-Key", "must have 1 to 255 visible ASCII characters"))
}

/// Method, path without its version, query and parsed body: what makes two requests the same.
/// A password is left out: whoever reads the stored hash could try passwords on it, and fast.
fn fingerprint(request: &HttpRequest, body: &Value) -> Vec<u8> {
    let path = request.path().trim_end_matches('/');
    let path = path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api")).unwrap_or(path);
    let mut hash = Sha256::new();
    for part in [request.method().as_str(), path, request.query_string()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(canonical(&without_password(body)).to_string().as_bytes());
    hash.finalize().to_vec()
}

fn without_password(body: &Value) -> Cow<'_, Value> {
    match body {
        Value::Object(fields) if fields.contains_key(PASSWORD) => {
            let others = fields.iter().filter(|(name, _)| *name != PASSWORD);
            Cow::Owned(others.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        _ => Cow::Borrowed(body),
    }
}

const PASSWORD: &str = "password";

/// The same value in one spelling: `52.00` is 52.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => {
                format!("{float:.0}").parse::<i64>().map_or_else(|_too_large| value.clone(), Value::from)
            }
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), canonical(value))).collect(),
        other => other.clone(),
    }
}

/// Reads a call that changes nothing but has a body: it takes no key.
pub struct Question<T> {
    pub ctx: Ctx,
    pub body: T,
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Question<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let ctx = Ctx::from_request(&request, &mut payload).await?;
            let body = json::read(request, payload).await?;
            Ok(Self { ctx, body: body.value })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_part_of_a_fingerprint() {
        let body = serde_json::json!({"email": "a@example.com", "password": "correct horse"});
        assert_eq!(*without_password(&body), serde_json::json!({"email": "a@example.com"}));
        assert_eq!(*without_password(&serde_json::json!([1])), serde_json::json!([1]));
    }

    #[test]
    fn a_number_is_the_same_in_every_spelling() {
        let read = |text: &str| super::canonical(&serde_json::from_str(text).unwrap()).to_string();
        assert_eq!(read(r#"{"a":[52.00,-0.5]}"#), read(r#"{"a":[52,-5e-1]}"#));
        assert_ne!(read("52.5"), read("52"));
    }

    #[test]
    fn the_order_of_fields_makes_no_difference_to_a_fingerprint() {
        let a: serde_json::Value = serde_json::from_str(r#"{"a":1,"b":{"c":2,"d":3}}"#).unwrap();
        let b: serde_json::Value = serde_json::from_str(r#"{"b":{"d":3,"c":2},"a":1}"#).unwrap();
        assert_eq!(a.to_string(), b.to_string());
    }
}
