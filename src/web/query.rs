//! Query strings.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;
use validator::Validate;

use super::json::flatten;
use crate::error::ApiError;
use crate::kernel::text;

/// Typed query values; what is out of range is 422. Names that a call does not know are left alone,
/// so that two of these can read different parts of one query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Validate> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self))
    }
}

/// No call takes more values.
const MAX_PAIRS: usize = 100;

fn parse<T: DeserializeOwned + Validate>(query: &str) -> Result<T, ApiError> {
    let mut given = form_urlencoded::Serializer::new(String::new());
    for (index, (name, value)) in form_urlencoded::parse(query.as_bytes()).enumerate() {
        if index >= MAX_PAIRS {
            return Err(ApiError::field("", format!("the query has more than {MAX_PAIRS} values")));
        }
        if text::has_control(&name) || text::has_control(&value) {
            return Err(ApiError::field(name, "must not contain control characters"));
        }
        // An empty value is the same as none: `?status=&q=` comes from forms.
        if !value.is_empty() {
            given.append_pair(&name, &value);
        }
    }
    let given = given.finish();
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(given.as_bytes()));
    let value: T = serde_path_to_error::deserialize(deserializer)
        .map_err(|error| ApiError::field(error.path().to_string(), error.inner().to_string()))?;
    value.validate().map_err(|errors| ApiError::validation(flatten(&errors)))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::page::PageQuery;

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
