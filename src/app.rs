//! Builds the application. The same function serves production and tests.

use std::net::TcpListener;
use std::sync::LazyLock;

use actix_web::dev::Server;
use actix_web::middleware::{Condition, NormalizePath, TrailingSlash, from_fn};
use actix_web::web::{Bytes, Data, ServiceConfig};
use actix_web::{App, HttpResponse, web};

use crate::auth::attempts::Attempts;
use crate::auth::context::Reclaim;
use crate::auth::cookie_sessions::CookieSessions;
use crate::auth::password::Hasher;
use crate::auth::queries::StoreDirectory;
use crate::auth::token::Tokens;
use crate::auth::token_versions::TokenVersions;
use crate::checkout::place_orders::{self, Placements};
use crate::db::Database;
use crate::desk::{self, Desk};
use crate::error::{ApiError, Code};
use crate::events::feed_ends::FeedEnds;
use crate::feed::availability::AvailabilityStreams;
use crate::feed::streams::EventStreams;
use crate::fulfilment::change_orders::{self, OrderChanges};
use crate::fulfilment::{expire, release_carts};
use crate::http::admit::{admit, admit_preflight};
use crate::http::client_address::TrustedProxies;
use crate::http::connection::Connections;
use crate::http::cors;
use crate::http::file_memory::FileMemory;
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

/// The reason that a server could not be built.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("server.host `{0}` can't be resolved: {1}")]
    Host(String, String),
    #[error("can't listen on {0}: {1}")]
    Listen(String, String),
    #[error("can't set up {0}")]
    Part(String),
}

/// A listening server, and the state that its jobs and the tests share with it.
pub struct Running {
    pub server: Server,
    pub port: u16,
    pub shared: Shared,
}

/// Builds the application on a bound address, with the given settings and the files of the admin UI.
///
/// The database may be unavailable at this time, but it must have been migrated.
pub fn build(listener: TcpListener, settings: &Settings, desk: Desk) -> Result<Running, StartError> {
    let failed = |error: std::io::Error| StartError::Part(format!("the listening socket: {error}"));
    let port = listener.local_addr().map_err(failed)?.port();
    let shared = Shared::new(settings, desk)?;
    let connections = Connections::new(settings, shared.metrics.get_ref().clone());
    let (for_app, server_settings) = (shared.clone(), settings.server.clone());
    let has_cors = !server_settings.cors_origins.is_empty();
    let application = move || {
        App::new()
            .configure(|config| for_app.add_to(config))
            .wrap(NormalizePath::new(TrailingSlash::Trim))
            .wrap(from_fn(desk::note_missing_slash))
            .wrap(from_fn(admit))
            .wrap(Condition::new(has_cors, cors::new(&server_settings)))
            .wrap(Condition::new(has_cors, from_fn(admit_preflight)))
            .wrap(from_fn(trace))
            .service(routes::mount("/api/v1"))
            .service(routes::mount("/api"))
            .configure(routes::mount_at_root)
            .configure(crate::accounts::api::password_page::configure)
            .configure(crate::alerts::stock_notices::api::configure)
            .service(only_get("/openapi.json", web::get().to(openapi)))
            .configure(swagger::configure)
            .configure(desk::configure)
            .default_service(web::to(path_not_found))
    };
    let server = serve(listener, &settings.server, &connections, application).map_err(failed)?;
    Ok(Running { server, port, shared })
}

