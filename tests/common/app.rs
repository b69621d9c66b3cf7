//! The server that a test drives.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use super::batch_queue::Queues;
use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::web::Data;
use config::{Config, File};
use diesel::prelude::*;
use stockroom::app::{self, Running};
use stockroom::auth::token::Tokens;
use stockroom::db::tx::{self, Mode};
use stockroom::db::{End, Failure};
use stockroom::desk::Desk;
use stockroom::jobs::Jobs;
use stockroom::kernel::id::StoreId;
use stockroom::mail::Mailer;
use stockroom::reports::verify;
use stockroom::settings::{Secret, Settings};
use stockroom::webhooks::HttpClient;
use stockroom::webhooks::target::Reach;

use super::alone::Presence;
use super::client::{Client, OtherServer};
use super::database::TestDatabase;
use super::jobs;
use super::ledger_audit;
use super::{pooler, shop};

/// Signs the tokens of every test.
pub const JWT_SECRET: &str = "a secret that only the tests have, and nobody else";

/// The real server on a free port, in threads of this process, with a database of its own and the
/// store [`shop::STORE`] in it. Stopped, audited and removed on drop.
pub struct TestApp {
    pub address: String,
    pub settings: Settings,
    pub tokens: Tokens,
    /// The default store.
    pub store: StoreId,
    database: TestDatabase,
    desk: fn() -> Desk,
    server: Option<Serving>,
    /// The jobs of every server on the database, whose clocks move together.
    clocks: Mutex<Clocks>,
    /// Behind a pooler there are two servers, and clients use them in turn.
    other: Option<(SecondServer, Arc<OtherServer>)>,
    _presence: Presence,
}

struct Clocks {
    servers: Vec<Jobs>,
    seconds: i64,
}

impl TestApp {
    pub fn start() -> Self {
        Self::with(|_| ())
    }

    /// With other files of the admin UI than those of the program.
    pub fn with_desk(desk: fn() -> Desk, change: impl FnOnce(&mut Settings)) -> Self {
        Self::present(Presence::among_others(), change, desk)
    }

    /// With other settings than the usual ones: the defaults, but without limits on requests.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::present(Presence::among_others(), change, Desk::embedded)
    }

    /// The only server in this process, for a measurement of the process.
    pub fn alone(change: impl FnOnce(&mut Settings)) -> Self {
        Self::present(Presence::alone(), change, Desk::embedded)
    }

    fn present(presence: Presence, change: impl FnOnce(&mut Settings), desk: fn() -> Desk) -> Self {
        let database = TestDatabase::migrated();
        let store = shop::create_store(&mut database.connect(), shop::STORE);
        let mut settings = defaults();
        settings.server.port = 0;
        settings.server.workers = 2;
        settings.database.url = Secret::new(database.url.clone());
        if pooler::is_on() {
            settings.database.url = Secret::new(pooler::url(&database.name));
            settings.database.prepared_statements = false;
        }
        settings.auth.jwt_secret = Secret::new(JWT_SECRET.to_owned());
        // The job that reads the revoked tokens runs only when a test calls it.
        settings.auth.revocation_seconds = 3600;
        settings.limits.login_per_minute = 0;
        settings.limits.register_per_minute = 0;
        settings.limits.password_mails_per_hour = 0;
        change(&mut settings);
        let serving = Serving::start(settings.clone(), desk);
        let mut app = Self {
            address: format!("http://127.0.0.1:{}", serving.port),
            tokens: Tokens::new(&settings.auth),
            settings,
            store,
            database,
            desk,
            clocks: Mutex::new(Clocks { servers: vec![serving.jobs.clone()], seconds: 0 }),
            server: Some(serving),
            other: None,
            _presence: presence,
        };
        if pooler::is_on() {
            let second = app.second_server();
            let other = OtherServer::new(&second.address);
            app.other = Some((second, other));
        }
        app
    }

    /// From now on clients use the first server only.
    pub fn leave_out_other_server(&self) {
        if let Some((_, other)) = &self.other {
            other.leave_out();
        }
    }

    /// Another server on the same database, with a pool of its own. Its clock moves with the first one's.
    pub fn second_server(&self) -> SecondServer {
        let serving = Serving::start(self.settings.clone(), self.desk);
        let mut clocks = self.clocks.lock().unwrap();
        serving.jobs.database.advance_clock(clocks.seconds);
        clocks.servers.push(serving.jobs.clone());
        SecondServer { address: format!("http://127.0.0.1:{}", serving.port), serving: Some(serving) }
    }

    /// A connection of the test to the database of the server.
    pub fn connection(&self) -> PgConnection {
        self.database.connect()
    }

    /// A client that is not signed in.
    pub fn guest(&self) -> Client {
        Client::new(&self.address).in_turn_with(self.other.as_ref().map(|(_, other)| other))
    }

    /// A guest at the paths outside of the API: health, metrics, documents.
    pub fn root(&self) -> Client {
        self.guest().under("")
    }

    /// Fails the test if an invariant does not hold. The server's own check and the independent one are both asked,
    /// after the jobs have valued the ledger and folded the sales.
    pub fn audit(&self) {
        let mut conn = self.connection();
        jobs::relay(&mut conn);
        jobs::value_ledger(&mut conn);
        jobs::fold_all_sales(&mut conn);
        let found = tx::run(&mut conn, Mode::Report, |conn| verify::verify_all(conn).map(End::RollBack)).unwrap();
        let violations: Vec<String> = found
            .violations
            .iter()
            .map(|violation| format!("store {}: {}: {}", violation.store_id, violation.rule, violation.row))
            .collect();
        assert!(found.ok && violations.is_empty(), "verify is not clean:\n{}", violations.join("\n"));
        assert!(found.checked > 0, "verify checked nothing");
        ledger_audit::assert_clean(&mut conn);
    }

    /// Moves the clock that every deadline is measured by.
    pub fn advance(&self, seconds: i64) {
        let mut clocks = self.clocks.lock().unwrap();
        clocks.seconds += seconds;
        clocks.servers.iter().for_each(|jobs| jobs.database.advance_clock(seconds));
    }

    /// The seconds by which the clock has been moved.
    pub fn seconds_advanced(&self) -> i64 {
        self.clocks.lock().unwrap().seconds
    }

    /// The jobs of the server. They run only when a test calls them.
    pub fn jobs(&self) -> &Jobs {
        &self.server.as_ref().expect("the server has been stopped").jobs
    }

    /// The batch queues of the server.
    pub fn queues(&self) -> &Queues {
        &self.server.as_ref().expect("the server has been stopped").queues
    }

    /// Ends the server as a signal would: requests in flight are finished.
    pub fn stop(&mut self) {
        self.other = None;
        // The jobs of a server keep its connections to the database open.
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner).servers.clear();
        if let Some(serving) = self.server.take() {
            serving.stop();
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop();
        if !std::thread::panicking() {
            self.audit();
        }
    }
}

