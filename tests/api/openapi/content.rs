//! The OpenAPI document and the program agree: words, parameters, examples. The client of all tests compares every
//! answer with the document (`common/document.rs`).

use std::collections::BTreeSet;

use crate::common::{TestApp, Value, document, json};
use stockroom::audit::words::{Action, Entity};
use stockroom::auth::{Permission, Role};
use stockroom::error::Code;
use stockroom::inventory::inbounds::status::InboundStatus;
use stockroom::inventory::reservation::State;
use stockroom::inventory::stock_level::MovementKind;
use stockroom::orders::status::{OrderStatus, PaymentStatus};
use stockroom::payments::queries::events::EventOutcome;
use stockroom::routes;
use strum::VariantArray;

/// Every operation, with its method and path.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let each = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation.clone()))
    });
    each.collect()
}

fn words(values: &Value) -> BTreeSet<&str> {
    values
        .as_array()
        .unwrap_or_else(|| panic!("no words: {values}"))
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect()
}

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    words.into_iter().collect()
}

#[test]
fn the_words_of_the_document_are_those_of_the_program() {
    let document = routes::document();
    let schemas = &document["components"]["schemas"];
    let of_type = |name: &str| words(&schemas[name]["enum"]);
    assert_eq!(of_type("Code"), set(Code::ALL.iter().map(|code| code.as_str())));
    assert_eq!(of_type("Permission"), set(Permission::VARIANTS.iter().map(|permission| permission.as_str())));
    assert_eq!(of_type("Role"), set(Role::VARIANTS.iter().map(|role| role.as_str())));
    assert_eq!(of_type("OrderStatus"), set(OrderStatus::VARIANTS.iter().map(|status| status.as_str())));
    assert_eq!(of_type("InboundStatus"), set(InboundStatus::VARIANTS.iter().map(|status| status.as_str())));
    assert_eq!(of_type("PaymentStatus"), set(PaymentStatus::VARIANTS.iter().map(|status| status.as_str())));
    assert_eq!(of_type("ReservationState"), set(State::VARIANTS.iter().map(|state| state.as_str())));
    let of_field = |name: &str, field: &str| words(&schemas[name]["properties"][field]["enum"]);
    assert_eq!(of_field("AuditEntryResponse", "action"), set(Action::VARIANTS.iter().map(|action| action.as_str())));
    assert_eq!(of_field("AuditEntryResponse", "entity"), set(Entity::VARIANTS.iter().map(|entity| entity.as_str())));
    assert_eq!(of_field("MovementResponse", "kind"), set(MovementKind::VARIANTS.iter().map(|kind| kind.as_str())));
    for kind in MovementKind::VARIANTS {
        let action = match kind {
            MovementKind::Fulfil => "ORDER_FULFILLED".to_owned(),
            MovementKind::Restore => "STOCK_RESTORED".to_owned(),
            MovementKind::Ship => "STOCK_SHIPPED".to_owned(),
            other => format!("STOCK_{}", other.as_str().to_uppercase()),
        };
        assert!(action.parse::<Action>().is_ok(), "{action}");
    }
    let outcomes = EventOutcome::VARIANTS.iter().map(|outcome| outcome.as_str()).chain(["duplicate"]);
    assert_eq!(of_field("CallbackResponse", "outcome"), set(outcomes));
    let needed: BTreeSet<String> = operations(&document)
        .iter()
        .filter_map(|(_, _, operation)| operation["x-required-permission"].as_str().map(str::to_owned))
        .collect();
    assert!(needed.iter().all(|needed| needed.parse::<Permission>().is_ok()), "{needed:?}");
}

#[test]
fn every_operation_has_an_id_that_makes_a_good_name_of_a_function() {
    let document = routes::document();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        let is_camel_case =
            id.starts_with(|c: char| c.is_ascii_lowercase()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        assert!(is_camel_case, "{method} {path}: '{id}'");
        let tag = &operation["tags"][0];
        assert!(document["tags"].as_array().unwrap().iter().any(|known| known["name"] == *tag), "{path}: {tag}");
        assert!(ids.insert(id.clone()), "{id} is given twice");
    }
}

#[test]
fn every_text_of_a_request_has_a_longest_length() {
    let document = routes::document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas.iter().filter(|(name, _)| name.ends_with("Request")) {
        assert_eq!(schema["additionalProperties"], false, "{name} takes unknown fields");
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            let is_text = schema["type"] == "string" || schema["type"] == json!(["string", "null"]);
            let is_bounded = schema["maxLength"].is_u64() || schema["enum"].is_array();
            assert!(!is_text || is_bounded, "{name}.{field} has no longest length: {schema}");
        }
    }
}

