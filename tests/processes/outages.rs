//! The database freezes, falls silent, or cannot be written to. Every request is answered in time, and the service
//! recovers by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::{self, Place, Process};
use crate::common::silence::Network;
use crate::common::{Client, Reply, TestApp, Value, json, ledger_audit, race};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl};
use stockroom::embedded_postgres::{DATABASE, Embedded, Options};

/// The time limit for a slot in the queue and for the connection.
const QUEUE_MS: u64 = 3_000;
/// The queue, the longest silence of the database, and some time for a slow machine.
pub const BOUND: Duration = Duration::from_secs(14);
/// The time limit for the recovery of the shop.
const HEALING: Duration = Duration::from_secs(10);
const BUYERS: usize = 24;
/// The time after which the database freezes under customers that buy again and again.
const FREEZES_AFTER: Duration = Duration::from_millis(500);
/// The time limit for these customers.
const BUYING: Duration = Duration::from_secs(30);
const POOL_SIZE: i64 = 8;
/// Attempts to connect that were begun in an outage have succeeded by then.
const SETTLING: Duration = Duration::from_secs(3);

fn tee(buyer: usize) -> String {
    format!("tee-{buyer}")
}

fn order(buyer: usize) -> Value {
    json!({"items": [{"product_id": tee(buyer), "quantity": 1}]})
}

/// A shop on a PostgreSQL of its own.
pub struct Shop {
    pub server: Process,
    pub postgres: Option<Embedded>,
    pub admin: Client,
    customer: Client,
    _place: Place,
}

impl Shop {
    /// The server uses `url` for the database.
    pub fn open(place: Place, postgres: Embedded, url: &str) -> Self {
        Self::open_with(place, postgres, url, &[("STOCKROOM__LIMITS__QUEUE_MS", QUEUE_MS)])
    }

    fn open_with(place: Place, postgres: Embedded, url: &str, settings: &[(&str, u64)]) -> Self {
        for command in [&["migrate"][..], &["seed", "--demo"]] {
            let output = process::run(process::stockroom(command).env("DATABASE_URL", postgres.url(DATABASE)));
            assert!(output.status.success(), "{output:?}");
        }
        let mut serve = process::stockroom(&["serve"]);
        serve
            .env("DATABASE_URL", url)
            .env("JWT_SECRET", "a secret that only this test has, and nobody else")
            .env("RUST_LOG", "warn")
            .env("STOCKROOM__DATABASE__POOL_SIZE", POOL_SIZE.to_string())
            .envs(settings.iter().map(|(name, value)| (name, value.to_string())))
            .env("STOCKROOM__AUTH__ACCESS_TTL_SECONDS", "3600");
        let server = Process::start(serve, &place.folder);
        let log_in = |email: &str| {
            let body = json!({"email": email, "password": "stockroom-demo"});
            let session = server.client().post("/auth/login", &body).expect(200).json();
            server.client().with_token(session["access_token"].as_str().unwrap())
        };
        let admin = log_in("admin@example.com");
        for buyer in 0..BUYERS {
            let tee = json!({"sku": tee(buyer), "name": "Tee", "price": 30.00, "initial_stock": 10_000});
            admin.post("/inventory/products", &tee).expect(201);
        }
        let customer = log_in("customer@example.com");
        Self { server, postgres: Some(postgres), admin, customer, _place: place }
    }

    /// Each buyer has a product of its own. So no batch waits for the locks of another.
    fn buy(&self, buyer: usize) -> Reply {
        self.customer.post("/orders", &order(buyer))
    }

    /// Several customers buy at once. Each is answered in time, by an order or by a 503 that allows a retry.
    fn buy_at_once(&self) -> usize {
        let replies = race(BUYERS, |buyer| {
            let since = Instant::now();
            let reply = self.buy(buyer);
            assert!(since.elapsed() < BOUND, "answered after {:?}: {}", since.elapsed(), reply.text());
            reply
        });
        let refused = replies.iter().filter(|reply| reply.status != 201);
        refused.map(assert_unavailable).count()
    }

    /// Several customers buy again and again, each until it is refused.
    fn buy_until_refused(&self) -> usize {
        let until = Instant::now() + BUYING;
        let replies = race(BUYERS, |buyer| {
            loop {
                let since = Instant::now();
                let reply = self.buy(buyer);
                assert!(since.elapsed() < BOUND, "answered after {:?}: {}", since.elapsed(), reply.text());
                if reply.status != 201 || Instant::now() > until {
                    return reply;
                }
            }
        });
        replies.iter().map(assert_unavailable).count()
    }

    /// Buys until an order succeeds within the time limit.
    fn assert_heals(&self, healing: Duration) {
        let since = Instant::now();
        while self.buy(0).status != 201 {
            assert!(since.elapsed() < healing, "the shop did not heal in {healing:?}: {}", self.server.log());
        }
        assert!(since.elapsed() < healing, "the shop healed after {:?}", since.elapsed());
    }

