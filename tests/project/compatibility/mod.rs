//! Clients of the last release keep working: the OpenAPI document takes nothing back that the released one offers, and
//! asks for nothing more.

mod facts;

use std::fs;
use std::path::{Path, PathBuf};

use facts::breaks;
use serde_json::{Value, json};
use stockroom::routes;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi")
}

/// The version and the document of the last release.
fn last_release() -> (String, Value) {
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let versions = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned));
    let parts = |version: &str| version.split('.').map(|part| part.parse::<u64>().unwrap()).collect::<Vec<_>>();
    let last = versions.max_by_key(|version| parts(version)).unwrap();
    let document = fs::read(folder().join(format!("{last}.json"))).unwrap();
    (last, serde_json::from_slice(&document).unwrap())
}

#[test]
fn clients_of_the_last_release_keep_working() {
    let (version, released) = last_release();
    let accepted = fs::read_to_string(folder().join("accepted_breaks.txt")).unwrap();
    let accepted: Vec<&str> = accepted.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let breaks = breaks(&released, &routes::document());
    let unexpected: Vec<&String> = breaks.iter().filter(|change| !accepted.contains(&change.as_str())).collect();
    assert!(unexpected.is_empty(), "clients of {version} would break: {unexpected:#?}");
    let stale: Vec<&&str> = accepted.iter().filter(|line| !breaks.iter().any(|change| change == **line)).collect();
    assert!(stale.is_empty(), "these are no breaks since {version}; take them out of the file: {stale:#?}");
}

#[test]
fn the_document_of_this_version_was_kept() {
    let (version, released) = last_release();
    assert_eq!(version, env!("CARGO_PKG_VERSION"), "write docs/openapi/VERSION.json at a release");
    assert_eq!(released["info"]["version"], version);
}

/// An operation with a parameter, a body and an answer.
fn document() -> Value {
    json!({
        "paths": {"/orders": {"post": {
            "operationId": "placeOrder",
            "security": [{}, {"bearer": []}],
            "parameters": [{"in": "query", "name": "store", "required": false, "schema": {"type": "string"}}],
            "requestBody": {
                "required": false,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Request"}}},
            },
            "responses": {
                "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
                "404": {"content": {"application/problem+json": {"schema": {"type": "object"}}}},
            },
        }}},
        "components": {"schemas": {
            "Request": {
                "type": "object",
                "required": ["quantity"],
                "properties": {
                    "quantity": {"type": "integer"},
                    "notes": {"type": "string"},
                    "payment": {"type": "string", "enum": ["card", "cod"]},
                },
            },
            "Order": {
                "type": "object",
                "required": ["id", "items"],
                "properties": {
                    "id": {"type": "integer"},
                    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
                    "parent": {"oneOf": [{"$ref": "#/components/schemas/Order"}, {"type": "null"}]},
                },
            },
            "Item": {"type": "object", "properties": {"sku": {"type": "string"}}},
        }},
    })
}

const OPERATION: &str = "/paths/~1orders/post";
const SCHEMAS: &str = "/components/schemas";

/// The breaks after the value at the pointer was replaced. A null removes it.
fn after(pointer: &str, value: Value) -> Vec<String> {
    let mut newer = document();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let name = name.replace("~1", "/");
    let parent = newer.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        parent.remove(&name).unwrap();
    } else {
        parent.insert(name, value);
    }
    breaks(&document(), &newer)
}

#[test]
fn an_equal_document_breaks_nothing() {
    assert_eq!(breaks(&document(), &document()), [""; 0]);
}

#[test]
fn every_kind_of_loss_is_found_and_named_once() {
    let losses = [
        ("/paths/~1orders".to_owned(), Value::Null, "POST /orders"),
        (OPERATION.to_owned(), Value::Null, "POST /orders"),
        (format!("{OPERATION}/operationId"), json!("addOrder"), "POST /orders is called placeOrder"),
        (format!("{OPERATION}/parameters"), json!([]), "POST /orders takes: query parameter store"),
        (format!("{OPERATION}/requestBody"), Value::Null, "POST /orders takes: body"),
        (format!("{OPERATION}/responses/404"), Value::Null, "POST /orders answers 404"),
        (format!("{SCHEMAS}/Request/properties/notes"), Value::Null, "POST /orders takes: body.notes"),
        (
            format!("{SCHEMAS}/Request/properties/payment/enum"),
            json!(["card"]),
            "POST /orders takes: body.payment as \"cod\"",
        ),
        (
            format!("{SCHEMAS}/Request/properties/notes/enum"),
            json!(["urgent"]),
            "POST /orders takes: body.notes as string",
        ),
        (
            format!("{SCHEMAS}/Request/properties/quantity/type"),
            json!("string"),
            "POST /orders takes: body.quantity as integer",
        ),
        (format!("{SCHEMAS}/Item/properties/sku"), Value::Null, "POST /orders answers 201: body.items[].sku"),
        (format!("{SCHEMAS}/Order/required"), json!(["id"]), "POST /orders answers 201: body.items (always)"),
    ];
    for (pointer, value, lost) in losses {
        assert_eq!(after(&pointer, value), [format!("no longer: {lost}")], "{pointer}");
    }
}

#[test]
fn every_kind_of_new_demand_is_found() {
    let store = json!([{"in": "query", "name": "store", "required": true, "schema": {"type": "string"}}]);
    let demands = [
        (format!("{OPERATION}/security"), json!([{"bearer": []}]), "POST /orders needs an account"),
        (format!("{OPERATION}/parameters"), store, "POST /orders needs: query parameter store"),
        (format!("{OPERATION}/requestBody/required"), json!(true), "POST /orders needs: body"),
        (format!("{SCHEMAS}/Request/required"), json!(["quantity", "notes"]), "POST /orders needs: body.notes"),
        (
            format!("{SCHEMAS}/Item/properties/sku/type"),
            json!(["string", "null"]),
            "POST /orders answers 201: body.items[].sku as null",
        ),
    ];
    for (pointer, value, demand) in demands {
        assert_eq!(after(&pointer, value), [format!("new: {demand}")], "{pointer}");
    }
}

#[test]
fn additions_and_wider_offers_break_nothing() {
    let new_parameter = json!([
        {"in": "query", "name": "store", "required": false, "schema": {"type": "string"}},
        {"in": "query", "name": "page", "required": false, "schema": {"type": "integer"}},
    ]);
    // Its own required field is asked of those only who send it.
    let gift = json!({"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}});
    let additions = [
        ("/paths/~1carts".to_owned(), json!({"get": {"responses": {"200": {}}, "security": [{"bearer": []}]}})),
        (format!("{OPERATION}/parameters"), new_parameter),
        (format!("{OPERATION}/responses/409"), json!({})),
        (format!("{OPERATION}/security"), json!([])),
        (format!("{SCHEMAS}/Request/properties/gift"), gift),
        (format!("{SCHEMAS}/Request/required"), json!([])),
        (format!("{SCHEMAS}/Request/properties/payment/enum"), json!(["card", "cod", "cheque"])),
        (format!("{SCHEMAS}/Request/properties/payment"), json!({"type": "string"})),
        (format!("{SCHEMAS}/Request/properties/quantity/type"), json!(["number", "string"])),
        (format!("{SCHEMAS}/Item/properties/name"), json!({"type": ["string", "null"]})),
        (format!("{SCHEMAS}/Item/required"), json!(["sku"])),
    ];
    for (pointer, value) in additions {
        assert_eq!(after(&pointer, value), [""; 0], "{pointer}");
    }
}
