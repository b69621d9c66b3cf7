//! Parameters in paths and headers. Parameters of queries come with their endpoint.

use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::Schema;

use super::endpoint::Endpoint;
use crate::auth::Access;
use crate::http::query::KnownParameter;
use crate::kernel::quantity::Quantity;
use crate::kernel::schema;

/// All parameters of an endpoint: path, query, headers.
pub fn list(endpoint: &Endpoint) -> Vec<Value> {
    let in_braces = |segment: &'static str| segment.strip_prefix('{')?.strip_suffix('}');
    let in_path = endpoint.path.split('/').filter_map(in_braces).map(|name| in_path(endpoint.path, name));
    let in_query = endpoint.query.iter().map(|parameter| json!(parameter));
    in_path.chain(in_query).chain(headers(endpoint)).collect()
}

/// Moves the description of the schema to the parameter. utoipa ignores the comment of a field whose schema comes from
/// a function.
pub fn described(mut parameter: Parameter) -> Parameter {
    let of_schema = match &mut parameter.schema {
        Some(RefOr::T(Schema::Object(object))) => object.description.take(),
        Some(RefOr::T(Schema::Array(array))) => array.description.take(),
        _ => None,
    };
    parameter.description = parameter.description.or(of_schema);
    parameter
}

/// A query parameter. Words and texts may be empty; lists, dates, numbers and booleans may not.
pub fn known(parameter: &Parameter) -> KnownParameter {
    let schema = json!(parameter.schema);
    let may_repeat = schema.get("type").is_some_and(|kind| kind == "array");
    let is_word = schema.get("type").is_none_or(|kind| kind == "string");
    let may_be_empty = is_word && schema.get("format").is_none();
    KnownParameter { name: parameter.name.clone(), may_be_empty, may_repeat }
}

const DOCUMENT: &str = "Id or number of the document";

fn in_path(path: &str, name: &str) -> Value {
    let first = path.split('/').nth(1).unwrap_or_default();
    let (description, schema, example) = match (first, name) {
        (_, "qty") => ("The requested quantity", json!(Quantity::schema()), json!(2)),
        (_, "provider") => ("A payment provider of the settings", json!(schema::text(1, 50).build()), json!("stripe")),
        ("stores", "id") | (_, "store" | "store_id") => {
            ("Id or code of the store", json!(schema::text(1, 50).build()), json!("STORE-DEMO"))
        }
        ("inventory", "id" | "product_id") => {
            ("Id or SKU of the product", json!(schema::text(1, 100).build()), json!("prod_001"))
        }
        ("orders", "id") => {
            ("Id or number of the order", json!(schema::text(1, 50).build()), json!("ORD-20261121-A4F2K7Q9ZM"))
        }
        ("counts" | "purchase-orders" | "returns" | "shipments" | "transfers", "id") => {
            (DOCUMENT, json!(schema::id_or_name(DOCUMENT, 50)), json!(1))
        }
        (_, "number") => {
            ("Number of the receipt", json!(schema::text(1, 50).build()), json!("RCP-20261121-A4F2K7Q9ZM"))
        }
        ("inventory", "code") => {
            let (description, max_length) = match path {
                "/inventory/scan/{code}" => ("A barcode, a SKU, or the number of a document", 151),
                _ => ("A barcode of the product", 100),
            };
            (description, json!(schema::text(1, max_length).build()), json!("4006381333931"))
        }
        (_, "name") => {
            let kind = schema::text(1, 50).pattern(Some("^[a-z_]+$")).build();
            ("The kind of the mail", json!(kind), json!("order_placed"))
        }
        (_, "language") => {
            let tag = schema::text(2, 35).pattern(Some("^[A-Za-z0-9-]+$")).build();
            ("The language of the mail, as a BCP 47 tag", json!(tag), json!("en"))
        }
        _ => ("Id", json!(schema::id().build()), json!(1)),
    };
    json!({
        "name": name, "in": "path", "required": true, "description": description, "schema": schema, "example": example,
    })
}

fn headers(endpoint: &Endpoint) -> Vec<Value> {
    let mut headers = Vec::new();
    let mut add = |name: &str, description: &str, schema: Value| {
        headers.push(
            json!({"name": name, "in": "header", "required": false, "description": description, "schema": schema}),
        );
    };
    // A callback contains the store in its path, and monitoring is not about a store.
    if !endpoint.path.contains("{store}") && !endpoint.is_at_root {
        let code = json!(schema::text(1, 50).pattern(Some("^[A-Za-z0-9][A-Za-z0-9_-]*$")).build());
        add("X-Store-Id", "Id or code of the store; the first store if absent", code);
    }
    if let Access::Holder(_) = endpoint.access {
        let description = "The `guest_token` of the order, instead of an access token";
        add("X-Order-Token", description, json!(schema::text(1, 255).build()));
    }
    if endpoint.takes_key && endpoint.access == Access::Buyer {
        let description = "For guests who send an `Idempotency-Key`: a random secret of 32 to 255 visible characters, \
             such as a UUID. The client sends the same secret with each attempt. Without it, a repeated request is \
             refused with `IDEMPOTENCY_KEY_REUSED`, because the guest cannot be identified";
        add("X-Guest-Secret", description, json!(schema::text(32, 255).pattern(Some("^[!-~]+$")).build()));
    }
    if endpoint.takes_key {
        let description = "A repeated request with the same key gets the stored response and has no further effect";
        add("Idempotency-Key", description, json!(schema::text(1, 255).pattern(Some("^[!-~]+$")).build()));
    }
    for (name, description) in endpoint.headers {
        add(name, description, json!(schema::text(1, 1000).build()));
    }
    headers
}