    /// The log must have one line about the outage and one about its end.
    fn assert_two_lines(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.server.log().contains("the database is available again") {
            assert!(Instant::now() < deadline, "nothing says that it is over: {}", self.server.log());
            thread::sleep(Duration::from_millis(100));
        }
        let log = self.server.log();
        let (busy, lines): (Vec<&str>, Vec<&str>) = log
            .lines()
            .filter(|line| line.contains("WARN") || line.contains("ERROR"))
            .partition(|line| line.contains("] busy "));
        // The queue may be full before the outage is noticed.
        assert!(busy.len() <= 1, "{busy:#?}");
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0].contains("the database is unavailable") && lines[1].contains("refused_requests="), "{log}");
    }

    fn assert_clean(&self) {
        let url = self.postgres.as_ref().unwrap().url(DATABASE);
        ledger_audit::assert_clean(&mut PgConnection::establish(&url).unwrap());
    }

    /// The connections that the database has, without the one that counts them.
    fn connections(&self) -> i64 {
        let mut conn = PgConnection::establish(&self.postgres.as_ref().unwrap().url(DATABASE)).unwrap();
        let counted = diesel::dsl::sql::<diesel::sql_types::BigInt>(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        );
        counted.get_result(&mut conn).unwrap()
    }

    /// After an outage there are no more connections than before. The one beside the pool reads the ended tokens.
    fn assert_no_spare_connections(&self) {
        wait_until(|| self.connections() <= POOL_SIZE + 1);
        let since = Instant::now();
        while since.elapsed() < SETTLING {
            let connections = self.connections();
            assert!(connections <= POOL_SIZE + 1, "{connections} connections");
            thread::sleep(Duration::from_millis(100));
        }
        let open = self.metric("stockroom_pool_connections");
        assert!((1..=POOL_SIZE).contains(&open), "{open} connections of the pool");
    }

    /// The network keeps silent connections open. The server has closed them, and no thread waits for them.
    fn assert_no_thread_waits(&self, network: &Network) {
        let connections = usize::try_from(POOL_SIZE + 1).unwrap();
        wait_until(|| network.open() <= connections && self.metric("stockroom_pool_in_use") == 0);
    }

    fn metric(&self, name: &str) -> i64 {
        let metrics = self.server.client().under("").get("/metrics").expect(200).text();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap().parse().unwrap()
    }

    /// The server of the database and all of its processes.
    pub fn processes(&self) -> Vec<u32> {
        let postmaster = self.postgres.as_ref().unwrap().postmaster_pid().unwrap();
        let listed = Command::new("ps").args(["-o", "pid=", "--ppid", &postmaster.to_string()]).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        std::iter::once(postmaster).chain(listed.split_whitespace().map(|pid| pid.parse().unwrap())).collect()
    }
}

/// A process may have ended in the meantime.
pub fn send_to_all(signal: &str, processes: &[u32]) {
    processes.iter().for_each(|pid| drop(Command::new("kill").args([signal, &pid.to_string()]).status()));
}

#[track_caller]
pub fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert!(!reply.header("retry-after").is_empty());
    let code = reply.code().unwrap();
    assert!(["DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN", "BUSY"].contains(&code.as_str()), "{code}");
}

#[test]
fn a_frozen_database_refuses_in_time_and_comes_back() {
    let place = Place::new();
    let postgres = place.postgres();
    let url = postgres.url(DATABASE);
    let shop = Shop::open(place, postgres, &url);
    assert_eq!(shop.buy_at_once(), 0);
    let processes = shop.processes();
    let send = |signal: &str| send_to_all(signal, &processes);
    // The database freezes while batches of several requests run.
    let refused = thread::scope(|scope| {
        let buying = scope.spawn(|| shop.buy_until_refused());
        thread::sleep(FREEZES_AFTER);
        send("-STOP");
        [buying.join().unwrap(), shop.buy_at_once()]
    });
    send("-CONT");
    assert_eq!(refused, [BUYERS, BUYERS]);
    shop.assert_heals(HEALING);
    shop.assert_no_spare_connections();
    shop.assert_two_lines();
    shop.assert_clean();
}

#[test]
fn connections_that_go_silent_are_replaced() {
    let place = Place::new();
    let postgres = place.postgres();
    let url = postgres.url(DATABASE);
    let network = Network::to(&url);
    let shop = Shop::open(place, postgres, &network.url(DATABASE));
    assert_eq!(shop.buy_at_once(), 0);
    network.lose_connections();
    shop.assert_heals(HEALING);
    assert_eq!(shop.buy_at_once(), 0);
    shop.assert_no_thread_waits(&network);
    network.fail();
    assert_eq!(shop.buy_at_once(), BUYERS);
    network.lose_connections();
    shop.assert_heals(HEALING);
    shop.assert_no_thread_waits(&network);
    shop.assert_clean();
    network.fail();
    let Shop { server, .. } = shop;
    let since = Instant::now();
    assert!(server.terminate().success());
    assert!(since.elapsed() < BOUND, "ended after {:?}", since.elapsed());
}

