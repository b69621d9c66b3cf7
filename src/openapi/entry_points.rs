//! The entry points: the operations whose path needs no id.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::endpoint::Endpoint;

/// The prefix of the current version.
const PREFIX: &str = "/api/v1";

/// The entry points of the API.
#[derive(Serialize, ToSchema)]
pub struct EntryPointsResponse {
    #[schema(value_type = String, max_length = 255, example = "Stockroom")]
    name: &'static str,
    /// Version of the server.
    #[schema(value_type = String, max_length = 50)]
    version: &'static str,
    /// Path of the Swagger page.
    #[schema(value_type = String, max_length = 100, example = "/docs/")]
    documentation: &'static str,
    /// Path of the OpenAPI document.
    #[schema(value_type = String, max_length = 100, example = "/openapi.json")]
    openapi: &'static str,
    /// Every operation whose path has no parameter.
    operations: Vec<EntryPointResponse>,
}

/// An operation whose path has no parameter.
#[derive(Serialize, ToSchema)]
pub struct EntryPointResponse {
    #[schema(max_length = 10, example = "GET")]
    method: String,
    #[schema(max_length = 200, example = "/api/v1/inventory/products")]
    path: String,
    #[schema(value_type = String, max_length = 200, example = "List products with their stock")]
    summary: &'static str,
}

/// The response as bytes. It is the same for all callers.
pub struct EntryPoints(Bytes);

impl EntryPoints {
    pub fn new(table: &[Endpoint]) -> Result<Self, serde_json::Error> {
        let operations = table.iter().filter(|endpoint| !endpoint.path.contains('{')).map(|endpoint| {
            let path = format!("{PREFIX}{}", endpoint.path.trim_end_matches('/'));
            EntryPointResponse { method: endpoint.method.to_string(), path, summary: endpoint.summary }
        });
        let response = EntryPointsResponse {
            name: "Stockroom",
            version: env!("CARGO_PKG_VERSION"),
            documentation: "/docs/",
            openapi: "/openapi.json",
            operations: operations.collect(),
        };
        serde_json::to_vec(&response).map(|bytes| Self(bytes.into()))
    }
}

/// `GET /`: needs no token.
pub async fn show(entry_points: Data<EntryPoints>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(entry_points.0.clone())
}
