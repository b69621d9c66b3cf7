//! Builds the application. The same function serves production and tests.

use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::middleware::{NormalizePath, TrailingSlash, from_fn};
use actix_web::web::{Bytes, Data, PayloadConfig};
use actix_web::{App, HttpResponse, HttpServer, web};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::access::context::Reclaim;
use crate::access::password::Hasher;
use crate::access::store::StoreDirectory;
use crate::access::token::Tokens;
use crate::checkout::slices::Slices;
use crate::checkout::{expire, release_carts};
use crate::db::Database;
use crate::error::{ApiError, Code};
use crate::routes;
use crate::settings::Settings;
use crate::web::json::MAX_BODY_BYTES;
use crate::web::limits::Limiters;
use crate::web::methods::only_get;
use crate::web::metrics::Metrics;
use crate::web::trace::trace;

/// Why a server could not be built.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("can't listen on {0}: {1}")]
    Listen(String, std::io::Error),
    #[error("can't set up {0}")]
    Part(String),
}

/// A server that listens, and what runs beside it.
pub struct Running {
    pub server: Server,
    pub port: u16,
    pub database: Database,
    pub limiters: Data<Limiters>,
    pub slices: Data<Slices>,
    pub metrics: Metrics,
}

/// Binds the address and builds the application on the given settings.
///
/// The database may be away at this moment; it must have been migrated.
pub fn build(settings: &Settings) -> Result<Running, StartError> {
    let address = format!("{}:{}", settings.server.host, settings.server.port);
    let listener = TcpListener::bind(&address).map_err(|error| StartError::Listen(address.clone(), error))?;
    let port = listener.local_addr().map_err(|error| StartError::Listen(address.clone(), error))?.port();

    let database = Database::new(settings.database_options());
    let shared_database = Data::new(database.clone());
    let settings_data = Data::new(settings.clone());
    let tokens = Data::new(Tokens::new(&settings.auth));
    let hasher = Hasher::new(settings.auth.hash_threads).map_err(|error| StartError::Part(error.to_string()))?;
    let hasher = Data::new(hasher);
    let limiters = Data::new(Limiters::new(&settings.limits));
    let metrics = Data::new(Metrics::new().map_err(|error| StartError::Part(error.to_string()))?);
    let stores = Data::new(StoreDirectory::default());
    let slices = Data::new(Slices::new(&settings.checkout));
    let document = routes::document().to_json().map_err(|error| StartError::Part(error.to_string()))?;
    let document = Data::new(Document(Bytes::from(document)));

    let (for_app, lanes, metrics_of_jobs) = (limiters.clone(), slices.clone(), metrics.get_ref().clone());
    let reclaim = Data::new(Reclaim { overdue: expire::reclaim, carts: release_carts::release_carts });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shared_database.clone())
            .app_data(settings_data.clone())
            .app_data(tokens.clone())
            .app_data(hasher.clone())
            .app_data(for_app.clone())
            .app_data(metrics.clone())
            .app_data(stores.clone())
            .app_data(reclaim.clone())
            .app_data(lanes.clone())
            .app_data(document.clone())
            .app_data(PayloadConfig::new(MAX_BODY_BYTES))
            .wrap(NormalizePath::new(TrailingSlash::Trim))
            .wrap(from_fn(trace))
            .service(routes::mount("/api/v1"))
            .service(routes::mount("/api"))
            .configure(crate::health::configure)
            .service(only_get("/openapi.json", web::get().to(openapi)))
            // Not to /docs/, which is the same route and would lead back here.
            .service(web::redirect("/docs", "/docs/index.html"))
            .service(SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json")))
            .default_service(web::to(nothing_here))
    })
    .listen(listener)
    .map_err(|error| StartError::Listen(address, error))?
    .shutdown_timeout(settings.server.shutdown_seconds)
    .disable_signals();
    let server = match settings.server.workers {
        0 => server,
        workers => server.workers(workers),
    };
    Ok(Running { server: server.run(), port, database, limiters, slices, metrics: metrics_of_jobs })
}

/// The OpenAPI document, as it is sent.
struct Document(Bytes);

async fn openapi(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.0.clone())
}

async fn nothing_here() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(Code::NotFound, "There is nothing at this path."))
}
