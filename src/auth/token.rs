//! Access tokens: JWTs with one algorithm and strictly checked claims.

use chrono::{TimeDelta, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cookie::CookieHash;
use super::hs256;
use super::principal::Role;
use super::token_versions;
use crate::error::{ApiError, Code};
use crate::kernel::id::UserId;
use crate::settings::Auth;

const ALGORITHM: Algorithm = Algorithm::HS256;
/// The type of RFC 9068, so that no other token with the same key is accepted as an access token.
const TYPE: &str = "at+jwt";

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    role: Role,
    /// The version of the account's tokens. Tokens issued before versions existed have none.
    #[serde(default)]
    ver: i64,
    iat: i64,
    exp: i64,
    jti: String,
    /// The session of the token, identified by its family of refresh tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<i64>,
}

/// Signs and checks access tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    issuer: String,
    audience: String,
    /// The lifetime of an access token.
    pub ttl_seconds: i64,
    /// The lifetime of a refresh token.
    pub refresh_ttl: TimeDelta,
}

/// The claims of a valid token, or the same facts of a valid cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    pub user: UserId,
    pub role: Role,
    /// The session: the family of refresh tokens with which it was issued, or that of the cookie.
    pub session: Option<i64>,
    /// The hash of the cookie, if the request has one instead of a token.
    pub cookie: Option<CookieHash>,
    /// The version of the account's tokens at the time of signing.
    pub version: i64,
    /// The second from which on the token or the cookie is expired.
    pub expires_at: i64,
}

impl Tokens {
    pub fn new(auth: &Auth) -> Self {
        hs256::install();
        let secret = auth.jwt_secret.reveal().as_bytes();
        let mut validation = Validation::new(ALGORITHM);
        validation.set_issuer(&[&auth.issuer]);
        validation.set_audience(&[&auth.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = 0;
        // A token that expires within this second has expired.
        validation.reject_tokens_expiring_in_less_than = 1;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            issuer: auth.issuer.clone(),
            audience: auth.audience.clone(),
            ttl_seconds: auth.access_ttl_seconds,
            refresh_ttl: TimeDelta::try_seconds(auth.refresh_ttl_seconds).unwrap_or(TimeDelta::MAX),
        }
    }

    /// Signs a token with the account's current token version. Its session is identified by the family of refresh
    /// tokens.
    pub fn sign(&self, user: UserId, role: Role, version: i64, session: Option<i64>) -> Result<String, ApiError> {
        let issued = Utc::now().timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: user.to_string(),
            role,
            ver: version,
            iat: issued,
            exp: issued.saturating_add(self.ttl_seconds),
            jti: Uuid::new_v4().to_string(),
            sid: session,
        };
        let header = Header { typ: Some(TYPE.to_owned()), ..Header::new(ALGORITHM) };
        jsonwebtoken::encode(&header, &claims, &self.encoding).map_err(|error| {
            log::error!(error:% = error; "signing a token failed");
            ApiError::internal()
        })
    }

