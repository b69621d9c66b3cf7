//! Query strings.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpRequest};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use validator::Validate;

use super::json::flatten;
use crate::error::ApiError;
use crate::kernel::text;

/// A query parameter of an operation.
#[derive(Clone, Debug)]
pub struct KnownParameter {
    pub name: String,
    /// Forms send `?q=&status=`, but an empty date or number is a mistake.
    pub may_be_empty: bool,
    /// True for a list: `?type=a&type=b` is the same as `?type=a,b`.
    pub may_repeat: bool,
}

/// The query parameters of an operation.
#[derive(Clone, Debug, Default)]
pub struct KnownParameters(Rc<[KnownParameter]>);

impl FromIterator<KnownParameter> for KnownParameters {
    fn from_iter<I: IntoIterator<Item = KnownParameter>>(parameters: I) -> Self {
        Self(parameters.into_iter().collect())
    }
}

impl KnownParameters {
    /// Refuses unknown names, repeated names, and empty values where they are not allowed.
    pub fn check(&self, query: &str) -> Result<(), ApiError> {
        check_utf8(query)?;
        let mut seen = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let Some(known) = self.0.iter().find(|known| known.name == name) else {
                return Err(ApiError::field(name, self.list()));
            };
            if seen.contains(&name) && !known.may_repeat {
                return Err(ApiError::field(name, "is given twice"));
            }
            if value.is_empty() && !known.may_be_empty {
                return Err(ApiError::field(name, "must not be empty; leave it out instead"));
            }
            seen.push(name);
        }
        Ok(())
    }

    fn list(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|known| known.name.as_str()).collect();
        match names.as_slice() {
            [] => "is not a query parameter: this call takes none".to_owned(),
            names => format!("is not a query parameter of this call; it takes {}", names.join(", ")),
        }
    }
}

/// Refuses a query whose percent-encoded bytes are not UTF-8. The parser would replace them by another character.
fn check_utf8(query: &str) -> Result<(), ApiError> {
    let is_text = |part: &str| percent_decode_str(part).decode_utf8().is_ok();
    match query.split('&').find(|pair| !is_text(pair)) {
        None => Ok(()),
        Some(pair) => {
            let name = percent_decode_str(pair.split('=').next().unwrap_or_default()).decode_utf8_lossy();
            Err(ApiError::field(name, "must be UTF-8 in percent-encoding, such as %C3%A9 for \u{e9}"))
        }
    }
}

/// Middleware that refuses a request with unknown query parameters.
pub async fn check<B: MessageBody>(
    known: KnownParameters,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match known.check(request.query_string()) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Err(refusal) => Ok(request.error_response(refusal).map_into_right_body()),
    }
}

/// Typed query values; values out of range are refused with 422. Several extractors can read parts of one query,
/// because [`KnownParameters::check`] has already refused unknown names.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Validate> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

/// The maximal number of values. No operation accepts more.
const MAX_PAIRS: usize = 100;

/// The typed values of a query or of a form.
pub(super) fn parse<T: DeserializeOwned + Validate>(query: &str) -> Result<T, ApiError> {
    let given = normalized(query)?;
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(given.as_bytes()));
    let value: T = serde_path_to_error::deserialize(deserializer)
        .map_err(|error| ApiError::field(error.path().to_string(), error.inner().to_string()))?;
    value.validate().map_err(|errors| ApiError::validation(flatten(&errors)))?;
    Ok(value)
}

/// The query without empty values, which count as absent, because forms send `?status=&q=`. The values of a list are
/// joined: `type=a,b`. Only a list may be repeated, which has been checked before.
fn normalized(query: &str) -> Result<String, ApiError> {
    let mut given: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    for (index, (name, value)) in form_urlencoded::parse(query.as_bytes()).enumerate() {
        if index >= MAX_PAIRS {
            return Err(ApiError::field("", format!("the query has more than {MAX_PAIRS} values")));
        }
        if text::has_control(&name) || text::has_control(&value) {
            return Err(ApiError::field(name, "must not contain control characters"));
        }
        if value.is_empty() {
            continue;
        }
        match given.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => *values = format!("{values},{value}").into(),
            None => given.push((name, value)),
        }
    }
    Ok(form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::page::PageQuery;

    #[derive(serde::Deserialize, Validate)]
    struct TypeQuery {
        r#type: String,
    }

    #[test]
    fn unknown_doubled_and_empty_parameters_are_named() {
        let parameter = |name: &str, may_be_empty| KnownParameter {
            name: name.to_owned(),
            may_be_empty,
            may_repeat: name == "type",
        };
        let known =
            KnownParameters::from_iter([parameter("q", true), parameter("from", false), parameter("type", false)]);
        for taken in ["", "q=", "q=a&from=b", "&&q=1", "from=%20"] {
            assert!(known.check(taken).is_ok(), "{taken}");
        }
        let refusal = |query: &str| known.check(query).unwrap_err().extra.errors[0].clone();
        let unknown = refusal("q=a&statuss=paid");
        assert_eq!(unknown.field, "statuss");
        assert_eq!(unknown.message, "is not a query parameter of this call; it takes q, from, type");
        assert!(known.check("type=a&type=b&q=1").is_ok());
        assert_eq!(refusal("q=1&q=1").message, "is given twice");
        for empty in ["from=", "from"] {
            assert_eq!(refusal(empty).message, "must not be empty; leave it out instead");
        }
        for (query, field) in [("q=%ff", "q"), ("from=1&q=a%C3", "q"), ("%fe=1", "\u{fffd}")] {
            let problem = refusal(query);
            assert_eq!(problem.field, field, "{query}");
            assert!(problem.message.starts_with("must be UTF-8"), "{}", problem.message);
        }
        assert!(known.check("q=%C3%A9").is_ok());
        assert!(KnownParameters::default().check("page=1").is_err());
        assert!(refusal(&"x".repeat(70_000)).field.len() <= 200);
    }

    #[test]
    fn values_out_of_range_are_named() {
        assert_eq!(parse::<PageQuery>("").unwrap().limit, 20);
        assert_eq!(parse::<PageQuery>("page=3&limit=5&sort=x").unwrap().page, 3);
        let type_of = |query| parse::<TypeQuery>(query).unwrap().r#type;
        assert_eq!(type_of("type=a&type=b"), "a,b");
        assert_eq!(type_of("type=a,b"), "a,b");
        for (query, field) in
            [("page=0", "page"), ("limit=1000000000", "limit"), ("limit=x", "limit"), ("page=1%00", "page")]
        {
            assert_eq!(parse::<PageQuery>(query).unwrap_err().extra.errors[0].field, field, "{query}");
        }
    }
}
