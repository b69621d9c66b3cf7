//! The OpenAPI document and the program agree: words, parameters, examples. The client of all tests compares every
//! answer with the document (`common/document.rs`).

use std::collections::BTreeSet;

use crate::common::{TestApp, Value, document, json};
use stockroom::audit::words::{Action, Entity};
use stockroom::auth::{Permission, Role};
use stockroom::error::Code;
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

#[test]
fn every_operation_refuses_query_parameters_that_it_does_not_know() {
    let app = TestApp::start();
    let admin = app.admin();
    let mut asked = 0;
    for (method, path, operation) in operations(&routes::document()) {
        let path = path.replace("{qty}", "1").replace(['{', '}'], "");
        let known: Vec<Value> = operation["parameters"].as_array().unwrap().clone();
        let known: Vec<Value> = known.into_iter().filter(|parameter| parameter["in"] == "query").collect();
        let refused = |query: &str, field: &str| {
            let problem = admin.send(&method, &format!("{path}?{query}"), None).refused(422, "VALIDATION_FAILED");
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
            problem["errors"][0]["message"].as_str().unwrap().to_owned()
        };
        let message = refused("statuss=1", "statuss");
        for parameter in &known {
            let name = parameter["name"].as_str().unwrap();
            assert!(message.contains(name), "{method} {path}: {message}");
            refused(&format!("{name}=1&{name}=1"), name);
            if parameter["schema"]["format"] == "date-time" {
                refused(&format!("{name}="), name);
            }
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
            if let Some(content) = content.as_object().and_then(|content| content.values().next()) {
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