/// Adds the places of texts without a bound. Objects and lists are searched, references are not.
fn collect_unbounded(place: &str, schema: &Value, found: &mut Vec<String>) {
    let is_text = schema["type"] == "string" || schema["type"] == json!(["string", "null"]);
    if is_text && ["maxLength", "format", "enum", "pattern"].iter().all(|bound| schema[bound].is_null()) {
        found.push(place.to_owned());
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        collect_unbounded(&format!("{place}.{name}"), field, found);
    }
    for inner in ["items", "additionalProperties"].iter().filter(|inner| schema[**inner].is_object()) {
        collect_unbounded(&format!("{place}.{inner}"), &schema[*inner], found);
    }
}

#[test]
fn every_text_has_a_bound() {
    let mut unbounded = Vec::new();
    for (name, schema) in routes::document()["components"]["schemas"].as_object().unwrap() {
        collect_unbounded(name, schema, &mut unbounded);
    }
    assert!(unbounded.is_empty(), "{unbounded:#?}");
}

#[test]
fn every_operation_refuses_query_parameters_that_it_does_not_know() {
    let app = TestApp::start();
    let admin = app.admin();
    let mut asked = 0;
    let document = routes::document();
    for (method, path, operation) in operations(&document) {
        let path = path.replace("{qty}", "1").replace(['{', '}'], "");
        let known: Vec<Value> = operation["parameters"].as_array().unwrap().clone();
        let known: Vec<Value> = known.into_iter().filter(|parameter| parameter["in"] == "query").collect();
        let refused = |query: &str, field: &str| {
            let client = if operation["servers"].is_array() { admin.clone().under("") } else { admin.clone() };
            let problem = client.send(&method, &format!("{path}?{query}"), None).refused(422, "VALIDATION_FAILED");
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
            problem["errors"][0]["message"].as_str().unwrap().to_owned()
        };
        let message = refused("statuss=1", "statuss");
        for parameter in &known {
            let name = parameter["name"].as_str().unwrap();
            assert!(message.contains(name), "{method} {path}: {message}");
            let schema = resolved(&document, &parameter["schema"]);
            // A list of names may have any of them twice.
            let is_list_of_names = schema["type"] == "array" && schema["items"]["enum"].is_null();
            if !is_list_of_names {
                refused(&format!("{name}=1&{name}=1"), name);
            }
            // A product is named by any text: its id or an SKU.
            let is_text = schema["type"] == "string" && schema["format"].is_null() || schema["oneOf"].is_array();
            if !is_text {
                refused(&format!("{name}="), name);
            }
            if (!is_text || schema["enum"].is_array()) && !is_list_of_names {
                for wrong in ["x", "99999999999999999999999", "-", "2026-13-01T00:00:00Z"] {
                    let message = refused(&format!("{name}={wrong}"), name);
                    assert!(message.starts_with("must be "), "{method} {path} {name}={wrong}: {message}");
                    let words = schema["enum"].as_array().into_iter().flatten().map(|word| word.as_str().unwrap());
                    assert!(
                        words.filter(|word| !word.starts_with('-')).all(|word| message.contains(word)),
                        "{message}"
                    );
                }
            }
            refused(&format!("{name}=%ff"), name);
            asked += 1;
        }
    }
    assert!(asked > 50, "only {asked} parameters");
}

#[test]
fn every_operation_has_examples_that_are_valid() {
    let described = routes::document();
    for (method, path, operation) in operations(&described) {
        let check = |content: &Value| {
            // One of several forms has an example.
            let forms = content.as_object().into_iter().flat_map(|content| content.values());
            if let Some(content) = forms.max_by_key(|form| form.get("example").is_some()) {
                let example = content.get("example").unwrap_or_else(|| panic!("{method} {path} has no example"));
                document::check_value(&content["schema"], example);
            }
        };
        check(&operation["requestBody"]["content"]);
        let answers = operation["responses"].as_object().unwrap();
        answers.iter().filter(|(status, _)| status.starts_with('2')).for_each(|(_, answer)| check(&answer["content"]));
    }
    let problems = described["components"]["examples"].as_object().unwrap();
    for (code, example) in problems {
        assert_eq!(example["value"]["code"], code.as_str());
        document::check_value(&json!({"$ref": "#/components/schemas/Problem"}), &example["value"]);
    }
}

