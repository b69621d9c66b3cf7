//! Running it: health, metrics, documents, the shape of every error, start and stop.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something unexpected happens"
)]

mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::app::JWT_SECRET;
use common::database::TestDatabase;
use common::process::{self, Place, Process};
use common::{Client, TestApp, Value, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::settings::Secret;

#[test]
fn it_is_alive_and_ready() {
    let app = TestApp::start();
    let root = app.guest().under("");
    root.get("/health/live").expect(200);
    assert_eq!(root.get("/health/ready").expect(200).json(), json!({"status": "ok", "database": "ok"}));
}

#[test]
fn nothing_at_a_path_is_a_problem_with_the_callers_request_id() {
    let app = TestApp::start();
    for prefix in ["", "/api", "/api/v1"] {
        let reply = app.guest().under(prefix).with_header("X-Request-Id", "from-the-test").get("/nothing/here");
        assert_eq!(reply.header("x-request-id"), "from-the-test");
        let problem = reply.refused(404, "NOT_FOUND");
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["request_id"], "from-the-test");
    }
    let made = app.guest().get("/nothing/here");
    assert_eq!(made.json()["request_id"], made.header("x-request-id"));
    assert!(!made.header("x-request-id").is_empty());
}

#[test]
fn a_start_and_a_stop_of_the_embedded_server_leave_good_order() {
    let place = Place::new();
    let first = Process::serve(&place);
    first.client().under("").get("/health/ready").expect(200);
    assert_eq!(first.terminate().code(), Some(0));
    assert!(!place.data_dir().join("postmaster.pid").exists(), "PostgreSQL still runs");
    let again = Process::serve(&place);
    again.client().under("").get("/health/ready").expect(200);
    assert_eq!(again.terminate().code(), Some(0));
}

#[test]
fn a_wrong_start_is_one_sentence_and_exit_code_1() {
    let starts = [
        ("STOCKROOM__SERVER__PROT", "80", "prot"),
        ("STOCKROOM__LIMITZ__QUEUE_MS", "80", "limitz"),
        ("STOCKROOM__LIMITS__QUEUE_MS", "soon", "queue_ms"),
        ("STOCKROOM__DATABASE__POOL_SIZE", "0", "database.pool_size must be at least 1"),
        ("DATABASE_URL", "postgres:///x", "JWT_SECRET is not set"),
        ("STOCKROOM__SERVER__HOST", "0.0.0.0", "server.host is 0.0.0.0"),
    ];
    for (variable, value, told) in starts {
        let output = process::run(process::stockroom(&["serve"]).env(variable, value));
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(told), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn a_short_secret_stops_the_start_with_a_database_of_ones_own() {
    let short = "x".repeat(31);
    let mut command = process::stockroom(&["serve"]);
    let output = process::run(command.env("DATABASE_URL", "postgres:///x").env("JWT_SECRET", &short));
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("JWT_SECRET has 31 bytes; it needs at least 32"), "{message}");
    assert!(!message.contains(&short), "the secret is shown: {message}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn root(app: &TestApp) -> Client {
    app.guest().under("")
}

#[test]
fn the_document_is_as_it_was_agreed() {
    let app = TestApp::start();
    let mut document = root(&app).get("/openapi.json").expect(200).json();
    let printed = process::run(&mut process::stockroom(&["openapi"]));
    assert_eq!(printed.status.code(), Some(0));
    assert_eq!(serde_json::from_slice::<Value>(&printed.stdout).unwrap(), document);
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    document["info"]["version"] = json!("(of the crate)");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi.json");
    let text = format!("{document:#}\n");
    if std::env::var_os("WRITE_OPENAPI").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let agreed = std::fs::read_to_string(file).unwrap();
    let differs = agreed.lines().zip(text.lines()).position(|(agreed, line)| agreed != line);
    assert!(
        agreed == text,
        "the document differs from tests/openapi.json, first in line {:?} (from 0); \
         `WRITE_OPENAPI=1 cargo test --test operations` writes it, and git shows the difference",
        differs.unwrap_or(agreed.lines().count().min(text.lines().count()))
    );
}

#[test]
fn every_operation_tells_its_success_its_errors_and_its_parameters() {
    let app = TestApp::start();
    let document = root(&app).get("/openapi.json").json();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            let name = format!("{method} {path}");
            let answers: Vec<&str> = operation["responses"].as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(answers.iter().filter(|status| status.starts_with('2')).count(), 1, "{name}: {answers:?}");
            for status in ["500", "503"] {
                assert!(answers.contains(&status), "{name} does not tell of {status}");
            }
            let named: Vec<&str> =
                operation["parameters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
            for parameter in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                assert!(named.contains(&parameter), "{name} does not tell of {parameter}");
            }
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{name} has no summary");
        }
    }
    assert!(operations > 50, "only {operations} operations");
}