/// A server beside the first one. Stopped on drop.
pub struct SecondServer {
    pub address: String,
    serving: Option<Serving>,
}

impl SecondServer {
    /// Its batch queues.
    pub fn queues(&self) -> &Queues {
        &self.serving.as_ref().expect("the second server has been stopped").queues
    }

    /// Runs the job that reads the accounts whose tokens were revoked.
    pub fn refresh_token_versions(&self) -> usize {
        let jobs = self.serving.as_ref().expect("the second server has been stopped").jobs.clone();
        System::new().block_on(async move { jobs.refresh_token_versions().await }).unwrap()
    }

    /// Its jobs. They run only when a test calls them.
    pub fn jobs(&self) -> &Jobs {
        &self.serving.as_ref().expect("the second server has been stopped").jobs
    }

    /// Runs its expiry job once.
    pub fn expire_holds(&self) -> usize {
        expire_holds(self.jobs())
    }
}

impl Drop for SecondServer {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.stop();
        }
    }
}

pub fn expire_holds(jobs: &Jobs) -> usize {
    let jobs = jobs.clone();
    System::new().block_on(async move { jobs.expire_holds().await }).unwrap()
}

/// The settings of `config/default.toml`, without those of the environment.
pub fn defaults() -> Settings {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/default.toml");
    Config::builder().add_source(File::from(path)).build().unwrap().try_deserialize().unwrap()
}

struct Serving {
    port: u16,
    handle: ServerHandle,
    thread: JoinHandle<()>,
    /// They run only when a test calls them.
    jobs: Jobs,
    queues: Queues,
}

impl Serving {
    fn start(settings: Settings, desk: fn() -> Desk) -> Self {
        // RUST_LOG shows the server's log of a test that fails.
        env_logger::builder().is_test(true).try_init().ok();
        let (sender, started) = mpsc::channel();
        let serve = move || {
            System::new().block_on(async move {
                let listener = app::bind(&settings).unwrap();
                let Running { server, port, shared } = app::build(listener, &settings, desk()).unwrap();
                let jobs = Jobs {
                    database: shared.database.get_ref().clone(),
                    limiters: shared.limiters.into_inner(),
                    metrics: shared.metrics.get_ref().clone(),
                    feed_ends: shared.feed_ends.get_ref().clone(),
                    feed_moved: Arc::default(),
                    http_client: HttpClient::new(Reach::from(&settings.webhooks)),
                    token_versions: shared.token_versions.into_inner(),
                    keep_hours: settings.idempotency.keep_hours,
                    mailer: Mailer::new(&settings.mail, &settings.server.public_url).unwrap(),
                };
                // A test may start it without its database.
                jobs.clone().refresh_token_versions().await.ok();
                let queues = Queues { placements: shared.placements, order_changes: shared.order_changes };
                sender.send((port, server.handle(), jobs, queues)).unwrap();
                server.await.unwrap();
            });
        };
        let thread = std::thread::Builder::new().name("server".to_owned()).spawn(serve).unwrap();
        let (port, handle, jobs, queues) = started.recv().expect("the server did not start");
        Self { port, handle, thread, jobs, queues }
    }

    fn stop(self) {
        self.jobs.feed_ends.stop();
        // The request to stop is already sent. The thread ends when the server has stopped.
        drop(self.handle.stop(true));
        self.thread.join().unwrap();
    }
}
