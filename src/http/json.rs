//! JSON bodies of requests and responses. The whole body of a request is checked before the operation starts.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, dev::Payload};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::{body, headers, json_check, json_words};
use crate::db::Failure;
use crate::error::{ApiError, Code, FieldError};

/// A body that is valid JSON. It does not know the fields of its operation, so its code is compiled once.
#[derive(Debug)]
pub struct Body {
    text: Bytes,
    is_absent: bool,
    /// The JSON value that the client sent.
    pub document: Value,
}

/// The bytes of a response. They need no more memory than their number.
pub fn to_bytes(response: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let mut bytes = serde_json::to_vec(response)
        .map_err(|error| Failure::Internal(format!("{}: {error}", Code::Internal.as_str())))?;
    bytes.shrink_to_fit();
    Ok(bytes)
}

/// Reads the body. A request without a body counts as `{}`, for operations whose fields are all optional.
pub async fn read(request: &HttpRequest, payload: Payload) -> Result<Body, ApiError> {
    let text = body::read(request, payload).await?;
    if text.is_empty() {
        return Ok(Body { is_absent: true, ..Body::new(Bytes::from_static(b"{}"))? });
    }
    check_media_type(request.headers())?;
    Body::new(text)
}

/// Accepts JSON in UTF-8 without compression only.
fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let refuse = |detail| Err(ApiError::new(Code::UnsupportedMediaType, detail));
    let content_type = headers::single(headers, "Content-Type")?.and_then(|value| value.to_str().ok());
    let mut parts = content_type.unwrap_or_default().split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    if essence != "application/json" && !(essence.starts_with("application/") && essence.ends_with("+json")) {
        return refuse("Send the body as application/json.");
    }
    let charsets = parts.filter_map(|part| Some(part.strip_prefix("charset=")?.trim_matches('"').to_owned()));
    if charsets.into_iter().any(|charset| charset != "utf-8") {
        return refuse("Send the body in UTF-8: application/json, or application/json; charset=utf-8.");
    }
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).all(is_identity) {
        Ok(())
    } else {
        refuse("Send the body as it is, without a Content-Encoding or with identity.")
    }
}

impl Body {
    /// Checks the whole text first, so that malformed JSON is never reported as a wrong field.
    fn new(text: Bytes) -> Result<Self, ApiError> {
        let (document, unfit) = json_check::check(&text).map_err(|error| refuse_text(&error))?;
        if unfit.is_empty() { Ok(Self { text, is_absent: false, document }) } else { Err(ApiError::validation(unfit)) }
    }

    /// Reads and checks the fields of the operation. They are read from the text again, because amounts of money need
    /// the digits that the client wrote.
    pub fn parse<T: DeserializeOwned + Validate>(&self) -> Result<T, ApiError> {
        parse_fields(&self.text).map_err(|refusal| self.refuse(refusal))
    }

    fn refuse(&self, refusal: ApiError) -> ApiError {
        if self.is_absent {
            return ApiError::new(Code::MalformedRequest, "This call needs a JSON body, and there is none.");
        }
        refusal
    }
}

/// Reads and checks the fields of an operation from the text of a JSON object.
pub fn parse_fields<T: DeserializeOwned + Validate>(text: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| refuse_field(&error))?;
    match value.validate() {
        Ok(()) => Ok(value),
        Err(errors) => Err(ApiError::validation(flatten(&errors))),
    }
}

/// A number that is too large for JSON libraries is a validation error. Any other error means malformed JSON.
fn refuse_text(error: &serde_json::Error) -> ApiError {
    if error.to_string().starts_with("number out of range") {
        return ApiError::field("", "a number is out of range");
    }
    let reason = if error.classify() == Category::Data { "can't be read" } else { "is not valid JSON" };
    ApiError::new(Code::MalformedRequest, format!("The body {reason}: {error}."))
}

fn refuse_field(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let message = without_position(error.inner());
    ApiError::field(name_field(&error.path().to_string(), &message), json_words::translate(&message))
}

/// The path of a refused field. For a missing or duplicate field, only the message contains the name.
fn name_field(path: &str, message: &str) -> String {
    let path = if path == "." { "" } else { path };
    let named = ["missing field `", "duplicate field `"].iter().find_map(|start| message.strip_prefix(start));
    match named.and_then(|rest| rest.split_once('`')) {
        Some((name, _)) if path.is_empty() => name.to_owned(),
        Some((name, _)) if !path.ends_with(name) => format!("{path}.{name}"),
        _ => path.to_owned(),
    }
}

/// Removes ` at line 1 column 20`, which does not help a client that sent one line.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

