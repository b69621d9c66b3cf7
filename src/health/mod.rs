//! Liveness, readiness and metrics.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use diesel::connection::SimpleConnection;
use serde::Serialize;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use crate::db::{Database, Failure};
use crate::error::{ApiError, Code};
use crate::http::headers;
use crate::http::metrics::Metrics;
use crate::settings::{Secret, Settings};

/// The state of a part that works.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Ok,
}

#[derive(Serialize, ToSchema)]
pub struct LivenessResponse {
    status: Health,
}

#[derive(Serialize, ToSchema)]
pub struct ReadinessResponse {
    status: Health,
    database: Health,
}

pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(LivenessResponse { status: Health::Ok })
}

/// Ready if the database answers, and if the last write of a job succeeded.
pub async fn ready(database: Data<Database>) -> Result<HttpResponse, ApiError> {
    if !database.is_writable() {
        return Err(Failure::Unavailable("it could not be written to".to_owned()).into());
    }
    database.read_internally("ready", |conn| Ok(conn.batch_execute("SELECT 1")?)).await?;
    Ok(HttpResponse::Ok().json(ReadinessResponse { status: Health::Ok, database: Health::Ok }))
}

pub async fn metrics(
    request: HttpRequest,
    settings: Data<Settings>,
    metrics: Data<Metrics>,
    database: Data<Database>,
) -> Result<HttpResponse, ApiError> {
    check_token(&request, &settings.metrics.token)?;
    let text = metrics.page(&database).map_err(|error| {
        log::error!(error:% = error; "rendering metrics failed");
        ApiError::internal()
    })?;
    Ok(HttpResponse::Ok().content_type(prometheus::TEXT_FORMAT).body(text))
}

/// Checks the token of the metrics, if one is set. Metrics show sales figures.
fn check_token(request: &HttpRequest, token: &Secret) -> Result<(), ApiError> {
    let token = token.reveal();
    let given = headers::single(request.headers(), "Authorization")?.and_then(headers::bearer_token);
    let is_good = given.is_some_and(|given| given.as_bytes().ct_eq(token.as_bytes()).into());
    if token.is_empty() || is_good {
        return Ok(());
    }
    Err(ApiError::new(Code::Unauthenticated, "This page needs the token of the metrics: Authorization: Bearer …"))
}