#[test]
fn requests_behind_a_silent_connection_use_one_that_is_newer() {
    let place = Place::new();
    let postgres = place.postgres();
    let url = postgres.url(DATABASE);
    let network = Network::to(&url);
    let settings = [("STOCKROOM__LIMITS__QUEUE_MS", 10_000), ("STOCKROOM__CHECKOUT__CONCURRENT_BATCHES", 1)];
    let shop = Shop::open_with(place, postgres, &network.url(DATABASE), &settings);
    // Reads at the same time open connections. These are idle afterwards.
    race(BUYERS, |_| drop(shop.customer.get("/orders/me").expect(200)));
    network.lose_connections();
    let since = Instant::now();
    let refused = shop.buy_at_once();
    assert!(since.elapsed() < Duration::from_secs(11), "answered after {:?}", since.elapsed());
    // The first batch met a silent connection. One queue holds all others meanwhile.
    assert!(refused < BUYERS, "nothing was sold on the new connections: {}", shop.server.log());
    assert_eq!(shop.buy_at_once(), 0);
    shop.assert_no_thread_waits(&network);
    shop.assert_clean();
}

#[test]
fn a_database_that_was_away_gets_no_more_connections_than_before() {
    let place = Place::new();
    let postgres = place.postgres();
    let url = postgres.url(DATABASE);
    let shop = Shop::open(place, postgres, &url);
    assert_eq!(shop.buy_at_once(), 0);
    let postgres = shop.postgres.as_ref().unwrap();
    // An immediate shutdown, without a word to the clients.
    process::signal("QUIT", postgres.postmaster_pid().unwrap());
    assert_eq!([shop.buy_at_once(), shop.buy_at_once()], [BUYERS, BUYERS]);
    wait_until(|| postgres.ensure_running().is_ok_and(|restarted| restarted));
    shop.assert_heals(HEALING);
    assert_eq!(shop.buy_at_once(), 0);
    shop.assert_no_spare_connections();
    shop.assert_clean();
}

#[test]
fn a_read_only_database_refuses_and_readiness_knows() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.50, 7);
    let mara = app.customer("mara");
    app.check_database().unwrap();
    let ready = || app.guest().under("").get("/health/ready");
    ready().expect(200);
    let name = app.settings.database.url.reveal().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let mut conn = app.connection();
    let become_read_only = |conn: &mut PgConnection, value: &str| {
        conn.batch_execute(&format!(
            "SET default_transaction_read_only = off; \
             ALTER DATABASE {name} SET default_transaction_read_only = {value}; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                AND pid <> pg_backend_pid()"
        ))
        .unwrap();
    };
    become_read_only(&mut conn, "on");
    let refused = app.without_effect(|| mara.order_now(&rice, 1));
    assert_eq!((refused.status, refused.code().as_deref()), (503, Some("DATABASE_UNAVAILABLE")));
    assert!(!refused.header("retry-after").is_empty());
    assert!(app.check_database().is_err());
    assert_eq!(ready().expect(503).code().as_deref(), Some("DATABASE_UNAVAILABLE"));
    // Reads go on.
    app.guest().get("/inventory/products/rice").expect(200);
    // The server closed the connections that could not write, so that it uses new ones.
    conn.batch_execute(&format!("ALTER DATABASE {name} RESET default_transaction_read_only")).unwrap();
    mara.order_now(&rice, 1).expect(201);
    app.check_database().unwrap();
    ready().expect(200);
}

/// A file system of a fixed size, unmounted on drop.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// None if this account may not mount one. A unit test checks the meaning of the messages of a full disk.
    fn mount(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=160m", "tmpfs"]).arg(folder).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder.to_path_buf())),
            _ => None,
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_refuses_and_readiness_knows() {
    let place = Place::new();
    let folder = place.folder.join("disk");
    let Some(disk) = SmallDisk::mount(&folder) else {
        println!("skipped: this account can't mount a small file system");
        return;
    };
    let options = Options { data_dir: folder.join("postgres"), ..Options::default() };
    let postgres = Embedded::start(&options).unwrap();
    let url = postgres.url(DATABASE);
    let mut shop = Shop::open(place, postgres, &url);
    shop.buy(0).expect(201);
    let ready = |shop: &Shop| shop.server.client().under("").get("/health/ready").status;
    wait_until(|| ready(&shop) == 200);
    let ballast = folder.join("ballast");
    fill(&ballast);
    wait_until(|| ready(&shop) == 503);
    let notes = "n".repeat(900);
    let order = json!({"items": [{"product_id": tee(0), "quantity": 1}], "notes": notes});
    let refused = (0..300).map(|_| shop.customer.post("/orders", &order)).find(|reply| reply.status != 201);
    assert_unavailable(&refused.expect("the disk is full, and everything was written"));
    fs::remove_file(&ballast).unwrap();
    shop.assert_heals(HEALING);
    wait_until(|| ready(&shop) == 200);
    shop.assert_clean();
    shop.postgres.take().unwrap().stop().unwrap();
    drop(shop);
    drop(disk);
}

fn fill(file: &Path) {
    let mut ballast = fs::File::create(file).unwrap();
    let block = [0; 4096];
    while std::io::Write::write_all(&mut ballast, &block).is_ok() {}
}

#[track_caller]
pub fn wait_until(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come to pass");
        thread::sleep(Duration::from_millis(100));
    }
}