/// Returns every refused field with its full path.
pub fn flatten(errors: &ValidationErrors) -> Vec<FieldError> {
    let mut found = Vec::new();
    collect("", errors, &mut found);
    found.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

fn collect(prefix: &str, errors: &ValidationErrors, found: &mut Vec<FieldError>) {
    for (name, kind) in errors.errors() {
        let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
        match kind {
            ValidationErrorsKind::Field(problems) => {
                found.extend(problems.iter().map(|problem| {
                    // A rule over several fields has the name of the refused field as its code.
                    let path = path.replace("__all__", &problem.code);
                    FieldError::new(path, problem.message.as_ref().unwrap_or(&problem.code).as_ref())
                }));
            }
            ValidationErrorsKind::Struct(inner) => collect(&path, inner, found),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    collect(&format!("{path}[{index}]"), inner, found);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[validate(length(min = 1, max = 5, message = "must have 1 to 5 characters"))]
        name: String,
        #[allow(dead_code)]
        count: u8,
    }

    fn check_lines(lines: &Lines) -> Result<(), validator::ValidationError> {
        let refused = validator::ValidationError::new("items").with_message("must have an entry".into());
        if lines.items.is_empty() { Err(refused) } else { Ok(()) }
    }

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    #[validate(schema(function = "check_lines"))]
    struct Lines {
        #[validate(nested)]
        items: Vec<Line>,
    }

    fn refusal(body: &[u8]) -> ApiError {
        Body::new(Bytes::copy_from_slice(body)).and_then(|body| body.parse::<Lines>()).err().unwrap()
    }

    #[test]
    fn only_plain_json_in_utf_8_is_taken() {
        let check = |content_type: &str, encoding: &str| {
            let request = TestRequest::default().insert_header(("Content-Type", content_type));
            let request =
                if encoding.is_empty() { request } else { request.append_header(("Content-Encoding", encoding)) };
            check_media_type(request.to_http_request().headers())
        };
        let utf_8 = ["", "; charset=utf-8", ";charset=UTF-8", "; Charset=\"Utf-8\"", "; version=1; charset=utf-8", ";"];
        for parameters in utf_8 {
            for kind in ["application/json", "Application/JSON", "application/merge-patch+json"] {
                assert!(check(&format!("{kind}{parameters}"), "").is_ok(), "{kind}{parameters}");
            }
        }
        assert!(check("application/json", "Identity").is_ok());
        for other in ["utf-16", "\"utf-16\"", "iso-8859-1", "", "utf-8; charset=utf-16"] {
            let refusal = check(&format!("application/json; charset={other}"), "").unwrap_err();
            assert!(
                refusal.code == Code::UnsupportedMediaType && refusal.detail.contains("UTF-8"),
                "{other}: {refusal}"
            );
        }
        for encoding in ["gzip", "br", "identity, gzip", "identity;q=1"] {
            let refusal = check("application/json", encoding).unwrap_err();
            assert!(refusal.code == Code::UnsupportedMediaType && refusal.detail.contains("identity"), "{encoding}");
        }
    }

    #[test]
    fn invalid_json_is_malformed_and_wrong_fields_are_named() {
        assert_eq!(refusal(b"{\"items\":").code, Code::MalformedRequest);
        assert_eq!(refusal(b"{\"items\":[{\"name\":\"\xff\"}]}").code, Code::MalformedRequest);
        assert_eq!(refusal(br#"{"items":[{"name":"a","count":"2"}]} x"#).code, Code::MalformedRequest);
        let wrong_type = refusal(br#"{"items":[{"name":"a","count":"2"}]}"#);
        assert_eq!(wrong_type.extra.errors[0].field, "items[0].count");
        let too_long = refusal(br#"{"items":[{"name":"ok","count":2},{"name":"far too long","count":2}]}"#);
        assert_eq!(too_long.extra.errors[0], FieldError::new("items[1].name", "must have 1 to 5 characters"));
        let control = refusal(br#"{"items":[{"name":"a\u0000","count":2}]}"#);
        assert_eq!(control.extra.errors[0].field, "items[0].name");
        let none = refusal(br#"{"items":[]}"#);
        assert_eq!(none.extra.errors[0], FieldError::new("items", "must have an entry"));
        assert_eq!(refusal(br#"{"items":[],"price":1}"#).code, Code::ValidationFailed);
        assert_eq!(refusal(b"{}").extra.errors[0].field, "items");
        assert_eq!(refusal(br#"{"items":[{"count":2}]}"#).extra.errors[0].field, "items[0].name");
        for (twice, field) in [
            (r#"{"items":[],"items":[]}"#, "items"),
            (r#"{"items":[{"name":"a","count":1,"count":1}]}"#, "items[0].count"),
            // The fields of this object are not known in advance.
            (r#"{"items":[],"methods":{"cod":1,"c\u006fd":2}}"#, "methods.cod"),
        ] {
            let refused = &refusal(twice.as_bytes()).extra.errors[0];
            assert!(refused.field == field && refused.message.starts_with("duplicate field `"), "{refused:?}");
        }
        assert_eq!(refusal(br#"{"items":[["a",2]]}"#).extra.errors[0].field, "items[0]");
        for no_object in [&b"[[]]"[..], b"null", b"7"] {
            assert_eq!(refusal(no_object).code, Code::ValidationFailed);
        }
        assert_eq!(refusal(br#"{"items":1e999}"#).code, Code::ValidationFailed);
    }
}
