//! Error responses. Each set of codes with one status is a component that operations refer to.

use std::collections::BTreeMap;

use actix_web::http::Method;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::endpoint::Endpoint;
use super::examples::Examples;
use crate::auth::Access;
use crate::error::{Code, PROBLEM_JSON, Problem};

/// The components of error responses, created when operations refer to them.
pub struct Refusals<'a> {
    examples: &'a Examples,
    responses: Map<String, Value>,
    problems: Map<String, Value>,
}

impl<'a> Refusals<'a> {
    pub fn new(examples: &'a Examples) -> Self {
        Self { examples, responses: Map::new(), problems: Map::new() }
    }

    /// Returns a reference to the response for these codes, which have the same status.
    pub fn reference(&mut self, codes: &[Code]) -> Value {
        let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let name = names.join("-");
        for code in codes {
            let problem = || json!({"summary": code.title(), "value": self.examples.refusal(*code)});
            self.problems.entry(code.as_str()).or_insert_with(problem);
        }
        self.responses.entry(name.clone()).or_insert_with(|| response(codes));
        json!({"$ref": format!("#/components/responses/{name}")})
    }

    /// Returns the responses, and an example of each code.
    pub fn into_components(self) -> (Value, Value) {
        (Value::Object(self.responses), Value::Object(self.problems))
    }
}

fn response(codes: &[Code]) -> Value {
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let titles: Vec<String> = codes.iter().map(|code| format!("{} (`{}`)", code.title(), code.as_str())).collect();
    let examples: Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/examples/{name}")})))
        .collect();
    let schema = json!({"$ref": format!("#/components/schemas/{}", Problem::name())});
    let mut response = json!({
        "description": titles.join(", or "),
        "content": {PROBLEM_JSON: {"schema": schema, "examples": examples}},
        "x-codes": names,
    });
    if let (true, Some(response)) = (codes.iter().any(|code| code.has_retry_after()), response.as_object_mut()) {
        let seconds = json!({"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 0}});
        response.insert("headers".to_owned(), json!({"Retry-After": seconds}));
    }
    response
}

/// The codes of an endpoint by status: its own codes, and those that follow from its kind.
pub fn codes_of(endpoint: &Endpoint) -> BTreeMap<u16, Vec<Code>> {
    let mut codes = endpoint.errors.clone();
    // Any operation refuses unknown query parameters.
    codes.extend([Code::Internal, Code::DatabaseUnavailable, Code::Busy, Code::ValidationFailed]);
    if !endpoint.is_at_root {
        codes.push(Code::RateLimited);
    }
    match endpoint.access {
        Access::Anonymous => {}
        Access::Public | Access::User => codes.extend([Code::Unauthenticated, Code::TokenExpired]),
        Access::Buyer
        | Access::Permission(_)
        | Access::OwnOr(_)
        | Access::Either(..)
        | Access::Any(_)
        | Access::Admin
        | Access::Holder(_) => {
            codes.extend([Code::Unauthenticated, Code::TokenExpired, Code::Forbidden]);
        }
    }
    if endpoint.access != Access::Anonymous {
        codes.push(Code::StoreNotFound);
        // With a cookie, a request that changes data must come from a page of this server.
        if endpoint.method != Method::GET {
            codes.push(Code::Forbidden);
        }
    }
    // Errors of the request's head: it is not valid HTTP, names a host that is not allowed, or is too large.
    codes.extend([Code::MalformedRequest, Code::HeadersTooLarge]);
    // Operations without a body still refuse a body that cannot be read.
    if endpoint.request.is_some() || endpoint.takes_key {
        codes.extend([Code::RequestTimeout, Code::PayloadTooLarge, Code::UnsupportedMediaType]);
    }
    if endpoint.takes_key {
        codes.extend([Code::RequestInProgress, Code::IdempotencyKeyReused, Code::OutcomeUnknown]);
    }
    codes.sort_unstable();
    codes.dedup();
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    by_status
}
