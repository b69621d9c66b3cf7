//! The first steps of a new user: the commands of the README, a start with wrong settings, and `make reset`.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use crate::common::process::{self, Place, Process};
use crate::common::smtp::written;
use crate::common::{Value, json};
use stockroom::auth::Permission;
use strum::VariantArray;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The commands and answers of a section of the README, each block without its fences.
fn blocks(section: &str) -> (Vec<String>, Vec<String>) {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let from = readme.find(section).unwrap_or_else(|| panic!("the README has no {section}"));
    let section = readme[from..].split("\n## ").next().unwrap().split("\n### ").next().unwrap();
    let (mut commands, mut answers) = (Vec::new(), Vec::new());
    for block in section.split("```").skip(1).step_by(2) {
        match block.strip_prefix("sh\n") {
            Some(command) => commands.push(command.to_owned()),
            None => answers.push(block.trim().to_owned()),
        }
    }
    (commands, answers)
}

/// Runs commands in one shell, as a user who copies them.
fn run_shell(commands: &str, address: &str) -> Output {
    let commands = commands.replace("http://127.0.0.1:8080", address);
    Command::new("bash").args(["-c", &commands]).output().unwrap()
}

/// The fields of an answer in the README: their names in order, and the values that never change.
fn shown_fields(answer: &str) -> Vec<&str> {
    answer.split('"').skip(1).step_by(2).filter(|name| answer.contains(&format!("\"{name}\":"))).collect()
}

