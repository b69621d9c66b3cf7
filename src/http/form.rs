//! Forms, as the pages of this server send them.

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use validator::Validate;

use super::{body, headers, query};
use crate::error::{ApiError, Code};

const FORM: &str = "application/x-www-form-urlencoded";

/// The typed values of a form. They are read and checked like those of a query, and the body has the limits of all
/// bodies.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Form<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_media_type(request.headers())?;
            let text = body::read(&request, payload).await?;
            query::parse(&String::from_utf8_lossy(&text)).map(Self)
        })
    }
}

fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let content_type = headers::single(headers, "Content-Type")?.and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(FORM) {
        return Ok(());
    }
    Err(ApiError::new(Code::UnsupportedMediaType, format!("Send the form as {FORM}.")))
}
