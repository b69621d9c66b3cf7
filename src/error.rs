//! Errors that clients receive: a code with its status, as problem+json.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::db::{self, Failure};
use crate::kernel::text::shortened;

mod abort;
mod code;
mod fields;

pub use abort::{Abort, Overdue};
pub use code::Code;
pub use fields::{FieldError, FieldErrors};

/// The maximal length of a text in an error response.
const MAX_MESSAGE: usize = 1000;

/// A line that requests more units than are available.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StockError {
    pub product_id: i64,
    #[schema(max_length = 151)]
    pub sku: String,
    /// If many lines are short, a long name loses its middle.
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub requested_quantity: i64,
    pub available_quantity: i64,
    pub shortage: i64,
    #[schema(max_length = 1000)]
    pub message: String,
}

/// Units or a document that prevent a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OpenItem {
    /// `stock` and `quarantine` are the units of a variant at a location that nobody has reserved or bought. `count` is an
    /// open count, with its number of lines. Others are the holders of units: `cart`, `order`, `reservation` and `transfer`. Units of a
    /// `purchase_order` may still arrive.
    #[schema(max_length = 50)]
    pub kind: String,
    pub id: i64,
    pub quantity: i64,
}

/// An error response.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code:?}: {detail}")]
pub struct ApiError {
    pub code: Code,
    pub detail: String,
    pub extra: Box<Extra>,
}

/// Fields that only some errors have. They are boxed so that a `Result` stays small.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    pub errors: Vec<FieldError>,
    pub stock_errors: Vec<StockError>,
    pub retry_after_seconds: Option<u64>,
    /// The current stock, for an outdated `expected_stock`.
    pub current_stock: Option<i64>,
    /// The units that may still arrive, for a receipt of more units.
    pub outstanding_quantity: Option<i64>,
    /// The units and documents because of which a location cannot be closed, at most 20 of each kind.
    pub open: Vec<OpenItem>,
    /// The promised units that are more than the counted ones, at most 20.
    pub promises: Vec<OpenItem>,
    allow: Option<String>,
}

/// A problem of RFC 9457.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    #[schema(value_type = String, format = "uri-reference")]
    kind: &'static str,
    #[schema(value_type = String)]
    #[schema(max_length = 100)]
    title: &'static str,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    code: Code,
    #[schema(max_length = 1100)]
    detail: String,
    #[schema(pattern = "^[A-Za-z0-9._:-]+$", max_length = 128)]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    stock_errors: Vec<StockError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    current_stock: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    outstanding_quantity: Option<i64>,
    /// The units and documents because of which a location cannot be closed, at most 20 of each kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    open: Vec<OpenItem>,
    /// The promised units that are more than the counted ones, at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    promises: Vec<OpenItem>,
}

pub const PROBLEM_JSON: &str = "application/problem+json";

impl ApiError {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        // The detail may quote input of the client.
        Self { code, detail: shortened(Cow::Owned(detail.into()), MAX_MESSAGE).into_owned(), extra: Box::default() }
    }

    /// The 422 error with the refused fields, up to the maximal number of a response.
    #[must_use]
    pub fn validation(errors: impl Into<FieldErrors>) -> Self {
        let (errors, left_out) = errors.into().into_parts();
        let mut refusal = Self::new(Code::ValidationFailed, fields::describe(&errors));
        if left_out > 0 {
            refusal.detail.push_str(&format!(" and {left_out} more"));
        }
        refusal.extra.errors = errors;
        refusal
    }

    /// The 422 error for one field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::validation(vec![FieldError::new(field, message)])
    }

    /// The 404 error for a kind of entity.
    pub fn not_found(code: Code, what: impl std::fmt::Display) -> Self {
        Self::new(code, format!("{what} was not found."))
    }

    /// The 405 error with the allowed methods.
    #[must_use]
    pub fn method_not_allowed(allow: String) -> Self {
        let detail = format!("This path takes {allow}.");
        let mut refusal = Self::new(Code::MethodNotAllowed, detail);
        refusal.extra.allow = Some(allow);
        refusal
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.extra.retry_after_seconds = Some(seconds);
        self
    }

    /// The error as a body, with the request's id.
    #[must_use]
    pub fn problem(&self, request_id: Option<&str>) -> Problem {
        Problem {
            kind: "about:blank",
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            request_id: request_id.map(ToOwned::to_owned),
            errors: self.extra.errors.clone(),
            stock_errors: self.extra.stock_errors.clone(),
            current_stock: self.extra.current_stock,
            outstanding_quantity: self.extra.outstanding_quantity,
            open: self.extra.open.clone(),
            promises: self.extra.promises.clone(),
        }
    }

    #[must_use]
    pub fn respond(&self, request_id: Option<&str>) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        response.insert_header((header::CONTENT_TYPE, PROBLEM_JSON));
        if let Some(seconds) = self.extra.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(allow) = self.extra.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
            response.insert_header((header::ALLOW, allow));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.body(serde_json::to_vec(&self.problem(request_id)).unwrap_or_default())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    // The outermost middleware adds the request's id.
    fn error_response(&self) -> HttpResponse {
        self.respond(None)
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match &failure {
            Failure::Unavailable(_) => {
                // The log reports the outage itself, with the number of affected requests.
                log::debug!(error:% = failure; "database unavailable");
                db::outage::count_refused_request();
                Self::new(Code::DatabaseUnavailable, "The database can't be used right now.").retry_after(2)
            }
            Failure::OutcomeUnknown => {
                log::debug!(error:% = failure; "outcome unknown");
                db::outage::count_refused_request();
                let detail = "The connection to the database was lost while the request was committed. \
                              Send it again with the same Idempotency-Key to learn the outcome.";
                Self::new(Code::OutcomeUnknown, detail).retry_after(2)
            }
            Failure::QueueFull
            | Failure::HashingQueueFull
            | Failure::LockTimeout
            | Failure::StatementTimeout
            | Failure::Retry(_) => {
                db::outage::note_busy(&failure);
                Self::new(Code::Busy, "Too much is going on right now. Try again in a moment.").retry_after(1)
            }
            Failure::TokenEnded => Self::new(Code::Unauthenticated, "This access token has been ended. Sign in again."),
            Failure::Constraint { .. } | Failure::Internal(_) => {
                log::error!(error:% = failure; "internal error");
                Self::internal()
            }
        }
    }
}

impl ApiError {
    /// The 500 error, without internal details.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "Something went wrong on our side.")
    }
}
