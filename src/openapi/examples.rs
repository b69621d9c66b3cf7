//! Examples of requests and responses, recorded from the demo store by `tests/api/openapi/examples.rs`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::{ApiError, Code};

/// Requests and responses by operation, errors by code.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Examples {
    operations: Map<String, Value>,
    refusals: Map<String, Value>,
}

impl Examples {
    /// The recorded examples. A test checks that the file is valid, so an invalid file counts as empty.
    pub fn load() -> Self {
        serde_json::from_str(include_str!("examples.json")).unwrap_or_default()
    }

    pub fn request(&self, operation: &str) -> Option<&Value> {
        self.operations.get(operation)?.get("request")
    }

    pub fn answer(&self, operation: &str) -> Option<&Value> {
        self.operations.get(operation)?.get("answer")
    }

    /// The recorded error for a code, or a generic one if a test cannot cause the error.
    pub fn refusal(&self, code: Code) -> Value {
        let unseen = || json!(ApiError::new(code, format!("{}.", code.title())).problem(Some("7b1c0b5e")));
        self.refusals.get(code.as_str()).cloned().unwrap_or_else(unseen)
    }
}
