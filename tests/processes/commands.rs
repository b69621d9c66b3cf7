//! The commands of the program, and its start and stop.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::common::app::JWT_SECRET;
use crate::common::database::TestDatabase;
use crate::common::process::{self, Place, Process};
use crate::common::{TestApp, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stockroom::auth::Permission;
use strum::VariantArray;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
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
    for (variable, value, part) in starts {
        let output = process::run(process::stockroom(&["serve"]).env(variable, value));
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(part), "{message}");
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

/// A command that works on a database, run to its end.
fn command(database: &TestDatabase, arguments: &[&str]) -> Output {
    process::run(process::stockroom(arguments).env("DATABASE_URL", &database.url))
}

#[test]
fn the_demo_is_loaded_once_and_verify_reports_a_broken_ledger() {
    let database = TestDatabase::empty();
    for part in ["demo store loaded", "nothing to do"] {
        let output = command(&database, &["seed", "--demo"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains(part), "{}", text(&output.stdout));
        // Ten groceries, of which the tomatoes are out, and a shirt in three sizes. Three lines are on the road: they
        // were received, held and sent. Three products were counted. One was ordered and shipped.
        assert_eq!(counts(&database), (1, 2, 11, 9 + 3 + 3 * 5 + 3 + 2));
    }
    let clean = command(&database, &["verify"]);
    assert_eq!(clean.status.code(), Some(0), "{}", text(&clean.stderr));
    assert!(text(&clean.stdout).starts_with("ok: "), "{}", text(&clean.stdout));
    let broken = "UPDATE stock_levels SET stock_quantity = stock_quantity + 1 WHERE stock_quantity = 50";
    database.connect().batch_execute(broken).unwrap();
    let output = command(&database, &["verify"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("a stock level equals the sum of its movements"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("1 violation"), "{}", text(&output.stderr));
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
    let boss = login("boss@example.com", "a long password");
    assert_eq!(boss["permissions"].as_array().unwrap().len(), Permission::VARIANTS.len());
    let staff = ["--email", "s@example.com", "--role", "staff", "--permissions", "orders:read,audit:read", "--store"];
    let code = crate::common::shop::STORE.to_lowercase();
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
    // An unknown role or permission is refused by the parser of the arguments.
    let unknown: [&[&str]; 2] = [&["--role", "king"], &["--role", "staff", "--permissions", "all"]];
    for arguments in unknown {
        let output =
            create_user(&app, &[&["--email", "new@example.com"][..], arguments].concat(), Some("long enough"), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}