/// The state that all requests share. Handlers and middleware find each part by its type.
#[derive(Clone)]
pub struct Shared {
    pub database: Data<Database>,
    pub limiters: Data<Limiters>,
    pub placements: Data<Placements>,
    pub order_changes: Data<OrderChanges>,
    pub token_versions: Data<TokenVersions>,
    pub metrics: Data<Metrics>,
    pub feed_ends: Data<FeedEnds>,
    event_streams: Data<EventStreams>,
    availability_streams: Data<AvailabilityStreams>,
    file_memory: Data<FileMemory>,
    settings: Data<Settings>,
    tokens: Data<Tokens>,
    cookie_sessions: Data<CookieSessions>,
    keyed: Data<KeyedHash>,
    hasher: Data<Hasher>,
    attempts: Data<Attempts>,
    proxies: Data<TrustedProxies>,
    hosts: Data<AllowedHosts>,
    stores: Data<StoreDirectory>,
    reclaim: Data<Reclaim>,
    entry_points: Data<EntryPoints>,
    desk: Data<Desk>,
}

impl Shared {
    fn new(settings: &Settings, desk: Desk) -> Result<Self, StartError> {
        fn part<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<Data<T>, StartError> {
            result.map(Data::new).map_err(|error| StartError::Part(error.to_string()))
        }
        let database = Database::new(settings.database_options());
        let keyed = part(KeyedHash::new(settings.auth.jwt_secret.reveal().as_bytes()))?;
        let ends = FeedEnds::default();
        let attempts = Attempts::new(settings.limits.login_per_minute, keyed.get_ref().clone());
        Ok(Self {
            limiters: Data::new(Limiters::new(&settings.limits)),
            placements: Data::new(place_orders::batcher(&settings.checkout)),
            order_changes: Data::new(change_orders::batcher(&settings.checkout)),
            token_versions: Data::new(TokenVersions::new(&database, settings.database_options(), &settings.auth)),
            metrics: part(Metrics::new())?,
            event_streams: Data::new(EventStreams::new(&database, ends.clone(), &settings.limits)),
            availability_streams: Data::new(AvailabilityStreams::new(&database, ends.clone(), &settings.limits)),
            feed_ends: Data::new(ends),
            file_memory: Data::default(),
            settings: Data::new(settings.clone()),
            tokens: Data::new(Tokens::new(&settings.auth)),
            cookie_sessions: Data::default(),
            hasher: part(Hasher::new(settings.auth.hash_threads, &settings.limits))?,
            attempts: Data::new(attempts),
            keyed,
            proxies: Data::new(TrustedProxies::new(settings.server.trusted_proxies.clone())),
            hosts: Data::new(AllowedHosts::new(&settings.server)),
            stores: Data::new(StoreDirectory::default()),
            reclaim: Data::new(Reclaim { overdue: expire::reclaim, carts: release_carts::release_carts }),
            entry_points: part(EntryPoints::new(&routes::table()))?,
            desk: Data::new(desk),
            database: Data::new(database),
        })
    }

    fn add_to(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.database.clone())
            .app_data(self.limiters.clone())
            .app_data(self.placements.clone())
            .app_data(self.order_changes.clone())
            .app_data(self.token_versions.clone())
            .app_data(self.metrics.clone())
            .app_data(self.feed_ends.clone())
            .app_data(self.event_streams.clone())
            .app_data(self.availability_streams.clone())
            .app_data(self.file_memory.clone())
            .app_data(self.settings.clone())
            .app_data(self.tokens.clone())
            .app_data(self.cookie_sessions.clone())
            .app_data(self.keyed.clone())
            .app_data(self.hasher.clone())
            .app_data(self.attempts.clone())
            .app_data(self.proxies.clone())
            .app_data(self.hosts.clone())
            .app_data(self.stores.clone())
            .app_data(self.reclaim.clone())
            .app_data(self.entry_points.clone())
            .app_data(self.desk.clone());
    }
}

/// The OpenAPI document, created when it is read first.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(routes::document().to_string()));

async fn openapi() -> HttpResponse {
    match web::block(|| DOCUMENT.clone()).await {
        Ok(document) => HttpResponse::Ok().content_type("application/json").body(document),
        Err(_stopped) => HttpResponse::InternalServerError().finish(),
    }
}

async fn path_not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(Code::NotFound, "There is nothing at this path."))
}