#[test]
fn the_first_purchase_is_as_the_readme_shows_it_also_the_second_time() {
    let place = Place::new();
    let server = Process::serve(&place);
    let (commands, answers) = blocks("## The first purchase");
    assert_eq!((commands.len(), answers.len()), (6, 7));
    for _time in 0..2 {
        // Each answer has a line before it, and the refusal of the second cancellation is the last one.
        let steps = [commands.clone(), vec![commands[4].clone()]].concat();
        let output = run_shell(&steps.join("\necho; echo ---\n"), &server.address);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let printed = text(&output.stdout);
        let printed: Vec<&str> = printed.split("---\n").map(str::trim).collect();
        assert_eq!(printed.len(), answers.len());
        for (printed, shown) in printed.iter().zip(&answers) {
            let value: Value = serde_json::from_str(printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
            assert!(value.is_object(), "{printed}");
            for field in shown_fields(shown) {
                assert!(printed.contains(&format!("\"{field}\":")), "{field} is not in {printed}");
            }
        }
        assert!(printed[3].contains(r#""previous_stock":100,"new_stock":95"#), "{}", printed[3]);
        assert!(printed[4].contains(r#""status":"cancelled""#), "{}", printed[4]);
        assert!(printed[5].contains(r#""available_quantity":100"#), "{}", printed[5]);
        assert!(printed[6].contains("ORDER_NOT_CANCELLABLE"), "{}", printed[6]);
    }
}

#[test]
fn a_wrong_password_is_shown_and_stops_the_steps_after_it() {
    let place = Place::new();
    let server = Process::serve(&place);
    let (commands, _) = blocks("## The first purchase");
    let wrong = commands[0].replace("stockroom-demo", "not the password");
    let output = run_shell(&[&[wrong], &commands[1..]].concat().join("\n"), &server.address);
    assert!(!output.status.success());
    assert!(text(&output.stdout).contains("INVALID_CREDENTIALS"), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("TOKEN: is empty: sign in first"), "{}", text(&output.stderr));
}

/// `serve` with a wrong setting prints one sentence and creates no database.
fn refused_start(settings: &[(&str, &str)], part: &str) {
    let place = Place::new();
    let mut command = process::stockroom(&["serve"]);
    command.env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir()).envs(settings.iter().copied());
    let output = process::run(&mut command);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains(part), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert_eq!(fs::read_dir(&place.folder).unwrap().count(), 0, "{settings:?} left something behind");
}

#[test]
fn a_start_that_can_not_listen_names_the_setting_and_makes_no_database() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let in_use = format!("can't listen on 127.0.0.1:{port}: another program uses this port");
    refused_start(&[("STOCKROOM__SERVER__PORT", &port)], &in_use);
    refused_start(&[("STOCKROOM__SERVER__PORT", &port)], "server.port");
    refused_start(&[("STOCKROOM__SERVER__HOST", "no-such-host.invalid")], "server.host `no-such-host.invalid`");
    refused_start(&[("STOCKROOM__SERVER__HOST", "")], "server.host");
    refused_start(&[("STOCKROOM__SERVER__PORT", "70000")], "server.port");
    refused_start(&[("JWT_SECRET", "short")], "JWT_SECRET has 5 bytes");
}

#[test]
fn settings_of_mail_that_can_not_work_stop_the_start() {
    let host = ("STOCKROOM__MAIL__HOST", "mail.example.com");
    let (from, url) =
        (("STOCKROOM__MAIL__FROM", "a@example.com"), ("STOCKROOM__SERVER__PUBLIC_URL", "https://a.example"));
    refused_start(&[host, url], "mail.from must be set");
    refused_start(&[host, from], "server.public_url must be set");
    refused_start(&[host, url, ("STOCKROOM__MAIL__FROM", "nobody")], "mail.from is `nobody`");
    refused_start(&[host, from, ("STOCKROOM__SERVER__PUBLIC_URL", "a.example")], "server.public_url must be an http");
    refused_start(&[host, from, url, ("STOCKROOM__MAIL__TLS", "ssl")], "tls");
    refused_start(&[host, from, url, ("STOCKROOM__MAIL__USERNAME", "a")], "mail.username and mail.password");
    refused_start(&[("STOCKROOM__MAIL__DIR", "/proc/no-folder")], "mail.dir");
}

#[test]
fn mails_of_the_demo_store_can_be_read_in_a_folder() {
    let place = Place::new();
    let mails = place.folder.join("mails");
    let mut command = process::stockroom(&["serve"]);
    command.env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir()).env("STOCKROOM__MAIL__DIR", &mails);
    let server = Process::start(command, &place.folder);
    assert_eq!(fs::read_dir(&mails).unwrap().count(), 0);
    server.client().post("/auth/password/forgot", &json!({"email": "customer@example.com"})).expect(202);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while written(&mails).is_empty() {
        assert!(std::time::Instant::now() < deadline, "no mail was written: {}", server.log());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // Without a public URL, links lead to the address on which the server listens.
    let link = format!("{}/password-reset#token=", server.address);
    assert!(written(&mails)[0].replace("=\r\n", "").replace("=3D", "=").contains(&link));
}

#[test]
fn the_help_of_user_create_lists_roles_and_permissions() {
    let help = text(&process::run(&mut process::stockroom(&["user", "create", "--help"])).stdout);
    let create = ["user", "create", "--email", "a@example.com", "--role", "staff", "--permissions", "orders:raed"];
    let refusal = process::run(&mut process::stockroom(&create));
    assert_eq!(refusal.status.code(), Some(2));
    for permission in Permission::VARIANTS {
        assert!(help.contains(permission.as_str()), "{help}");
        assert!(text(&refusal.stderr).contains(permission.as_str()), "{}", text(&refusal.stderr));
    }
    for role in ["admin", "staff", "customer"] {
        assert!(help.contains(role), "{help}");
    }
}

/// `make reset` in a checkout whose database is the given folder.
fn reset(checkout: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/reset.sh");
    fs::create_dir_all(checkout.join("scripts")).unwrap();
    fs::copy(script, checkout.join("scripts/reset.sh")).unwrap();
    let mut command = Command::new("bash");
    command.arg(checkout.join("scripts/reset.sh")).env("STOCKROOM__DATABASE__DATA_DIR", checkout.join("other"));
    command.output().unwrap()
}

#[test]
fn a_reset_removes_the_database_of_the_default_settings_and_no_other() {
    let place = Place::new();
    let output = reset(&place.folder);
    assert!(output.status.success() && text(&output.stdout).contains("There is nothing to remove"));
    let data = place.folder.join("data/postgres");
    for folder in [&data, &place.folder.join("other")] {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("PG_VERSION"), "15\n").unwrap();
    }
    let output = reset(&place.folder);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("Removed data/postgres"), "{}", text(&output.stdout));
    assert!(!data.exists() && place.folder.join("other/PG_VERSION").exists());
}

#[test]
fn a_reset_is_refused_while_the_database_is_used_and_where_it_is_none() {
    let place = Place::new();
    let data = place.folder.join("data/postgres");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("notes.txt"), "mine").unwrap();
    let refused = |part: &str| {
        let output = reset(&place.folder);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        assert!(text(&output.stderr).contains(part), "{}", text(&output.stderr));
        assert!(data.join("notes.txt").exists());
    };
    refused("is not a database that Stockroom made");
    fs::write(data.join("PG_VERSION"), "15\n").unwrap();
    let lock = File::create(place.folder.join("data/postgres.users")).unwrap();
    lock.lock_shared().unwrap();
    refused("a Stockroom uses data/postgres");
    lock.unlock().unwrap();
    assert!(reset(&place.folder).status.success() && !data.exists());
}

#[test]
fn a_reset_is_refused_while_a_server_runs_and_works_after_it() {
    let place = Place::new();
    let data = place.folder.join("data/postgres");
    let mut command = process::stockroom(&["serve"]);
    command.current_dir(&place.folder);
    let server = Process::start(command, &place.folder);
    let output = reset(&place.folder);
    assert!(
        !output.status.success() && text(&output.stderr).contains("Nothing was removed"),
        "{}",
        text(&output.stderr)
    );
    server.client().under("").get("/health/ready").expect(200);
    // A Stockroom that is killed leaves its PostgreSQL behind.
    server.kill();
    let output = reset(&place.folder);
    assert!(
        !output.status.success() && text(&output.stderr).contains("PostgreSQL (process"),
        "{}",
        text(&output.stderr)
    );
    let mut command = process::stockroom(&["serve"]);
    command.current_dir(&place.folder);
    assert_eq!(Process::start(command, &place.folder).terminate().code(), Some(0));
    let output = reset(&place.folder);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!data.exists());
}
