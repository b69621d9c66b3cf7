//! The webhook of payment providers.

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use strum::VariantArray;
use utoipa::ToSchema;
use utoipa::openapi::schema::ObjectBuilder;

use crate::auth::Ctx;
use crate::error::{ApiError, Code};
use crate::fulfilment::callback;
use crate::http::body::RawBody;
use crate::http::headers;
use crate::kernel::schema;
use crate::payments::event;
use crate::payments::queries::events::EventOutcome;
use crate::settings::{Provider, Settings};

const DUPLICATE: &str = "duplicate";

#[derive(Debug, Serialize, ToSchema)]
pub struct CallbackResponse {
    pub received: bool,
    /// `duplicate` for an event that was received before.
    #[schema(schema_with = outcomes)]
    pub outcome: &'static str,
}

fn outcomes() -> ObjectBuilder {
    schema::string_enum(EventOutcome::VARIANTS.iter().map(|outcome| outcome.as_str()).chain([DUPLICATE]))
}

/// `POST /payments/webhook/{store}/{provider}`
pub async fn receive(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    ctx: Ctx,
    settings: Data<Settings>,
    RawBody(body): RawBody,
) -> Result<HttpResponse, ApiError> {
    let (store, name) = path.into_inner();
    let provider = settings.payments.providers.get(&name).filter(|provider| provider.is_on());
    let provider = provider.ok_or_else(|| ApiError::not_found(Code::NotFound, "The provider"))?;
    check_signature(&request, provider, &body)?;
    let parsed = serde_json::from_slice(&body)
        .map_err(|error| ApiError::new(Code::MalformedRequest, format!("The body is not valid JSON: {error}.")))?;
    let event =
        event::read(provider.scheme, &parsed).ok_or_else(|| ApiError::field("", "is no event of this provider"))?;
    let outcome = ctx
        .in_store(&store)
        .write("receive_callback", move |conn, ctx| {
            let scope = ctx.scope(conn)?;
            Ok(callback::receive(conn, scope.store, &name, &event)?)
        })
        .await?;
    let outcome = outcome.map_or(DUPLICATE, |outcome| outcome.as_str());
    Ok(HttpResponse::Ok().json(CallbackResponse { received: true, outcome }))
}

fn check_signature(request: &HttpRequest, provider: &Provider, body: &[u8]) -> Result<(), ApiError> {
    let header = headers::single(request.headers(), provider.scheme.header())?.and_then(|value| value.to_str().ok());
    let is_good = header
        .is_some_and(|header| provider.scheme.verifies(provider.secret.reveal(), header, body, chrono::Utc::now()));
    if is_good { Ok(()) } else { Err(ApiError::new(Code::Unauthenticated, "The signature is not valid.")) }
}
