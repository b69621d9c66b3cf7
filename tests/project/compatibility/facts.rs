//! Reduces an OpenAPI document to facts that clients rely on, so that two documents can be compared as sets.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A fact about an operation, such as "GET /orders answers 200: body.items[].id".
#[derive(Clone, PartialEq)]
enum Kind {
    /// The server offers it. Clients break when it is lost, unless a wider offer takes its place.
    Offer { wider: Option<String> },
    /// The server asks for it, or clients have to be able to read it. Clients break when it is new.
    Demand,
}

struct Fact {
    kind: Kind,
    /// The fact that this one adds to. It has no weight without that one.
    of: String,
}

/// The facts by their text.
pub struct Facts<'a> {
    document: &'a Value,
    known: BTreeMap<String, Fact>,
}

/// The changes from an older to a newer document by which clients can break.
pub fn breaks(older: &Value, newer: &Value) -> Vec<String> {
    let (older, newer) = (Facts::read(older), Facts::read(newer));
    let lost = older.known.iter().filter(|(text, fact)| newer.has_lost(text, fact)).map(|(text, _)| text);
    let asked = newer.known.iter().filter(|(text, fact)| {
        fact.kind == Kind::Demand && older.known.contains_key(&fact.of) && !older.known.contains_key(*text)
    });
    lost.map(|text| format!("no longer: {text}")).chain(asked.map(|(text, _)| format!("new: {text}"))).collect()
}

impl<'a> Facts<'a> {
    fn read(document: &'a Value) -> Self {
        let mut facts = Self { document, known: BTreeMap::new() };
        for (path, methods) in entries(&document["paths"]) {
            for (method, operation) in entries(methods) {
                facts.read_operation(&format!("{} {path}", method.to_uppercase()), operation);
            }
        }
        facts
    }

    fn has_lost(&self, text: &str, fact: &Fact) -> bool {
        let Kind::Offer { wider } = &fact.kind else { return false };
        let is_still = |text: &str| self.known.contains_key(text);
        let has_parent = fact.of.is_empty() || is_still(&fact.of);
        has_parent && !is_still(text) && !wider.as_deref().is_some_and(is_still)
    }

    fn read_operation(&mut self, name: &str, operation: &'a Value) {
        self.offer(name, "");
        if let Some(id) = operation["operationId"].as_str() {
            self.offer(&format!("{name} is called {id}"), name);
        }
        if operation["security"].as_array().is_some_and(|ways| !ways.is_empty() && !ways.contains(&Map::new().into())) {
            self.demand(&format!("{name} needs an account"), name);
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let label = format!("{} parameter {}", word(&parameter["in"]), word(&parameter["name"]));
            self.read_input(name, &label, parameter["required"] == true, &parameter["schema"]);
        }
        let body = &operation["requestBody"];
        for (_, content) in entries(&body["content"]) {
            self.read_input(name, "body", body["required"] == true, &content["schema"]);
        }
        for (status, answer) in entries(&operation["responses"]) {
            self.read_answer(name, status, self.resolve(answer));
        }
    }

    fn read_input(&mut self, operation: &str, label: &str, is_required: bool, schema: &'a Value) {
        let text = format!("{operation} takes: {label}");
        self.offer(&text, operation);
        if is_required {
            self.demand(&format!("{operation} needs: {label}"), operation);
        }
        self.read_schema(&Place { is_input: true, operation, label: label.to_owned(), text }, schema, &[]);
    }

    fn read_answer(&mut self, operation: &str, status: &str, answer: &'a Value) {
        let answers = format!("{operation} answers {status}");
        self.offer(&answers, operation);
        for (content_type, content) in entries(&answer["content"]) {
            self.offer(&format!("{answers} as {content_type}"), &answers);
            let text = format!("{answers}: body");
            self.offer(&text, &answers);
            let place = Place { is_input: false, operation: &answers, label: "body".to_owned(), text };
            self.read_schema(&place, &content["schema"], &[]);
        }
    }

    /// `seen` are the references that lead here: a schema that has itself inside is read once.
    fn read_schema(&mut self, place: &Place, schema: &'a Value, seen: &[&str]) {
        if let Some(reference) = schema["$ref"].as_str() {
            if !seen.contains(&reference) {
                let seen: Vec<&str> = seen.iter().copied().chain([reference]).collect();
                self.read_schema(place, self.resolve(schema), &seen);
            }
            return;
        }
        for combined in ["oneOf", "anyOf", "allOf"] {
            for part in schema[combined].as_array().into_iter().flatten() {
                self.read_schema(place, part, seen);
            }
        }
        self.read_types(place, schema);
        let required = schema["required"].as_array();
        for (name, property) in entries(&schema["properties"]) {
            let is_required = required.is_some_and(|names| names.iter().any(|one| one == name));
            let inner = place.inside(&format!(".{name}"));
            self.offer(&inner.text, &place.text);
            match (is_required, place.is_input) {
                (true, true) => self.demand(&inner.needs(), &place.text),
                (true, false) => self.offer(&format!("{} (always)", inner.text), &inner.text),
                (false, _) => {}
            }
            self.read_schema(&inner, property, seen);
        }
        for (key, suffix) in [("items", "[]"), ("additionalProperties", ".*")] {
            if schema[key].is_object() {
                let inner = place.inside(suffix);
                self.offer(&inner.text, &place.text);
                self.read_schema(&inner, &schema[key], seen);
            }
        }
    }

    fn read_types(&mut self, place: &Place, schema: &Value) {
        let types = match &schema["type"] {
            Value::Array(types) => types.as_slice(),
            Value::Null => &[],
            one => std::slice::from_ref(one),
        };
        let text = |kind: &str| format!("{} as {kind}", place.text);
        let values = schema["enum"].as_array();
        for kind in types.iter().map(word) {
            match (place.is_input, values) {
                (false, _) => self.demand(&text(kind), &place.text),
                (true, Some(values)) => {
                    for value in values {
                        self.offer_or(&text(&value.to_string()), &place.text, Some(text(kind)));
                    }
                }
                (true, None) => {
                    self.offer_or(&text(kind), &place.text, (kind == "integer").then(|| text("number")));
                }
            }
        }
    }

    fn resolve(&self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.document.pointer(pointer).unwrap(),
            None => value,
        }
    }

    fn offer(&mut self, text: &str, of: &str) {
        self.offer_or(text, of, None);
    }

    fn offer_or(&mut self, text: &str, of: &str, wider: Option<String>) {
        self.known.insert(text.to_owned(), Fact { kind: Kind::Offer { wider }, of: of.to_owned() });
    }

    fn demand(&mut self, text: &str, of: &str) {
        self.known.insert(text.to_owned(), Fact { kind: Kind::Demand, of: of.to_owned() });
    }
}

/// The place of a schema: in a request or in an answer.
struct Place<'a> {
    is_input: bool,
    operation: &'a str,
    label: String,
    /// The fact that there is something here.
    text: String,
}

impl Place<'_> {
    fn inside(&self, suffix: &str) -> Self {
        let (label, text) = (format!("{}{suffix}", self.label), format!("{}{suffix}", self.text));
        Self { label, text, ..*self }
    }

    fn needs(&self) -> String {
        format!("{} needs: {}", self.operation, self.label)
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap()
}
