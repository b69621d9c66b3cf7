//! Starts the HTTP server on wrapped connections.

use std::fmt::Debug;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, Protocol, Request, Response};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, apply_fn_factory, map_config,
};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;

use super::connection::{Connection, Connections, Peer, Turns};
use crate::settings;

/// The time for which a connection may be idle between requests.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// The time for which a client may continue to send after an early response.
const LINGER: Duration = Duration::from_secs(1);

/// The permits for connections bound the work on blocking threads, so this number must only be larger.
const MAX_BLOCKING_THREADS: usize = 512;

/// Serves the application on the listener. The framework's `HttpServer` is not used, because it accepts plain TCP
/// streams only.
pub fn serve<F, I, S, B>(
    listener: TcpListener,
    settings: &settings::Server,
    connections: &Arc<Connections>,
    application: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    connections.sweep_regularly();
    let bounds = connections.bounds;
    let builder = Server::build()
        .shutdown_timeout(settings.shutdown_seconds)
        .workers(bounds.workers)
        .worker_max_blocking_threads(MAX_BLOCKING_THREADS)
        // This limit is above the number at which the registry displaces connections. At this limit the worker
        // accepts no connection until some are closed.
        .max_concurrent_connections(bounds.accepted_by_each)
        .disable_signals();
    let shutdown = builder.graceful_shutdown_signal();
    let connections = Arc::clone(connections);
    let builder = builder.listen("http", listener, move || {
        let (shutdown, connections) = (shutdown.clone(), Arc::clone(&connections));
        let service = HttpService::build()
            .graceful_shutdown_signal(move || {
                let shutdown = shutdown.clone();
                async move { shutdown.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            // Off, because the registry limits the time of every head. The framework limits the first one only.
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(LINGER)
            .on_connect_ext(Peer::attach)
            .finish(map_config(application().into_factory().map_err(|error| error.into().error_response()), |()| {
                AppConfig::default()
            }));
        let turns = Turns::default();
        apply_fn_factory(service, move |socket: TcpStream, http| {
            let peer = socket.peer_addr().ok();
            let connection = Connection::new(socket, connections.admit(peer));
            let ((activity, _), turns) = (connection.parts(), turns.clone());
            let (linger_slot, served) = (connection.linger_slot(), http.call((connection, Protocol::Http1, peer)));
            async move {
                if !turns.wait(&activity).await {
                    return Ok(());
                }
                let ended = served.await;
                linger_slot.finish().await;
                ended
            }
        })
    })?;
    Ok(builder.run())
}
