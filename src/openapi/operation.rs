//! One operation of the document.

use serde_json::{Map, Value, json};

use super::document::{BEARER, COOKIE};
use super::endpoint::{CSV, Endpoint, HTML, JSON};
use super::examples::Examples;
use super::parameters;
use super::responses::{Refusals, codes_of};
use crate::auth::Access;
use crate::kernel::schema::REQUIRED_PERMISSION;

/// Describes an endpoint as an operation of the document.
pub fn describe(endpoint: Endpoint, examples: &Examples, refusals: &mut Refusals<'_>) -> Value {
    let mut responses = Map::new();
    for status in std::iter::once(endpoint.success).chain(endpoint.again) {
        responses.insert(status.to_string(), success(&endpoint, status, examples));
    }
    for (status, codes) in codes_of(&endpoint) {
        responses.insert(status.to_string(), refusals.reference(&codes));
    }
    let mut operation = Map::new();
    let mut set = |name: &str, value: Value| drop(operation.insert(name.to_owned(), value));
    set("tags", json!([tag_of(&endpoint)]));
    set("operationId", json!(endpoint.id));
    set("summary", json!(endpoint.summary));
    let of_access = || describe_access(endpoint.access);
    set("description", json!(endpoint.description.map_or_else(of_access, str::to_owned)));
    if endpoint.is_at_root {
        set("servers", json!([{"url": "/", "description": "This server, outside of the versioned API"}]));
    }
    set("parameters", json!(parameters::list(&endpoint)));
    set("responses", json!(responses));
    set("security", security(endpoint.access));
    if let Access::Permission(permission) = endpoint.access {
        set(REQUIRED_PERMISSION, json!(permission.as_str()));
    }
    if let Some(request) = endpoint.request {
        let content = content(json!(request().reference), examples.request(endpoint.id));
        let description = format!("At most {} KiB.", endpoint.max_body / 1024);
        let mut forms = Map::from_iter([(JSON.to_owned(), content)]);
        if endpoint.takes_csv {
            forms.insert(CSV.to_owned(), json!({"schema": {"type": "string"}}));
        }
        set("requestBody", json!({"description": description, "required": endpoint.body_required, "content": forms}));
    }
    Value::Object(operation)
}

fn success(endpoint: &Endpoint, status: u16, examples: &Examples) -> Value {
    let description = match status {
        201 => "Created",
        202 if endpoint.answer.is_some() => "Accepted: the work goes on",
        202 => "Accepted, without a body",
        204 => "Done, without a body",
        _ => "OK",
    };
    let mut response = Map::from_iter([("description".to_owned(), json!(description))]);
    if endpoint.takes_key {
        let description = "`true` if this is the stored response to an earlier request with the same key";
        let schema = json!({"type": "string", "enum": ["true"]});
        let headers = json!({"Idempotent-Replayed": {"description": description, "schema": schema}});
        response.insert("headers".to_owned(), headers);
    }
    if let Some(answer) = endpoint.answer {
        let content = content(json!(answer().reference), examples.answer(endpoint.id));
        let mut forms = Map::from_iter([(endpoint.content_type.to_owned(), content)]);
        if let Some(other) = endpoint.other_content_type {
            forms.insert(other.to_owned(), json!({"schema": {"type": "string", "format": "binary"}}));
        }
        if endpoint.has_page {
            forms.insert(HTML.to_owned(), json!({"schema": {"type": "string"}}));
        }
        if endpoint.has_csv {
            forms.insert(CSV.to_owned(), json!({"schema": {"type": "string"}}));
        }
        response.insert("content".to_owned(), json!(forms));
    }
    Value::Object(response)
}

fn content(schema: Value, example: Option<&Value>) -> Value {
    match example {
        Some(example) => json!({"schema": schema, "example": example}),
        None => json!({"schema": schema}),
    }
}

fn security(access: Access) -> Value {
    match access {
        Access::Anonymous => json!([]),
        Access::Public | Access::Buyer | Access::Holder(_) => json!([{}, {BEARER: []}, {COOKIE: []}]),
        // Permissions are not scopes of a bearer scheme, so the description names them.
        Access::User
        | Access::Admin
        | Access::Permission(_)
        | Access::OwnOr(_)
        | Access::Either(..)
        | Access::Any(_) => json!([{BEARER: []}, {COOKIE: []}]),
    }
}

fn describe_access(access: Access) -> String {
    match access {
        Access::Anonymous => "Needs no token; a token is ignored.".to_owned(),
        Access::Public => "Needs no token.".to_owned(),
        Access::Buyer => {
            "Customers for themselves; guests if the store accepts guest orders; staff with `orders:create`.".to_owned()
        }
        Access::Holder(permission) => {
            format!("The owner; a guest with the order's `X-Order-Token`; staff with `{}`.", permission.as_str())
        }
        Access::OwnOr(permission) => {
            format!("Customers for what is theirs; staff with `{}`.", permission.as_str())
        }
        Access::User => "Needs an account.".to_owned(),
        Access::Admin => "Needs the role admin.".to_owned(),
        Access::Permission(permission) => format!("Needs the permission `{}`.", permission.as_str()),
        Access::Either(one, other) => format!("Needs the permission `{}` or `{}`.", one.as_str(), other.as_str()),
        Access::Any(permissions) => {
            let names: Vec<String> = permissions.iter().map(|one| format!("`{}`", one.as_str())).collect();
            format!("Needs one of the permissions {}, by the kind of the rows.", names.join(", "))
        }
    }
}

/// The tag of an operation: the first word of its path. The path of the API itself has none.
fn tag_of(endpoint: &Endpoint) -> &str {
    if endpoint.is_at_root {
        return "monitoring";
    }
    endpoint.path.split('/').nth(1).filter(|word| !word.is_empty()).unwrap_or("start")
}
