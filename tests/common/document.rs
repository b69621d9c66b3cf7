//! Compares every answer with the OpenAPI document: the operation lists the status and the code, the
//! content type is the listed one, and the body is valid. So is the body of a request that succeeded.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use boon::{Compiler, Draft, Format, SchemaIndex, Schemas};
use serde_json::{Map, Value, json};
use stockroom::routes;

use super::reply::Reply;

static DOCUMENT: LazyLock<Document> = LazyLock::new(Document::read);

/// The document, and its schemas, compiled as they are needed.
struct Document {
    operations: Vec<Operation>,
    responses: Value,
    schemas: Map<String, Value>,
    compiled: Mutex<HashMap<String, Arc<Schema>>>,
}

type Schema = (Schemas, SchemaIndex);

struct Operation {
    method: String,
    path: String,
    described: Value,
}

/// Fails the test if an answer is not as the document says.
#[track_caller]
pub fn check(method: &str, path: &str, request: Option<&[u8]>, reply: &Reply) {
    if let Err(difference) = DOCUMENT.compare(method, path, request, reply) {
        panic!("the document differs from the answer to {method} {path}: {difference}\nanswer: {}", reply.text());
    }
}

/// Fails the test if a value is not of the schema of this name.
#[track_caller]
pub fn check_value(schema: &Value, value: &Value) {
    if let Err(difference) = DOCUMENT.validate(schema, value) {
        panic!("{difference}\nvalue: {value:#}");
    }
}

