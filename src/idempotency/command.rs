//! The extractor of every operation that changes data, and the transaction around its work.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::HeaderValue;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use diesel::PgConnection;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use validator::Validate;

use super::answer::Answer;
use super::fingerprint::Fingerprinted;
use super::once::{Done, Keyed, Outcome, once};
use super::queries::{Claim, is_answered};
use crate::auth::authorize::ORDER_TOKEN;
use crate::auth::{Ctx, Principal, Scope};
use crate::db::{End, Failure};
use crate::error::{Abort, ApiError};
use crate::http::{headers, json, limits};
use crate::kernel::keyed_hash::KeyedHash;

/// A request that changes data: its body, its caller, and its idempotency claim.
pub struct Command<T> {
    pub ctx: Ctx,
    pub body: T,
    pub claim: Claim,
}

/// The body of operations that take none.
#[derive(Debug, Default, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

/// The function with which a command finds its store.
type ScopeOf = fn(&Ctx, &mut PgConnection) -> Result<Scope, Abort>;

/// The work of a command without the type of its body. So the code around it is compiled once.
type Work<E> = Box<dyn Fn(&mut PgConnection, &Scope) -> Outcome<E> + Send>;

impl<T: Send + 'static> Command<T> {
    /// The same command in the store that its path names.
    #[must_use]
    pub fn in_store(mut self, name: &str) -> Self {
        self.ctx = self.ctx.in_store(name);
        self
    }

    /// Converts the body, or refuses it.
    pub fn try_map<U>(self, parse: impl FnOnce(T) -> Result<U, ApiError>) -> Result<Command<U>, ApiError> {
        let Self { ctx, body, claim } = self;
        Ok(Command { ctx, body: parse(body)?, claim })
    }

    /// The command of a file, whose content has this fingerprint.
    pub fn of_file(ctx: Ctx, request: &HttpRequest, fingerprint: &str, body: T) -> Result<Self, ApiError> {
        let claim = new_claim(&ctx.principal, request, &Value::from(fingerprint))?;
        Ok(Self { ctx, body, claim })
    }

    /// Does the work once, in one transaction with its claim and its stored response.
    pub fn run<F>(self, name: &'static str, work: F) -> impl Future<Output = Result<HttpResponse, ApiError>>
    where
        F: Fn(&mut PgConnection, &Scope, &T) -> Result<Answer, Abort> + Send + 'static,
    {
        self.run_where(Ctx::scope, name, work)
    }

    /// The same for work with an effect, which the metrics count.
    pub fn run_with_effect<E, F>(self, name: &'static str, work: F) -> impl Future<Output = Result<Done<E>, ApiError>>
    where
        E: Clone + Default + Send + 'static,
        F: Fn(&mut PgConnection, &Scope, &T) -> Outcome<E> + Send + 'static,
    {
        let Self { ctx, body, claim } = self;
        let work = move |conn: &mut PgConnection, scope: &Scope| work(conn, scope, &body);
        run_claimed(ctx, claim, Ctx::scope, name, Box::new(work))
    }

    /// The same as `run` without a store, for operations that create one.
    pub fn run_platform<F>(self, name: &'static str, work: F) -> impl Future<Output = Result<HttpResponse, ApiError>>
    where
        F: Fn(&mut PgConnection, &Scope, &T) -> Result<Answer, Abort> + Send + 'static,
    {
        self.run_where(|ctx, _conn| Ok(ctx.platform_scope()), name, work)
    }

    /// Does a part of the work before `run`, in parts, each in a transaction of its own. A part gets the end of the
    /// one before it, and returns its own end, or None if it leaves the rest to `run`. Returns the last end. A request
    /// that is answered already runs no part. So a part must be safe to run again.
    pub async fn run_in_parts<F>(&self, name: &'static str, part: F) -> Result<i64, ApiError>
    where
        F: Fn(&mut PgConnection, &Scope, i64) -> Result<Option<i64>, Abort> + Send + Sync + 'static,
    {
        let part = Arc::new(part);
        let mut after = 0;
        loop {
            let attempt = || {
                let (part, ctx, claim) = (Arc::clone(&part), self.ctx.clone(), self.claim.clone());
                self.ctx.database.write(name, move |conn| {
                    let next = ctx.scope(conn).and_then(|scope| match is_answered(conn, scope.store, &claim)? {
                        true => Ok(None),
                        false => part(conn, &scope, after),
                    });
                    next.map_or_else(Abort::into_end, |next| Ok(End::Commit(Ok(next))))
                })
            };
            match self.ctx.retry_overdue(attempt).await? {
                Some(next) => after = next,
                None => return Ok(after),
            }
        }
    }

    fn run_where<F>(
        self,
        scope_of: ScopeOf,
        name: &'static str,
        work: F,
    ) -> impl Future<Output = Result<HttpResponse, ApiError>>
    where
        F: Fn(&mut PgConnection, &Scope, &T) -> Result<Answer, Abort> + Send + 'static,
    {
        let Self { ctx, body, claim } = self;
        let work = move |conn: &mut PgConnection, scope: &Scope| work(conn, scope, &body).map(Done::<()>::from);
        answer_claimed(ctx, claim, scope_of, name, Box::new(work))
    }
}

async fn answer_claimed(
    ctx: Ctx,
    claim: Claim,
    scope_of: ScopeOf,
    name: &'static str,
    work: Work<()>,
) -> Result<HttpResponse, ApiError> {
    let Done { answer, effect: () } = run_claimed(ctx, claim, scope_of, name, work).await?;
    Ok(answer.into_response())
}

/// Does the work once, in one transaction with the claim and the stored response.
async fn run_claimed<E: Clone + Default + Send + 'static>(
    ctx: Ctx,
    claim: Claim,
    scope_of: ScopeOf,
    name: &'static str,
    work: Work<E>,
) -> Result<Done<E>, ApiError> {
    let outer = ctx.clone();
    let keyed = Keyed { claim, request: () };
    let transaction = Arc::new(Mutex::new(move |conn: &mut PgConnection| {
        let scope = match scope_of(&ctx, conn) {
            Ok(scope) => scope,
            Err(abort) => return abort.into_end(),
        };
        let work = |conn: &mut PgConnection, _: &[&()]| Ok(vec![work(conn, &scope)]);
        once(conn, scope.store, &[&keyed], work).map(only_outcome)
    }));
    let attempt = || {
        let transaction = Arc::clone(&transaction);
        outer.database.write(name, move |conn| transaction.lock().unwrap_or_else(PoisonError::into_inner)(conn))
    };
    outer.retry_overdue(attempt).await
}

fn only_outcome<E>(end: End<Vec<Outcome<E>>>) -> End<Outcome<E>> {
    let missing = || Err(Failure::Internal("a request has no outcome".to_owned()).into());
    end.map(|mut outcomes| outcomes.pop().unwrap_or_else(missing))
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Command<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let received = receive(request.clone(), payload.take());
        Box::pin(async move {
            let Received { request, ctx, body } = received.await?;
            let fields = body.parse()?;
            let claim = new_claim(&ctx.principal, &request, &body.document)?;
            Ok(Self { ctx, body: fields, claim })
        })
    }
}

/// A request before the fields of its body are read. So receiving it is compiled once, and not for each body.
struct Received {
    request: HttpRequest,
    ctx: Ctx,
    body: json::Body,
}

async fn receive(request: HttpRequest, mut payload: Payload) -> Result<Received, ApiError> {
    let ctx = Ctx::from_request(&request, &mut payload).await?;
    let body = json::read(&request, payload).await?;
    Ok(Received { request, ctx, body })
}

/// The idempotency claim of the request. Keys are scoped to their caller: a user, or a guest with a secret. A guest
/// without a secret cannot be identified. So its caller is the address, and its fingerprint is random: a repeated key
/// is refused.
fn new_claim(principal: &Principal, request: &HttpRequest, body: &Value) -> Result<Claim, ApiError> {
    let keyed = request.app_data::<Data<KeyedHash>>().ok_or_else(ApiError::internal)?;
    let key = idempotency_key(request)?;
    let (method, path, query) = (request.method().as_str(), request.path(), request.query_string());
    let fingerprint = Fingerprinted { method, path, query, body }.hash(keyed);
    let actor = principal.actor();
    Ok(match (principal, guest_secret(request)?) {
        (Principal::User(_), _) => Claim { caller: actor, key, fingerprint },
        (Principal::Guest, Some(secret)) => {
            Claim { caller: format!("{actor}:{}", hex::encode(Sha256::digest(secret))), key, fingerprint }
        }
        (Principal::Guest, None) => {
            let caller = format!("{actor}:{}", limits::address(request));
            Claim { caller, key, fingerprint: rand::random::<[u8; 32]>().to_vec() }
        }
    })
}

/// The header with which a guest can repeat a request: a secret that the guest's client generated.
pub const GUEST_SECRET: &str = "X-Guest-Secret";

/// The number of hexadecimal digits of 128 random bits.
const MIN_SECRET_CHARS: usize = 32;

/// The secret of a guest. The token of an order is a valid secret too, for requests about that order.
fn guest_secret(request: &HttpRequest) -> Result<Option<&str>, ApiError> {
    match headers::single(request.headers(), GUEST_SECRET)? {
        None => Ok(headers::single(request.headers(), ORDER_TOKEN)?.and_then(as_secret)),
        Some(value) => as_secret(value)
            .map(Some)
            .ok_or_else(|| ApiError::field(GUEST_SECRET, "must have 32 to 255 visible ASCII characters")),
    }
}

fn as_secret(value: &HeaderValue) -> Option<&str> {
    let is_secret = |text: &&str| {
        (MIN_SECRET_CHARS..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    value.to_str().ok().filter(is_secret)
}

fn idempotency_key(request: &HttpRequest) -> Result<String, ApiError> {
    let Some(value) = headers::single(request.headers(), "Idempotency-Key")? else {
        return Ok(format!("generated:{}", Uuid::new_v4()));
    };
    let key =
        value.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    key.map(ToOwned::to_owned)
        .ok_or_else(|| ApiError::field("Idempotency-Key", "must have 1 to 255 visible ASCII characters"))
}

/// A request with a body and without an idempotency claim. It changes nothing, or it is part of signing in and out.
pub struct UnclaimedRequest<T> {
    pub ctx: Ctx,
    pub body: T,
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for UnclaimedRequest<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let received = receive(request.clone(), payload.take());
        Box::pin(async move {
            let Received { request: _, ctx, body } = received.await?;
            Ok(Self { body: body.parse()?, ctx })
        })
    }
}
