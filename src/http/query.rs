//! Query strings.

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

/// The query parameters of an operation. The boolean is true if the value may be empty: forms send `?q=&status=`, but
/// an empty date or number is a mistake.
#[derive(Clone, Debug, Default)]
pub struct KnownParameters(Rc<[(String, bool)]>);

impl FromIterator<(String, bool)> for KnownParameters {
    fn from_iter<I: IntoIterator<Item = (String, bool)>>(parameters: I) -> Self {
        Self(parameters.into_iter().collect())
    }
}

impl KnownParameters {
    /// Refuses unknown names, repeated names, and empty values where they are not allowed.
    pub fn check(&self, query: &str) -> Result<(), ApiError> {
        check_utf8(query)?;
        let mut seen = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let Some((_, may_be_empty)) = self.0.iter().find(|(known, _)| *known == name) else {
                return Err(ApiError::field(name, self.list()));
            };
            if seen.contains(&name) {
                return Err(ApiError::field(name, "is given twice"));
            }
            if value.is_empty() && !may_be_empty {
                return Err(ApiError::field(name, "must not be empty; leave it out instead"));
            }
            seen.push(name);
        }
        Ok(())
    }

    fn list(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
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

fn parse<T: DeserializeOwned + Validate>(query: &str) -> Result<T, ApiError> {
    let given = without_empty_values(query)?;
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(given.as_bytes()));
    let value: T = serde_path_to_error::deserialize(deserializer)
        .map_err(|error| ApiError::field(error.path().to_string(), error.inner().to_string()))?;
    value.validate().map_err(|errors| ApiError::validation(flatten(&errors)))?;
    Ok(value)
}

/// An empty value counts as absent, because forms send `?status=&q=`.
fn without_empty_values(query: &str) -> Result<String, ApiError> {
    let mut given = form_urlencoded::Serializer::new(String::new());
    for (index, (name, value)) in form_urlencoded::parse(query.as_bytes()).enumerate() {
        if index >= MAX_PAIRS {
            return Err(ApiError::field("", format!("the query has more than {MAX_PAIRS} values")));
        }
        if text::has_control(&name) || text::has_control(&value) {
            return Err(ApiError::field(name, "must not contain control characters"));
        }
        if !value.is_empty() {
            given.append_pair(&name, &value);
        }
    }
    Ok(given.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::page::PageQuery;

    #[test]
    fn unknown_doubled_and_empty_parameters_are_named() {
        let known = KnownParameters::from_iter([("q".to_owned(), true), ("from".to_owned(), false)]);
        for taken in ["", "q=", "q=a&from=b", "&&q=1", "from=%20"] {
            assert!(known.check(taken).is_ok(), "{taken}");
        }
        let refusal = |query: &str| known.check(query).unwrap_err().extra.errors[0].clone();
        let unknown = refusal("q=a&statuss=paid");
        assert_eq!(unknown.field, "statuss");
        assert_eq!(unknown.message, "is not a query parameter of this call; it takes q, from");
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
        for (query, field) in
            [("page=0", "page"), ("limit=1000000000", "limit"), ("limit=x", "limit"), ("page=1%00", "page")]
        {
            assert_eq!(parse::<PageQuery>(query).unwrap_err().extra.errors[0].field, field, "{query}");
        }
    }
}
