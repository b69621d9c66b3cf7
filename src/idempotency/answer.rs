//! A response as the bytes that are sent and stored.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

use crate::db::Failure;
use crate::http::json;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// True if this is the stored response of an earlier request with the same key.
    pub replayed: bool,
    /// The order that the request placed. It is stored with the key.
    pub order_id: Option<i64>,
}

impl Answer {
    pub fn ok(body: &impl Serialize) -> Result<Self, Failure> {
        Self::new(StatusCode::OK, body)
    }

    pub fn created(body: &impl Serialize) -> Result<Self, Failure> {
        Self::new(StatusCode::CREATED, body)
    }

    /// 202: the rest of the work is done later.
    pub fn accepted(body: &impl Serialize) -> Result<Self, Failure> {
        Self::new(StatusCode::ACCEPTED, body)
    }

    /// The same without a body.
    pub fn accepted_without_body() -> Self {
        Self { status: StatusCode::ACCEPTED.as_u16(), body: Vec::new(), replayed: false, order_id: None }
    }

    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT.as_u16(), body: Vec::new(), replayed: false, order_id: None }
    }

    fn new(status: StatusCode, body: &impl Serialize) -> Result<Self, Failure> {
        Ok(Self { status: status.as_u16(), body: json::to_bytes(body)?, replayed: false, order_id: None })
    }

    pub fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        if self.replayed {
            response.insert_header(("Idempotent-Replayed", "true"));
        }
        if self.body.is_empty() {
            return response.finish();
        }
        response.content_type("application/json").body(self.body)
    }
}
