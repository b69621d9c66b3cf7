//! Examples of requests and answers, recorded from the demo store by `tests/examples.rs`.

use serde_json::{Map, Value, json};

use crate::error::{ApiError, Code};

/// Requests and answers by operation, refusals by code.
pub struct Examples {
    operations: Map<String, Value>,
    refusals: Map<String, Value>,
}

impl Examples {
    /// The recorded examples. A test keeps them readable, so that an unreadable file is one without examples.
    pub fn load() -> Self {
        let mut recorded: Map<String, Value> = serde_json::from_str(include_str!("examples.json")).unwrap_or_default();
        let mut part = |name: &str| match recorded.remove(name) {
            Some(Value::Object(part)) => part,
            _ => Map::new(),
        };
        Self { operations: part("operations"), refusals: part("refusals") }
    }

    pub fn request(&self, operation: &str) -> Option<&Value> {
        self.operations.get(operation)?.get("request")
    }

    pub fn answer(&self, operation: &str) -> Option<&Value> {
        self.operations.get(operation)?.get("answer")
    }

    /// The recorded refusal of a code, or one that a test can't provoke.
    pub fn refusal(&self, code: Code) -> Value {
        let unseen = || json!(ApiError::new(code, format!("{}.", code.title())).problem(Some("7b1c0b5e")));
        self.refusals.get(code.as_str()).cloned().unwrap_or_else(unseen)
    }
}
