//! `stockroom serve`

use std::net::ToSocketAddrs;

use stockroom::db::{self, Failure};
use stockroom::jobs::{Jobs, Runner};
use stockroom::server::{self, Running};
use stockroom::settings::Settings;

use super::error::CommandError;
use super::opened::Opened;
use super::signals::StopAsked;
use super::{print, secret, seed};

/// Serves until a signal asks for a stop, then finishes the requests in flight.
pub fn run(settings: Settings) -> Result<(), CommandError> {
    actix_web::rt::System::new().block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<(), CommandError> {
    let stop = StopAsked::listen()?;
    let opened = on_a_thread(move || prepare(settings)).await?;
    let served = match stop.now() {
        true => Ok(()),
        false => serve_until(stop, &opened).await,
    };
    let closed = on_a_thread(move || opened.close()).await;
    served.and(closed)
}

/// Whatever waits for programs and connections, so that signals are heard meanwhile.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| CommandError::Other(error.to_string()))?
}

/// The database, started if it is our own, migrated, and with what the first run needs.
fn prepare(settings: Settings) -> Result<Opened, CommandError> {
    if settings.is_embedded() {
        refuse_open_doors(&settings)?;
    } else {
        settings.check_secret()?;
    }
    let mut opened = Opened::open(settings)?;
    match make_ready(&mut opened) {
        Ok(()) => Ok(opened),
        Err(error) => {
            opened.close()?;
            Err(error)
        }
    }
}

fn make_ready(opened: &mut Opened) -> Result<(), CommandError> {
    for name in opened.migrate()? {
        log::info!(migration = name.as_str(); "migration applied");
    }
    opened.choose_plans()?;
    if !opened.is_embedded() {
        return warn_of_language(opened);
    }
    if opened.settings.auth.jwt_secret.reveal().is_empty() {
        opened.settings.auth.jwt_secret = secret::read_or_create(&opened.settings.database.data_dir)?;
    }
    opened.settings.check_secret()?;
    if seed::load(opened)? {
        log::info!("demo store loaded");
    }
    Ok(())
}

/// The embedded database has accounts whose password is in the manual.
fn refuse_open_doors(settings: &Settings) -> Result<(), CommandError> {
    let host = &settings.server.host;
    let mut addresses = (host.as_str(), settings.server.port)
        .to_socket_addrs()
        .map_err(CommandError::io(format!("resolve server.host {host}")))?;
    if addresses.all(|address| address.ip().is_loopback()) {
        Ok(())
    } else {
        Err(CommandError::NotLoopback(host.clone()))
    }
}

/// What a database error means is partly read from its text.
fn warn_of_language(opened: &Opened) -> Result<(), CommandError> {
    let language = db::migrate::messages_language(&mut opened.connect()?).map_err(Failure::from)?;
    let is_english = ["C", "POSIX", "en_US"].iter().any(|name| language.split('.').next() == Some(*name));
    if !is_english {
        log::warn!(
            lc_messages = language.as_str();
            "the database reports errors in a language that is not understood: set lc_messages to C"
        );
    }
    Ok(())
}

async fn serve_until(mut stop: StopAsked, opened: &Opened) -> Result<(), CommandError> {
    let settings = &opened.settings;
    let Running { server, port, database, limiters, metrics, .. } = server::build(settings)?;
    announce(&settings.server.host, port);
    if opened.is_embedded() {
        print("demo accounts: admin@example.com and customer@example.com, password stockroom-demo");
    }
    let keep_hours = settings.idempotency.keep_hours;
    let jobs = Jobs { database, limiters: limiters.into_inner(), metrics, keep_hours };
    let runner = Runner::start(&jobs);
    let handle = server.handle();
    tokio::spawn(async move {
        stop.wait().await;
        handle.stop(true).await;
    });
    let served = server.await.map_err(CommandError::io("serve"));
    runner.stop().await;
    served
}

fn announce(host: &str, port: u16) {
    print(&format!("listening on http://{host}:{port}"));
    print(&format!("documentation: http://{host}:{port}/docs/"));
}
