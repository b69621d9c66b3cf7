//! The answer of a server.

use serde_json::Value;
use stockroom::kernel::number::Number;
use ureq::http::HeaderMap;

#[derive(Clone, Debug)]
pub struct Reply {
    /// Method and path, for messages.
    pub asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    /// The same reply, if this was its status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} was answered: {}", self.asked, self.text());
        self
    }

    /// The body of a refusal, if this was its status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let reply = self.expect(status);
        assert_eq!(reply.header("content-type"), "application/problem+json", "{}", reply.asked);
        let problem = reply.json();
        assert_eq!(problem["code"], code, "{} was answered: {problem}", reply.asked);
        assert_eq!(problem["status"], status, "{problem}");
        problem
    }

    /// Fails unless the validation refused this field first.
    #[track_caller]
    pub fn refused_field(self, field: &str) {
        let problem = self.refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| {
            panic!("{} ({}) was answered without JSON ({error}): {}", self.asked, self.status, self.text())
        })
    }

    /// The `id` in the body.
    #[track_caller]
    pub fn id(&self) -> i64 {
        self.json()["id"].as_i64().unwrap_or_else(|| panic!("no id in {}", self.text()))
    }

    /// The `code` of a refusal, or nothing.
    pub fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.bytes).ok()?;
        body["code"].as_str().map(ToOwned::to_owned)
    }

    /// A header's value, empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// An amount of the API in minor units.
pub fn minor(amount: &Value) -> i64 {
    Number::parse(&amount.to_string()).and_then(|number| number.to_units(2)).unwrap()
}
