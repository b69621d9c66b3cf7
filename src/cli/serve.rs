//! `stockroom serve`

use std::net::TcpListener;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use stockroom::app::{self, Running};
use stockroom::db::{self, Failure};
use stockroom::desk::Desk;
use stockroom::jobs::{Jobs, Runner};
use stockroom::mail::Mailer;
use stockroom::settings::Settings;
use stockroom::webhooks::HttpClient;
use stockroom::webhooks::target::Reach;

use super::error::CommandError;
use super::opened::Opened;
use super::signals::StopSignal;
use super::{print, secret, seed};

/// The time that jobs have to end at least. They usually share that of the requests.
const TIME_FOR_JOBS: Duration = Duration::from_secs(1);

/// Serves until a signal asks for a stop, then finishes the requests in flight.
pub fn run(settings: Settings) -> Result<(), CommandError> {
    actix_web::rt::System::new().block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<(), CommandError> {
    let stop = StopSignal::listen()?;
    let (resources, opened) = on_a_thread(move || {
        let resources = Resources::open(&settings)?;
        Ok((resources, prepare(settings)?))
    })
    .await?;
    let served = match stop.is_received() {
        true => Ok(()),
        false => serve_until(stop, &opened, resources).await,
    };
    let closed = on_a_thread(move || opened.close()).await;
    served.and(closed)
}

/// The resources of a start except the database. They come first, so that a start that fails here changes nothing.
struct Resources {
    listener: TcpListener,
    address: String,
    mailer: Option<Mailer>,
    http_client: HttpClient,
}

impl Resources {
    fn open(settings: &Settings) -> Result<Self, CommandError> {
        settings.check_given_secret()?;
        if settings.is_embedded() {
            refuse_public_address(settings)?;
        }
        let listener = app::bind(settings)?;
        let port = listener.local_addr().map_err(CommandError::io("read the port"))?.port();
        let address = format!("http://{}", app::url_host(&settings.server.host, port));
        let public_url = &settings.server.public_url;
        let mailer = Mailer::new(&settings.mail, if public_url.is_empty() { &address } else { public_url })?;
        let http_client = HttpClient::new(Reach::from(&settings.webhooks));
        Ok(Self { listener, address, mailer, http_client })
    }
}

/// Runs blocking work on a thread, so that signals are handled meanwhile.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| CommandError::Other(error.to_string()))?
}

/// Opens and migrates the database, and starts it if it is embedded. Loads the data of the first run.
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
    let migrated = opened.migrate()?;
    opened.is_read_only = migrated.is_none();
    for name in migrated.unwrap_or_default() {
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
    let history_days = opened.settings.demo.history_days;
    if seed::load(opened, history_days)? {
        log::info!(history_days; "demo store loaded");
    }
    Ok(())
}

/// Refuses a public address with the embedded database, because its demo accounts have published passwords.
fn refuse_public_address(settings: &Settings) -> Result<(), CommandError> {
    if app::resolve(settings)?.iter().all(|address| address.ip().is_loopback()) {
        Ok(())
    } else {
        Err(CommandError::NotLoopback(settings.server.host.clone()))
    }
}

/// Warns if the database reports errors in another language, because some errors are recognised by their text.
fn warn_of_language(opened: &Opened) -> Result<(), CommandError> {
    let language = db::migrate::messages_language(&mut opened.connect()?).map_err(Failure::from)?;
    let is_english = ["C", "POSIX", "en_US"].iter().any(|name| language.split('.').next() == Some(*name));
    if !is_english {
        log::warn!(
            lc_messages = language.as_str();
            "the database reports errors in a language that this server cannot read: set lc_messages to C"
        );
    }
    Ok(())
}

async fn serve_until(mut stop: StopSignal, opened: &Opened, resources: Resources) -> Result<(), CommandError> {
    let settings = &opened.settings;
    let Resources { listener, address, mailer, http_client } = resources;
    let Running { server, shared, .. } = app::build(listener, settings, Desk::embedded())?;
    if opened.is_read_only {
        shared.database.note_read_only();
    }
    let token_versions = shared.token_versions.into_inner();
    // This comes before the first request, so that no request of a customer has to read its account.
    if let Err(error) = token_versions.refresh().await {
        log::warn!(error:% = error; "the revoked tokens could not be read; the job will read them again");
    }
    print(&format!("listening on {address}"));
    print(&format!("admin UI: {address}/admin/"));
    print(&format!("documentation: {address}/docs/"));
    if opened.is_embedded() {
        print("demo accounts: admin@example.com and customer@example.com, password stockroom-demo");
    }
    let jobs = Jobs {
        database: shared.database.get_ref().clone(),
        limiters: shared.limiters.into_inner(),
        metrics: shared.metrics.get_ref().clone(),
        feed_ends: shared.feed_ends.get_ref().clone(),
        feed_moved: Arc::default(),
        http_client,
        token_versions,
        keep_hours: settings.idempotency.keep_hours,
        mailer,
    };
    let runner = Runner::start(&jobs);
    let (handle, stop_requested_at) = (server.handle(), Arc::new(OnceLock::new()));
    let requested_at = Arc::clone(&stop_requested_at);
    tokio::spawn(async move {
        stop.wait().await;
        requested_at.get_or_init(Instant::now);
        jobs.feed_ends.stop();
        handle.stop(true).await;
    });
    let served = server.await.map_err(CommandError::io("serve"));
    let used = stop_requested_at.get().map_or(Duration::ZERO, Instant::elapsed);
    let rest = Duration::from_secs(settings.server.shutdown_seconds).saturating_sub(used);
    runner.stop(rest.max(TIME_FOR_JOBS)).await;
    served
}