#[test]
fn swagger_ui_is_served_without_a_network() {
    let app = TestApp::start();
    let root = root(&app);
    // The page names its assets from its own path, so that this must be the same for everybody.
    for path in ["/docs", "/docs/"] {
        assert_eq!(root.get(path).header("location"), "/docs/index.html", "{path}");
    }
    let page = root.get("/docs/index.html").expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let html = page.text();
    let links = |name: &str| -> Vec<String> {
        html.split(&format!("{name}=\"")).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let assets: Vec<String> = links("src").into_iter().chain(links("href")).collect();
    assert!(assets.len() >= 3, "{html}");
    for asset in &assets {
        assert!(!asset.contains("//"), "{asset} is fetched from somewhere else");
        let reply = root.get(&format!("/docs/{}", asset.trim_start_matches("./"))).expect(200);
        assert!(!reply.bytes.is_empty(), "{asset} is empty");
    }
    let initializer = root.get("/docs/swagger-initializer.js").expect(200);
    assert!(initializer.header("content-type").starts_with("text/javascript"));
    let text = initializer.text();
    for used in ["/openapi.json", "/auth/login", "/auth/refresh", "sessionStorage"] {
        assert!(text.contains(used), "the page does not use {used}");
    }
    let inline = html.split("<script").skip(1).any(|rest| !rest.split('<').next().unwrap().trim().ends_with('>'));
    assert!(!inline, "a policy that allows no inline scripts would break the page: {html}");
}

#[test]
fn the_root_leads_a_browser_to_the_page_and_a_program_to_the_entry_points() {
    let app = TestApp::start();
    let browser = root(&app).with_header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let reply = browser.get("/").expect(302);
    assert_eq!(reply.header("location"), "/docs/");
    assert_eq!(reply.header("vary"), "Accept");
    let entry_points = app.guest().get("").expect(200).json();
    for (prefix, path) in [("", "/"), ("/api", ""), ("/api", "/"), ("/api/v1", "/")] {
        assert_eq!(app.guest().under(prefix).get(path).expect(200).json(), entry_points, "{prefix}{path}");
    }
    app.guest().post("", &json!({})).refused(405, "METHOD_NOT_ALLOWED");
}

#[test]
fn the_entry_points_are_the_operations_whose_path_needs_no_id() {
    let app = TestApp::start();
    let entry_points = app.guest().get("").expect(200).json();
    assert_eq!(entry_points["name"], "Stockroom");
    assert_eq!(entry_points["version"], env!("CARGO_PKG_VERSION"));
    for page in ["documentation", "openapi"] {
        let path = entry_points[page].as_str().unwrap();
        assert!([200, 301, 302, 307].contains(&root(&app).get(path).status), "{path}");
    }
    let listed: Vec<String> = entry_points["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["method"].as_str().unwrap(), one["path"].as_str().unwrap()))
        .collect();
    let document = root(&app).get("/openapi.json").json();
    let mut expected = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| !path.contains('{')) {
        let path = format!("/api/v1{}", path.trim_end_matches('/'));
        expected.extend(methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    assert_eq!(sorted(listed), sorted(expected));
}

/// The value of a metric with exactly these labels.
fn metric(app: &TestApp, name: &str) -> Option<f64> {
    let reply = root(app).get("/metrics").expect(200);
    assert!(reply.header("content-type").starts_with("text/plain"));
    let text = reply.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line.map(|value| value.parse().unwrap())
}

#[test]
fn metrics_count_requests_checkouts_and_units() {
    let app = TestApp::start();
    let (rice, mara) = (app.product("rice", 10.0, 7), app.customer("mara"));
    mara.buy(&rice, 5);
    mara.add_to_cart(&rice, 3);
    mara.checkout().refused(400, "INSUFFICIENT_STOCK");
    mara.delete("/cart").expect(204);
    mara.checkout().refused(400, "CART_EMPTY");
    mara.get("/inventory/products/none").expect(404);
    mara.get(&format!("/inventory/products/{}", rice.id)).expect(200);
    mara.get("/nothing/here").expect(404);
    let of = |name: &str| metric(&app, name);
    let requests = |route: &str, method: &str, status: u16| {
        let labels = format!("{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}");
        of(&format!("stockroom_http_request_duration_seconds_count{labels}"))
    };
    assert_eq!(requests("/api/v1/checkout", "POST", 201), Some(1.0));
    assert_eq!(requests("/api/v1/checkout", "POST", 400), Some(2.0));
    assert_eq!(requests("/api/v1/inventory/products/{id}", "GET", 404), Some(1.0));
    assert_eq!(requests("/api/v1/inventory/products/{id}", "GET", 200), Some(1.0));
    assert_eq!(of("stockroom_checkouts_total{outcome=\"placed\"}"), Some(1.0));
    assert_eq!(of("stockroom_checkouts_total{outcome=\"INSUFFICIENT_STOCK\"}"), Some(1.0));
    assert_eq!(of("stockroom_checkouts_total{outcome=\"CART_EMPTY\"}"), Some(1.0));
    assert_eq!(of("stockroom_units_sold_total"), Some(5.0));
    assert_eq!(of("stockroom_pool_in_use"), Some(0.0));
    assert_eq!(of("stockroom_oldest_wait_seconds"), Some(0.0));
    let text = root(&app).get("/metrics").text();
    let buckets = "stockroom_http_request_duration_seconds_bucket{method=\"POST\",route=\"/api/v1/checkout\"";
    assert!(text.contains(buckets) && text.contains("le=\"+Inf\""), "{text}");
    assert!(!text.contains("/nothing/here"), "a path that a stranger made up is a label");
    let foreign: Vec<&str> =
        text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("stockroom_")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

/// Of each metric: what it counts is a counter, and times are seconds.
#[test]
fn metrics_have_the_kind_and_unit_that_their_names_say() {
    let app = TestApp::start();
    let text = root(&app).get("/metrics").expect(200).text();
    let kinds: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    assert!(kinds.len() >= 15, "{kinds:?}");
    for (name, kind) in &kinds {
        assert_eq!(name.ends_with("_total"), *kind == "counter", "{name} is a {kind}");
        assert!(!name.contains("milliseconds") && !name.ends_with("_ms"), "{name}");
    }
    assert!(kinds.contains(&("stockroom_sql_statements_total", "counter")));
    assert!(kinds.contains(&("stockroom_expiry_lag_seconds", "gauge")));
    for figure in ["resident_memory_bytes", "open_fds", "max_fds", "threads", "start_time_seconds"] {
        assert!(metric(&app, &format!("stockroom_process_{figure}")) > Some(0.0), "{figure}");
    }
    assert!(metric(&app, "stockroom_process_cpu_seconds_total").is_some());
    assert!(metric(&app, "stockroom_connections_open") >= Some(1.0));
    let before = metric(&app, "stockroom_sql_statements_total");
    app.guest().get("/inventory/products").expect(200);
    assert!(metric(&app, "stockroom_sql_statements_total") > before);
}

#[test]
fn a_replayed_checkout_is_not_counted_as_sold_again() {
    let app = TestApp::start();
    let (rice, mara) = (app.product("rice", 10.0, 7), app.customer("mara").with_key("k-1"));
    let order = json!({"items": [{"product_id": rice.id, "quantity": 2}]});
    for _ in 0..2 {
        mara.post("/orders", &order).expect(201);
    }
    assert_eq!(metric(&app, "stockroom_units_sold_total"), Some(2.0));
}

#[test]
fn every_error_has_one_shape() {
    let app = TestApp::start();
    let mara = app.customer("mara");
    let too_large = format!("{{\"email\":\"{}\"}}", "a".repeat(64 * 1024));
    let just_fits = format!("{{\"email\":\"{}\"}}", "a".repeat(64 * 1024 - 12));
    assert_eq!(just_fits.len(), 64 * 1024);
    let json_type = "application/json";
    let refusals = [
        (mara.get("/nothing"), 404, "NOT_FOUND"),
        (mara.patch("/cart", &json!({})), 405, "METHOD_NOT_ALLOWED"),
        (mara.send_bytes("POST", "/auth/login", json_type, too_large.as_bytes()), 413, "PAYLOAD_TOO_LARGE"),
        (mara.send_bytes("POST", "/auth/login", json_type, just_fits.as_bytes()), 422, "VALIDATION_FAILED"),
        (mara.send_bytes("POST", "/auth/login", "text/plain", b"{}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (mara.send_bytes("POST", "/auth/login", json_type, b"{"), 400, "MALFORMED_REQUEST"),
        (mara.post("/auth/login", &json!({"email": 1})), 422, "VALIDATION_FAILED"),
        (app.guest().get("/cart"), 401, "UNAUTHENTICATED"),
        (mara.get("/orders"), 403, "FORBIDDEN"),
        (root(&app).post_nothing("/health/live"), 405, "METHOD_NOT_ALLOWED"),
        (root(&app).post_nothing("/health/ready"), 405, "METHOD_NOT_ALLOWED"),
        (root(&app).post_nothing("/metrics"), 405, "METHOD_NOT_ALLOWED"),
        (root(&app).post_nothing("/openapi.json"), 405, "METHOD_NOT_ALLOWED"),
    ];
    for (reply, status, code) in refusals {
        let id = reply.header("x-request-id").to_owned();
        let asked = reply.asked.clone();
        let problem = reply.refused(status, code);
        assert_eq!(problem["type"], "about:blank", "{asked}");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{asked}: {problem}");
        assert_eq!(problem["request_id"], id, "{asked}");
        let known = ["type", "title", "status", "code", "detail", "request_id", "errors", "stock_errors"];
        let unknown: Vec<&String> =
            problem.as_object().unwrap().keys().filter(|name| !known.contains(&name.as_str())).collect();
        assert!(unknown.is_empty(), "{asked}: {unknown:?}");
    }
    assert_eq!(mara.patch("/cart", &json!({})).header("allow"), "GET, HEAD, DELETE");
    assert_eq!(root(&app).post_nothing("/metrics").header("allow"), "GET, HEAD");
    assert_eq!(app.guest().get("/cart").header("www-authenticate"), "Bearer");
    assert!(mara.get("/orders").json()["detail"].as_str().unwrap().contains("orders:read"));
}

#[test]
fn a_request_id_is_the_callers_if_it_is_fit_for_a_log() {
    let app = TestApp::start();
    let asked = |id: &str| app.guest().with_header("X-Request-Id", id).get("/inventory/products").expect(200);
    assert_eq!(asked("abc-123").header("x-request-id"), "abc-123");
    let longest = "x".repeat(128);
    assert_eq!(asked(&longest).header("x-request-id"), longest);
    assert_eq!(asked("a-B_9.z:1").header("x-request-id"), "a-B_9.z:1");
    for unfit in ["two words", &"x".repeat(129), "", "a;b", "<b>", "a\"b", "a=b", "a/b", "a,b"] {
        let made = asked(unfit).header("x-request-id").to_owned();
        assert!(!made.is_empty() && made != unfit, "{unfit:?} became {made:?}");
    }
    let (one, other) = (app.guest().get("/inventory/products"), app.guest().get("/inventory/products"));
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

#[test]
fn a_trailing_slash_and_the_alias_are_the_same_route() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 7);
    let (v1, alias) = (app.customer("mara"), app.customer("mara").under("/api"));
    for path in ["/inventory/products", "/inventory/products/rice", "/cart", "/orders/me"] {
        let expected = v1.get(path).expect(200).json();
        assert_eq!(v1.get(&format!("{path}/")).expect(200).json(), expected, "{path}/");
        assert_eq!(alias.get(path).expect(200).json(), expected, "/api{path}");
        assert_eq!(alias.get(&format!("{path}/")).expect(200).json(), expected, "/api{path}/");
    }
    let line = json!({"product_id": rice.id, "quantity": 1});
    alias.post("/cart/items/", &line).expect(201);
    assert_eq!(v1.post("/cart/items", &line).expect(201).json()["items"][0]["quantity"], 2);
    v1.delete("/cart/").expect(204);
    root(&app).get("/health/live/").expect(200);
}

/// Locks a table that every reader of products needs.
fn lock_products(app: &TestApp) -> PgConnection {
    let mut conn = app.connection();
    conn.batch_execute("BEGIN; LOCK TABLE products IN ACCESS EXCLUSIVE MODE").unwrap();
    conn
}

/// Asks until it is so. What it waits for has been sent and only has to arrive.
#[track_caller]
fn wait_until(told: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come to pass: {told}");
        thread::yield_now();
    }
}

fn assert_busy(reply: common::Reply) {
    assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
    reply.refused(503, "BUSY");
}

#[test]
fn a_full_queue_is_busy_at_once() {
    let app = TestApp::with(|settings| {
        settings.database.pool_size = 1;
        settings.limits.queue_length = 1;
    });
    // The store is looked up once; afterwards a read of products is all that the call does.
    app.guest().get("/inventory/products").expect(200);
    let mut lock = lock_products(&app);
    let (one, next) = thread::scope(|scope| {
        let ask = || app.guest().get("/inventory/products");
        let one = scope.spawn(ask);
        wait_until("a request works", || metric(&app, "stockroom_pool_in_use") == Some(1.0));
        let next = scope.spawn(ask);
        wait_until("a request waits", || metric(&app, "stockroom_oldest_wait_seconds") > Some(0.0));
        assert_busy(ask());
        root(&app).get("/health/live").expect(200);
        lock.batch_execute("ROLLBACK").unwrap();
        (one.join().unwrap(), next.join().unwrap())
    });
    one.expect(200);
    next.expect(200);
    assert_eq!(metric(&app, "stockroom_oldest_wait_seconds"), Some(0.0));
}

#[test]
fn a_turn_that_does_not_come_in_time_is_busy() {
    let app = TestApp::with(|settings| {
        settings.database.pool_size = 1;
        settings.limits.queue_ms = 50;
    });
    app.guest().get("/inventory/products").expect(200);
    let mut lock = lock_products(&app);
    let one = thread::scope(|scope| {
        let one = scope.spawn(|| app.guest().get("/inventory/products"));
        wait_until("a request works", || metric(&app, "stockroom_pool_in_use") == Some(1.0));
        let asked = Instant::now();
        assert_busy(app.guest().get("/inventory/products"));
        assert!(asked.elapsed() >= Duration::from_millis(50));
        lock.batch_execute("ROLLBACK").unwrap();
        one.join().unwrap()
    });
    one.expect(200);
}

/// Slow lists of products wait for each other. Everything that needs no product goes on meanwhile.
#[test]
fn lists_that_compare_every_product_delay_only_each_other() {
    let app = TestApp::with(|settings| settings.database.pool_size = 4);
    let mara = app.customer("mara");
    mara.get("/orders/me").expect(200);
    let lists = ["sort=stock", "stock_status=in_stock", "q=rice", "min_price=1", "max_price=9"];
    let mut lock = lock_products(&app);
    let slow = thread::scope(|scope| {
        let ask = |query| app.guest().get(&format!("/inventory/products?limit=1&{query}"));
        let slow = lists.map(|query| scope.spawn(move || ask(query)));
        wait_until("a list waits for another one", || metric(&app, "stockroom_oldest_wait_seconds") > Some(0.0));
        mara.get("/orders/me").expect(200);
        root(&app).get("/health/ready").expect(200);
        app.check_database().unwrap();
        assert_eq!((app.expire_holds(), app.release_carts()), (0, 0));
        assert_eq!(metric(&app, "stockroom_pool_in_use"), Some(1.0), "more than a quarter of the connections");
        lock.batch_execute("ROLLBACK").unwrap();
        slow.map(|list| list.join().unwrap())
    });
    slow.into_iter().for_each(|list| drop(list.expect(200)));
}

#[test]
fn health_checks_and_metrics_are_never_limited() {
    let app = TestApp::with(|settings| {
        settings.limits.requests_per_minute = 1;
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    // The headers name different clients, so that the request counts for the proxy.
    let of_a_client = || {
        let client = app.guest().with_header("Forwarded", "for=192.0.2.1").with_header("X-Forwarded-For", "192.0.2.2");
        client.get("/inventory/products")
    };
    of_a_client().expect(200);
    of_a_client().refused(429, "RATE_LIMITED");
    for path in ["/health/live", "/health/ready", "/metrics", "/health/ready/"] {
        root(&app).get(path).expect(200);
    }
    app.guest().get("/inventory/products").refused(429, "RATE_LIMITED");
}

#[test]
fn without_its_database_it_lives_but_is_not_ready() {
    let app = TestApp::with(|settings| {
        settings.database.url = Secret::new("postgresql:///gone?host=/nowhere&user=stockroom".to_owned());
    });
    root(&app).get("/health/live").expect(200);
    root(&app).get("/metrics").expect(200);
    root(&app).get("/openapi.json").expect(200);
    let token = app.customer("mara");
    let refused = [
        root(&app).get("/health/ready"),
        app.guest().get("/inventory/products"),
        token.post("/cart/items", &json!({"product_id": 1, "quantity": 1})),
        app.admin().get("/orders"),
    ];
    for reply in refused {
        assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1, "{}", reply.asked);
        let problem = reply.refused(503, "DATABASE_UNAVAILABLE").to_string();
        assert!(!problem.contains("nowhere") && !problem.contains("socket"), "{problem}");
    }
}

/// A command that works on a database, run to its end.
fn command(database: &TestDatabase, arguments: &[&str]) -> Output {
    process::run(process::stockroom(arguments).env("DATABASE_URL", &database.url))
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    stores: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    users: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    products: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    movements: i64,
}

/// Stores, users, products and movements.
fn counts(database: &TestDatabase) -> (i64, i64, i64, i64) {
    let Counts { stores, users, products, movements } = diesel::sql_query(
        "SELECT (SELECT count(*) FROM stores) AS stores, (SELECT count(*) FROM users) AS users, \
                (SELECT count(*) FROM products) AS products, (SELECT count(*) FROM stock_movements) AS movements",
    )
    .get_result(&mut database.connect())
    .unwrap();
    (stores, users, products, movements)
}

#[test]
fn the_demo_is_loaded_once_and_verify_tells_a_clean_book_from_a_broken_one() {
    let database = TestDatabase::empty();
    for told in ["demo store loaded", "nothing to do"] {
        let output = command(&database, &["seed", "--demo"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains(told), "{}", text(&output.stdout));
        // Ten groceries, of which the tomatoes are out, and a shirt in three sizes.
        assert_eq!(counts(&database), (1, 2, 11, 9 + 3));
    }
    let clean = command(&database, &["verify"]);
    assert_eq!(clean.status.code(), Some(0), "{}", text(&clean.stderr));
    assert!(text(&clean.stdout).starts_with("ok: "), "{}", text(&clean.stdout));
    let broken = "UPDATE stock_levels SET stock_quantity = stock_quantity + 1 WHERE stock_quantity = 50";
    database.connect().batch_execute(broken).unwrap();
    let told = command(&database, &["verify"]);
    assert_eq!(told.status.code(), Some(1), "{}", text(&told.stdout));
    assert!(text(&told.stdout).contains("a stock level equals the sum of its movements"), "{}", text(&told.stdout));
    assert!(text(&told.stderr).contains("1 violation"), "{}", text(&told.stderr));
}

#[test]
fn verify_makes_no_database_of_its_own() {
    let place = Place::new();
    let output = process::run(process::stockroom(&["verify"]).env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir()));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("there is no database in "), "{}", text(&output.stderr));
    assert!(!place.data_dir().exists());
}

#[test]
fn with_a_database_of_ones_own_nothing_is_loaded_by_itself() {
    let (database, place) = (TestDatabase::empty(), Place::new());
    let mut serve = process::stockroom(&["serve"]);
    serve.env("DATABASE_URL", &database.url).env("JWT_SECRET", JWT_SECRET);
    let server = Process::start(serve, &place.folder);
    server.client().under("").get("/health/ready").expect(200);
    assert_eq!(counts(&database), (0, 0, 0, 0));
    server.client().get("/inventory/products").refused(404, "STORE_NOT_FOUND");
    assert_eq!(server.terminate().code(), Some(0));
}

fn create_user(app: &TestApp, arguments: &[&str], from_env: Option<&str>, from_input: &str) -> Output {
    let mut command = process::stockroom(&["user", "create"]);
    command.args(arguments).env("DATABASE_URL", app.settings.database.url.reveal());
    if let Some(password) = from_env {
        command.env("STOCKROOM_PASSWORD", password);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The program may end before it reads.
    child.stdin.take().unwrap().write_all(from_input.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

#[test]
fn accounts_are_made_on_the_command_line() {
    let app = TestApp::start();
    let store = app.store.to_string();
    let login = |email: &str, password: &str| {
        app.guest().post("/auth/login", &json!({"email": email, "password": password})).expect(200).json()["user"]
            .clone()
    };
    let made = create_user(&app, &["--email", "Boss@Example.com", "--role", "admin"], Some("a long password"), "");
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    assert_eq!(login("boss@example.com", "a long password")["permissions"].as_array().unwrap().len(), 12);
    let staff = ["--email", "s@example.com", "--role", "staff", "--permissions", "orders:read,audit:read", "--store"];
    let code = common::shop::STORE.to_lowercase();
    let staff = [&staff[..], &[code.as_str()]].concat();
    let made = create_user(&app, &staff, None, "from standard input\n");
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let user = login("s@example.com", "from standard input");
    assert_eq!(user["permissions"], json!(["orders:read", "audit:read"]));
    assert_eq!(user["store_id"].to_string(), store);
    let refused: [(&[&str], &str); 6] = [
        (&["--email", "boss@example.com", "--role", "admin"], "a long password"),
        (&["--email", "new@example.com", "--role", "customer"], "short"),
        (&["--email", "no address", "--role", "customer"], "a long password"),
        (&["--email", "new@example.com", "--role", "staff"], "a long password"),
        (&["--email", "new@example.com", "--role", "staff", "--store", "NOWHERE"], "a long password"),
        (&["--email", "new@example.com", "--role", "admin", "--permissions", "orders:read"], "a long password"),
    ];
    for (arguments, password) in refused {
        let output = create_user(&app, arguments, Some(password), "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stdout));
        let message = text(&output.stderr);
        assert!(message.starts_with("stockroom: ") && !message.contains(password), "{message}");
    }
    // What is no role or no permission is told by the parser of the arguments.
    let unknown: [&[&str]; 2] = [&["--role", "king"], &["--role", "staff", "--permissions", "all"]];
    for arguments in unknown {
        let output =
            create_user(&app, &[&["--email", "new@example.com"][..], arguments].concat(), Some("long enough"), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