impl Document {
    fn read() -> Self {
        let document = routes::document();
        let mut operations = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            // Health checks and metrics are outside of the versioned API.
            let of_the_api =
                methods.as_object().unwrap().iter().filter(|(_, described)| described["servers"].is_null());
            for (method, described) in of_the_api {
                let (method, path) = (method.to_uppercase(), path.clone());
                operations.push(Operation { method, path, described: described.clone() });
            }
        }
        // A literal path comes before one with a name in braces.
        operations.sort_by_key(|operation| operation.path.matches('{').count());
        let mut schemas = local(&document["components"]["schemas"]);
        schemas.as_object_mut().unwrap().values_mut().for_each(close);
        Self {
            operations,
            responses: document["components"]["responses"].clone(),
            schemas: schemas.as_object().unwrap().clone(),
            compiled: Mutex::default(),
        }
    }

    fn compare(&self, method: &str, path: &str, request: Option<&[u8]>, reply: &Reply) -> Result<(), String> {
        let path = path.split(['?', '#']).next().unwrap().trim_end_matches('/');
        let known: Vec<&Operation> = self.operations.iter().filter(|known| known.fits(path)).collect();
        let Some(operation) = known.iter().find(|known| known.method == method) else {
            return self.compare_unknown(known.is_empty(), reply);
        };
        let listed = &operation.described["responses"][reply.status.to_string()];
        let listed = match listed["$ref"].as_str() {
            Some(reference) => &self.responses[reference.rsplit('/').next().unwrap()],
            None => listed,
        };
        if listed.is_null() {
            return Err(format!("the status {} is not listed", reply.status));
        }
        self.compare_body(listed, reply)?;
        match request {
            Some(bytes) if reply.status < 300 && !bytes.is_empty() => self.compare_request(operation, bytes),
            _ => Ok(()),
        }
    }

    fn compare_body(&self, listed: &Value, reply: &Reply) -> Result<(), String> {
        let Some(forms) = listed["content"].as_object() else {
            return if reply.bytes.is_empty() { Ok(()) } else { Err("there is a body".to_owned()) };
        };
        let content_type = reply.header("content-type");
        if content_type == "text/event-stream" && forms.contains_key(content_type) {
            return Ok(());
        }
        let text = content_type.strip_suffix("; charset=utf-8").filter(|kind| ["text/html", "text/csv"].contains(kind));
        let form = text.unwrap_or(content_type);
        let Some(content) = forms.get(form) else {
            return Err(format!("it is {content_type}, and not {:?}", forms.keys()));
        };
        let body: Value = match text.is_some() || form.ends_with(".sheet") {
            true => Value::String(reply.text()),
            false => serde_json::from_slice(&reply.bytes).map_err(|error| error.to_string())?,
        };
        self.validate(&content["schema"], &body)?;
        match listed["x-codes"].as_array() {
            Some(codes) if !codes.contains(&body["code"]) => Err(format!("the code {} is not listed", body["code"])),
            _ => Ok(()),
        }
    }

    fn compare_request(&self, operation: &Operation, bytes: &[u8]) -> Result<(), String> {
        let schema = &operation.described["requestBody"]["content"]["application/json"]["schema"];
        let is_file = !operation.described["requestBody"]["content"]["text/csv"].is_null();
        let body: Value = match serde_json::from_slice(bytes) {
            Err(_csv) if is_file => return Ok(()),
            body => body.map_err(|error| error.to_string())?,
        };
        match schema.is_null() {
            // A call without fields takes an empty object as well.
            true if body == json!({}) => Ok(()),
            true => Err("it takes no body".to_owned()),
            false => self.validate(schema, &body).map_err(|difference| format!("the request: {difference}")),
        }
    }

    /// A path that is not in the document is 404, and a method that a path does not have is 405.
    fn compare_unknown(&self, is_unknown: bool, reply: &Reply) -> Result<(), String> {
        let expected = if is_unknown { 404 } else { 405 };
        if reply.status != expected {
            return Err(format!("it is not in the document, but the status is {}", reply.status));
        }
        let body: Value = serde_json::from_slice(&reply.bytes).map_err(|error| error.to_string())?;
        self.validate(&json!({"$ref": "#/components/schemas/Problem"}), &body)
    }

    fn validate(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let compiled = self.compiled(schema);
        let (schemas, index) = compiled.as_ref();
        schemas.validate(value, *index).map_err(|error| error.to_string())
    }

    fn compiled(&self, schema: &Value) -> Arc<Schema> {
        let mut compiled = self.compiled.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        compiled.entry(schema.to_string()).or_insert_with(|| Arc::new(self.compile(schema))).clone()
    }

    fn compile(&self, schema: &Value) -> Schema {
        let mut schema = local(schema);
        schema["$defs"] = json!(self.schemas);
        let (name, mut compiler, mut schemas) = ("https://stockroom/schema", Compiler::new(), Schemas::new());
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler.register_format(Format { name: "email", func: has_an_at });
        compiler.add_resource(name, schema).unwrap();
        let index = compiler.compile(name, &mut schemas).unwrap();
        (schemas, index)
    }
}

/// Blanks around an e-mail address are trimmed.
fn has_an_at(value: &Value) -> Result<(), Box<dyn std::error::Error>> {
    match value.as_str() {
        Some(text) if !text.trim().contains('@') => Err("no @".into()),
        _ => Ok(()),
    }
}

impl Operation {
    fn fits(&self, path: &str) -> bool {
        let (mut own, mut asked) = (self.path.trim_end_matches('/').split('/'), path.split('/'));
        loop {
            match (own.next(), asked.next()) {
                (None, None) => return true,
                (Some(own), Some(asked)) if own == asked || (own.starts_with('{') && !asked.is_empty()) => {}
                _ => return false,
            }
        }
    }
}

/// The same schema with its references below `$defs`.
fn local(schema: &Value) -> Value {
    serde_json::from_str(&schema.to_string().replace("#/components/schemas/", "#/$defs/")).unwrap()
}

/// An object has no fields but those that are listed: clients may ignore others, the document may not.
fn close(schema: &mut Value) {
    if let Some(fields) = schema.as_object_mut().filter(|fields| fields.contains_key("properties")) {
        fields.entry("additionalProperties").or_insert(json!(false));
    }
}