#[test]
fn every_parameter_has_a_description() {
    let mut without = Vec::new();
    for (method, path, operation) in operations(&routes::document()) {
        for parameter in operation["parameters"].as_array().unwrap() {
            if parameter["description"].as_str().is_none_or(|description| description.trim().is_empty()) {
                without.push(format!("{method} {path}: {}", parameter["name"]));
            }
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn a_parameter_of_a_path_is_an_integer_only_if_it_takes_no_text() {
    for (method, path, operation) in operations(&routes::document()) {
        let parameters = operation["parameters"].as_array().unwrap().iter();
        for parameter in parameters.filter(|parameter| parameter["in"] == "path") {
            let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
            let is_integer = schema["type"] == "integer";
            assert!(!is_integer || ["id", "item_id", "n", "qty"].contains(&name), "{method} {path}: {name}");
            document::check_value(schema, &parameter["example"]);
            // Each of these has an id and a number.
            let documents = ["/counts/", "/orders/", "/purchase-orders/", "/returns/", "/shipments/", "/transfers/"];
            if name == "id" && documents.iter().any(|start| path.starts_with(start)) {
                document::check_value(schema, &json!("ABC-20261121-A4F2K7Q9ZM"));
            }
        }
    }
}

#[test]
fn a_body_with_up_to_500_lines_may_be_large() {
    let document = routes::document();
    let mut large = 0;
    for (method, path, operation) in operations(&document) {
        let body = &operation["requestBody"];
        if has_many_lines(&document, &body["content"]["application/json"]["schema"]) {
            assert_eq!(body["description"], "At most 256 KiB.", "{method} {path}");
            large += 1;
        }
    }
    assert!(large > 10, "only {large} operations");
}

/// True if a schema, or an object inside it, is a list of up to 500 lines.
fn has_many_lines(document: &Value, schema: &Value) -> bool {
    let schema = resolved(document, schema);
    let mut fields = schema["properties"].as_object().into_iter().flatten();
    schema["maxItems"] == 500 || fields.any(|(_, field)| has_many_lines(document, field))
}

/// The fields of a schema and of the objects inside it: the path of the field in a refusal, a body with null in the
/// field, and true if it may be null.
fn nulls(document: &Value, schema: &Value) -> Vec<(String, Value, bool)> {
    let mut found = Vec::new();
    for (name, field) in resolved(document, schema)["properties"].as_object().into_iter().flatten() {
        found.push((name.clone(), json!({name: null}), takes_null(document, field)));
        for (path, inner, may_be_null) in nulls(document, field) {
            found.push((format!("{name}.{path}"), json!({name: inner}), may_be_null));
        }
        for (path, inner, may_be_null) in nulls(document, &resolved(document, field)["items"]) {
            found.push((format!("{name}[0].{path}"), json!({name: [inner]}), may_be_null));
        }
    }
    found
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => resolved(document, document.pointer(&reference[1..]).unwrap()),
        None => schema,
    }
}

fn takes_null(document: &Value, schema: &Value) -> bool {
    let schema = resolved(document, schema);
    let mut branches = ["oneOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    schema["type"] == "null"
        || schema["type"].as_array().is_some_and(|types| types.contains(&json!("null")))
        || branches.any(|branch| takes_null(document, branch))
}

#[test]
fn a_field_takes_null_where_the_document_says_so() {
    let app = TestApp::start();
    // Signing in in a browser needs the header.
    let admin = app.admin().with_header("X-Requested-With", "tests");
    let document = routes::document();
    let (mut wrong, mut sent) = (Vec::new(), 0);
    for (method, path, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let path = path.replace(['{', '}'], "");
        for (field, body, may_be_null) in nulls(&document, schema) {
            let reply = admin.send(&method, &path, Some(&body));
            let errors = if reply.status == 422 { reply.json()["errors"].clone() } else { json!([]) };
            // A field that is required only without another one is refused as if it were absent.
            let is_missing = |error: &Value| error["message"].as_str().unwrap().starts_with("is required, unless");
            let is_refusal = |error: &Value| error["field"] == field.as_str() && !(may_be_null && is_missing(error));
            let refused = errors.as_array().unwrap().iter().any(is_refusal);
            if refused == may_be_null {
                wrong.push(format!("{method} {path} {field}: {} {}", reply.status, reply.text()));
            }
            sent += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(sent > 100, "only {sent} were sent");
}
