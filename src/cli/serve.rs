//! `stockroom serve`

use std::net::TcpListener;

use stockroom::app::{self, Running};
use stockroom::db::{self, Failure};
use stockroom::jobs::{Jobs, Runner};
use stockroom::mail::Mailer;
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
    let (entrance, opened) = on_a_thread(move || {
        let entrance = Entrance::open(&settings)?;
        Ok((entrance, prepare(settings)?))
    })
    .await?;
    let served = match stop.now() {
        true => Ok(()),
        false => serve_until(stop, &opened, entrance).await,
    };
    let closed = on_a_thread(move || opened.close()).await;
    served.and(closed)
}

/// What a start needs besides a database. It comes first, so that a start that fails here changes nothing.
struct Entrance {
    listener: TcpListener,
    address: String,
    mailer: Option<Mailer>,
}

impl Entrance {
    fn open(settings: &Settings) -> Result<Self, CommandError> {
        settings.check_given_secret()?;
        if settings.is_embedded() {
            refuse_open_doors(settings)?;
        }
        let listener = app::bind(settings)?;
        let port = listener.local_addr().map_err(CommandError::io("read the port"))?.port();
        let address = format!("http://{}", app::url_host(&settings.server.host, port));
        let public_url = &settings.server.public_url;
        let mailer = Mailer::new(&settings.mail, if public_url.is_empty() { &address } else { public_url })?;
        Ok(Self { listener, address, mailer })
    }
}

/// Whatever waits for programs and connections, so that signals are heard meanwhile.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| CommandError::Other(error.to_string()))?
}

/// The database, started if it is our own, migrated, and with what the first run needs.
fn prepare(settings: Settings) -> Result<Opened, CommandError> {
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
    if app::resolve(settings)?.iter().all(|address| address.ip().is_loopback()) {
        Ok(())
    } else {
        Err(CommandError::NotLoopback(settings.server.host.clone()))
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

async fn serve_until(mut stop: StopAsked, opened: &Opened, entrance: Entrance) -> Result<(), CommandError> {
    let settings = &opened.settings;
    let Entrance { listener, address, mailer } = entrance;
    let Running { server, shared, .. } = app::build_on(listener, settings)?;
    let token_versions = shared.token_versions.into_inner();
    // Before anybody is served: a server that starts must not let in a caller whose tokens were ended a minute ago.
    if let Err(error) = token_versions.refresh().await {
        log::warn!(error:% = error; "the ended tokens could not be read, and will be in a moment");
    }
    announce(&address);
    if opened.is_embedded() {
        print("demo accounts: admin@example.com and customer@example.com, password stockroom-demo");
    }
    let jobs = Jobs {
        database: shared.database.get_ref().clone(),
        limiters: shared.limiters.into_inner(),
        metrics: shared.metrics.get_ref().clone(),
        token_versions,
        keep_hours: settings.idempotency.keep_hours,
        mailer,
    };
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

fn announce(address: &str) {
    print(&format!("listening on {address}"));
    print(&format!("documentation: {address}/docs/"));
}
