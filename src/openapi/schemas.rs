//! Converts the schemas of the document into a form that suits readers and generated clients.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::endpoint::Endpoint;
use crate::error::{Code, FieldError, Problem, StockError};
use crate::kernel::schema::REQUIRED_PERMISSION;

type Schemas = Map<String, Value>;

const COMPONENT: &str = "#/components/schemas/";

/// Collects the schemas of all endpoints.
pub fn collect(table: &[Endpoint]) -> Schemas {
    let named = table.iter().flat_map(|endpoint| [endpoint.request, endpoint.answer]).flatten();
    let named = named.flat_map(|schema| schema().components);
    let mut schemas: Schemas = named.map(|(name, schema)| (name, json!(schema))).collect();
    let problem = [
        (Problem::name(), Problem::schema()),
        (Code::name(), Code::schema()),
        (FieldError::name(), FieldError::schema()),
        (StockError::name(), StockError::schema()),
    ];
    schemas.extend(problem.map(|(name, schema)| (name.into_owned(), json!(schema))));
    schemas
}

/// Removes and returns the schemas of single numbers and texts. They are written where they are used, because a
/// generated client needs no type `OrderId`.
pub fn remove_scalars(schemas: &mut Schemas) -> Schemas {
    let is_scalar = |schema: &Value| {
        let is_simple =
            schema.get("type").and_then(Value::as_str).is_some_and(|kind| !["object", "array"].contains(&kind));
        is_simple && schema.get("enum").is_none()
    };
    let (scalars, others) = std::mem::take(schemas).into_iter().partition(|(_, schema)| is_scalar(schema));
    *schemas = others;
    scalars
}

/// Replaces references to scalars by the scalars, and merges `null` into their type.
pub fn inline(value: &mut Value, scalars: &Schemas) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| inline(item, scalars)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| inline(field, scalars));
            if let Some(Value::Object(scalar)) = reference(fields).and_then(|name| scalars.get(name)).cloned() {
                fields.remove("$ref");
                // A description at the place of use has priority over that of the type.
                let at_place = std::mem::replace(fields, scalar);
                fields.extend(at_place);
            }
            merge_null(fields);
        }
        _ => {}
    }
}

fn reference(fields: &Map<String, Value>) -> Option<&str> {
    fields.get("$ref")?.as_str()?.strip_prefix(COMPONENT)
}

/// Merges `oneOf` of a schema and null into one schema with both types.
fn merge_null(fields: &mut Map<String, Value>) {
    let Some([Value::Object(schema), other]) = fields.get("oneOf").and_then(Value::as_array).map(Vec::as_slice) else {
        return;
    };
    if *other != json!({"type": "null"}) {
        return;
    }
    let mut schema = schema.clone();
    if let Some(description) = schema.remove("description") {
        fields.insert("description".to_owned(), description);
    }
    match schema.get("type").filter(|kind| kind.is_string()) {
        Some(kind) => {
            let kind = json!([kind, "null"]);
            schema.insert("type".to_owned(), kind);
            fields.remove("oneOf");
            fields.extend(schema);
        }
        None => drop(fields.insert("oneOf".to_owned(), json!([schema, {"type": "null"}]))),
    }
}

/// Keeps only used schemas. In response schemas every field is required, and null if it has no value. Exceptions are
/// optional fields that are never null, and fields that need a permission.
pub fn complete_answers(schemas: &mut Schemas, [paths, responses]: [&Value; 2]) {
    let mut used = BTreeSet::new();
    gather(schemas, responses, &mut used);
    let operations = paths.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_object);
    let operations: Vec<&Value> = operations.flat_map(Map::values).collect();
    operations.iter().filter_map(|operation| operation.get("responses")).for_each(|answers| {
        gather(schemas, answers, &mut used);
    });
    let answers = used.clone();
    gather(schemas, paths, &mut used);
    schemas.retain(|name, _| used.contains(name));
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| answers.contains(*name)) {
        require_nullable(schema);
    }
}

/// Collects the names of all schemas that a value refers to, directly or indirectly.
fn gather(schemas: &Schemas, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(schemas, item, found)),
        Value::Object(fields) => {
            if let Some(name) = reference(fields)
                && found.insert(name.to_owned())
                && let Some(schema) = schemas.get(name)
            {
                gather(schemas, schema, found);
            }
            fields.values().for_each(|field| gather(schemas, field, found));
        }
        _ => {}
    }
}

fn require_nullable(schema: &mut Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let mut required: BTreeSet<String> =
        serde_json::from_value(schema.get("required").cloned().unwrap_or_default()).unwrap_or_default();
    let nullable =
        properties.iter().filter(|(_, field)| is_nullable(field) && field.get(REQUIRED_PERMISSION).is_none());
    required.extend(nullable.map(|(name, _)| name.clone()));
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("required".to_owned(), json!(required));
    }
}

fn is_nullable(field: &Value) -> bool {
    let null = json!("null");
    let names_null = |kind: &Value| kind.as_array().is_some_and(|kinds| kinds.contains(&null));
    let is_null = |one: &Value| one.get("type") == Some(&null);
    field.get("type").is_some_and(names_null)
        || field.get("oneOf").and_then(Value::as_array).is_some_and(|all| all.iter().any(is_null))
}
