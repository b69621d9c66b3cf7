//! Builds the application. The same function serves production and tests.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{Condition, NormalizePath, TrailingSlash, from_fn};
use actix_web::web::{Bytes, Data, PayloadConfig};
use actix_web::{App, HttpResponse, web};

use crate::auth::attempts::Attempts;
use crate::auth::context::Reclaim;
use crate::auth::password::Hasher;
use crate::auth::queries::StoreDirectory;
use crate::auth::token::Tokens;
use crate::auth::token_versions::TokenVersions;
use crate::checkout::slices::Slices;
use crate::checkout::{expire, release_carts};
use crate::db::Database;
use crate::error::{ApiError, Code};
use crate::http::admit::admit;
use crate::http::body::MAX_BODY_BYTES;
use crate::http::client_address::TrustedProxies;
use crate::http::connection::Connections;
use crate::http::cors;
use crate::http::hosts::AllowedHosts;
use crate::http::limits::Limiters;
use crate::http::methods::only_get;
use crate::http::metrics::Metrics;
use crate::http::serve::serve;
use crate::http::trace::trace;
use crate::kernel::keyed_hash::KeyedHash;
use crate::openapi::entry_points::EntryPoints;
use crate::openapi::swagger;
use crate::routes;
use crate::settings::Settings;

mod bind;

pub use bind::{bind, resolve, url_host};

/// Why a server could not be built.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("server.host `{0}` can't be resolved: {1}")]
    Host(String, String),
    #[error("can't listen on {0}: {1}")]
    Listen(String, String),
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
    pub token_versions: Data<TokenVersions>,
    pub metrics: Metrics,
}

/// Binds the address and builds the application on the given settings.
///
/// The database may be away at this moment; it must have been migrated.
pub fn build(settings: &Settings) -> Result<Running, StartError> {
    build_on(bind(settings)?, settings)
}

/// The same on an address that has been taken.
pub fn build_on(listener: TcpListener, settings: &Settings) -> Result<Running, StartError> {
    let failed = |error: std::io::Error| StartError::Part(format!("the listening socket: {error}"));
    let port = listener.local_addr().map_err(failed)?.port();

    let database = Database::new(settings.database_options());
    let shared_database = Data::new(database.clone());
    let settings_data = Data::new(settings.clone());
    let tokens = Data::new(Tokens::new(&settings.auth));
    let keyed = KeyedHash::new(settings.auth.jwt_secret.reveal().as_bytes())
        .map_err(|error| StartError::Part(error.to_string()))?;
    let attempts = Data::new(Attempts::new(settings.limits.login_per_minute, keyed.clone()));
    let keyed = Data::new(keyed);
    let lifetime = Duration::from_secs(settings.auth.access_ttl_seconds.unsigned_abs());
    let token_versions = Data::new(TokenVersions::new(&database, settings.database_options(), lifetime));
    let hasher = Hasher::new(settings.auth.hash_threads, &settings.limits)
        .map_err(|error| StartError::Part(error.to_string()))?;
    let hasher = Data::new(hasher);
    let limiters = Data::new(Limiters::new(&settings.limits));
    let proxies = Data::new(TrustedProxies::new(settings.server.trusted_proxies.clone()));
    let metrics = Data::new(Metrics::new().map_err(|error| StartError::Part(error.to_string()))?);
    let stores = Data::new(StoreDirectory::default());
    let slices = Data::new(Slices::new(&settings.checkout));
    let document = routes::document().to_string();
    let document = Data::new(Document(Bytes::from(document)));
    let entry_points = EntryPoints::new(&routes::table()).map_err(|error| StartError::Part(error.to_string()))?;
    let entry_points = Data::new(entry_points);

    let (for_app, lanes, metrics_of_jobs) = (limiters.clone(), slices.clone(), metrics.get_ref().clone());
    let versions_of_jobs = token_versions.clone();
    let reclaim = Data::new(Reclaim { overdue: expire::reclaim, carts: release_carts::release_carts });
    let hosts = Data::new(AllowedHosts::new(&settings.server));
    let connections = Connections::new(&settings.server, metrics_of_jobs.clone());
    let server_settings = settings.server.clone();
    let application = move || {
        App::new()
            .app_data(shared_database.clone())
            .app_data(settings_data.clone())
            .app_data(tokens.clone())
            .app_data(token_versions.clone())
            .app_data(keyed.clone())
            .app_data(hasher.clone())
            .app_data(attempts.clone())
            .app_data(for_app.clone())
            .app_data(proxies.clone())
            .app_data(metrics.clone())
            .app_data(stores.clone())
            .app_data(reclaim.clone())
            .app_data(lanes.clone())
            .app_data(hosts.clone())
            .app_data(document.clone())
            .app_data(entry_points.clone())
            .app_data(PayloadConfig::new(MAX_BODY_BYTES))
            .wrap(NormalizePath::new(TrailingSlash::Trim))
            .wrap(from_fn(admit))
            .wrap(Condition::new(!server_settings.cors_origins.is_empty(), cors::new(&server_settings)))
            .wrap(from_fn(trace))
            .service(routes::mount("/api/v1"))
            .service(routes::mount("/api"))
            .configure(crate::health::configure)
            .configure(crate::accounts::api::password_page::configure)
            .service(only_get("/openapi.json", web::get().to(openapi)))
            .configure(swagger::configure)
            .default_service(web::to(nothing_here))
    };
    let server = serve(listener, &settings.server, &connections, application).map_err(failed)?;
    Ok(Running { server, port, database, limiters, slices, metrics: metrics_of_jobs, token_versions: versions_of_jobs })
}

/// The OpenAPI document, as it is sent.
struct Document(Bytes);

async fn openapi(document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.0.clone())
}

async fn nothing_here() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(Code::NotFound, "There is nothing at this path."))
}