    pub fn check(&self, token: &str) -> Result<Bearer, ApiError> {
        let refuse = || ApiError::new(Code::Unauthenticated, "The access token is not valid.");
        let data =
            jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation).map_err(|error| {
                match error.kind() {
                    ErrorKind::ExpiredSignature => ApiError::new(Code::TokenExpired, "The access token has expired."),
                    _ => refuse(),
                }
            })?;
        let user: i64 = data.claims.sub.parse().map_err(|_not_an_id| refuse())?;
        // An id has one spelling: `parse` also reads `02` and `+2`. A token with `crit` must be refused by a reader that
        // does not know the named extensions (RFC 7515, section 4.1.11), and this reader knows none.
        let is_ours = data.header.typ.as_deref() == Some(TYPE) && data.header.crit.is_none();
        if !is_ours || data.claims.jti.is_empty() || user.to_string() != data.claims.sub {
            return Err(refuse());
        }
        let Claims { role, sid: session, ver: version, exp, .. } = data.claims;
        // Revocations are kept for the lifetime of a token. So a token of a server with a longer lifetime must be
        // renewed.
        let rest = exp.saturating_sub(Utc::now().timestamp());
        if rest > self.ttl_seconds.saturating_add(token_versions::MARGIN_SECONDS) {
            return Err(ApiError::new(
                Code::TokenExpired,
                "The access token is valid for longer than this server allows.",
            ));
        }
        Ok(Bearer { user: UserId(user), role, session, cookie: None, version, expires_at: exp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Secret;

    fn tokens(secret: &str, issuer: &str, ttl_seconds: i64) -> Tokens {
        Tokens::new(&Auth {
            jwt_secret: Secret::new(secret.repeat(32)),
            issuer: issuer.into(),
            audience: "api".into(),
            access_ttl_seconds: ttl_seconds,
            refresh_ttl_seconds: 60,
            revocation_seconds: 2,
            hash_threads: 1,
        })
    }

    #[test]
    fn only_our_own_unexpired_tokens_pass() {
        let ours = tokens("a", "stockroom", 60);
        let good = ours.sign(UserId(7), Role::Customer, 3, Some(5)).unwrap();
        let bearer = ours.check(&good).unwrap();
        assert_eq!((bearer.user, bearer.role, bearer.session), (UserId(7), Role::Customer, Some(5)));
        assert!(bearer.version == 3 && (55..=60).contains(&(bearer.expires_at - Utc::now().timestamp())));
        let others = [tokens("b", "stockroom", 60), tokens("a", "elsewhere", 60)];
        for other in others {
            let forged = other.sign(UserId(7), Role::Admin, 3, None).unwrap();
            assert_eq!(ours.check(&forged).unwrap_err().code, Code::Unauthenticated);
        }
        let longer = tokens("a", "stockroom", 600).sign(UserId(7), Role::Customer, 3, None).unwrap();
        assert_eq!(ours.check(&longer).unwrap_err().code, Code::TokenExpired);
        let expired = tokens("a", "stockroom", -60).sign(UserId(7), Role::Admin, 3, None).unwrap();
        assert_eq!(ours.check(&expired).unwrap_err().code, Code::TokenExpired);
    }

    #[test]
    fn a_token_of_another_type_is_refused() {
        let ours = tokens("a", "stockroom", 60);
        let good = ours.sign(UserId(7), Role::Admin, 3, None).unwrap();
        let claims = jsonwebtoken::decode::<Claims>(&good, &ours.decoding, &ours.validation).unwrap().claims;
        let plain = jsonwebtoken::encode(&Header::new(ALGORITHM), &claims, &ours.encoding).unwrap();
        assert_eq!(ours.check(&plain).unwrap_err().code, Code::Unauthenticated);
    }

    #[test]
    fn an_extension_that_must_be_understood_and_another_spelling_of_the_account_are_refused() {
        let ours = tokens("a", "stockroom", 60);
        let good = ours.sign(UserId(7), Role::Admin, 3, None).unwrap();
        let mut claims = jsonwebtoken::decode::<Claims>(&good, &ours.decoding, &ours.validation).unwrap().claims;
        let header = || Header { typ: Some(TYPE.to_owned()), ..Header::new(ALGORITHM) };
        let check = |header: &Header, claims: &Claims| {
            let token = jsonwebtoken::encode(header, claims, &ours.encoding).unwrap();
            ours.check(&token).map(|bearer| bearer.user).map_err(|refusal| refusal.code)
        };
        assert_eq!(check(&header(), &claims), Ok(UserId(7)));
        for names in [vec!["exp".to_owned()], Vec::new()] {
            let critical = Header { crit: Some(names), ..header() };
            assert_eq!(check(&critical, &claims), Err(Code::Unauthenticated));
        }
        for spelling in ["07", "+7", " 7", "7.0", ""] {
            claims.sub = spelling.to_owned();
            assert_eq!(check(&header(), &claims), Err(Code::Unauthenticated), "{spelling}");
        }
    }
}
