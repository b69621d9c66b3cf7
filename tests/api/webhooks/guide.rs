//! The receivers of the guide verify real requests. One of them uses the official library.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver as Channel};
use std::time::Duration;

use super::{deliveries, start, statuses, webhook};
use crate::common::json;

const TIMEOUT: Duration = Duration::from_secs(60);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/webhooks")
}

/// The program of the guide in this language.
fn program(language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/verify-a-signature.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let start = format!("```{language}\n");
    guide.split(&start).nth(1).unwrap().split("```").next().unwrap().to_owned()
}

/// Installs the official library once, if it is not installed yet.
fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        if folder().join("node_modules/standardwebhooks").exists() {
            return;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder());
        assert!(npm.status().unwrap().success(), "npm could not install the library of webhooks");
    });
}

/// A program of the guide that runs. Killed on drop.
struct Running {
    child: Child,
    port: String,
    lines: Channel<String>,
}

impl Running {
    fn start(mut command: Command, secret: &str, port: &str) -> Self {
        command.current_dir(folder()).env("WEBHOOK_SECRET", secret).env("PORT", port);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))));
        let first = lines.recv_timeout(TIMEOUT).expect("the receiver did not start");
        let port = first.strip_prefix("listening ").unwrap().to_owned();
        Self { child, port, lines }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Sends events to the receiver: good ones, and ones that are signed by another secret.
fn verify(command: impl Fn() -> Command) {
    let app = start();
    let admin = app.admin();
    // The receiver needs the secret, and the webhook needs the port of the receiver.
    let hook = webhook(&admin, "http://127.0.0.1:1/", &["product.created"]);
    let path = format!("/webhooks/{}", hook["id"]);
    let rotated = admin.post_nothing(&format!("{path}/rotate-secret")).expect(200).json();
    for secret in [&hook["secret"], &rotated["secret"]] {
        let receiver = Running::start(command(), secret.as_str().unwrap(), "0");
        admin.patch(&path, &json!({"url": format!("http://127.0.0.1:{}/", receiver.port)})).expect(200);
        let test = admin.post_nothing(&format!("{path}/test")).expect(201).json();
        app.deliver_webhooks();
        let line = receiver.lines.recv_timeout(TIMEOUT).expect("no event was verified");
        assert_eq!(line, format!("webhook.test {}", test["event_id"].as_str().unwrap()));
        app.product(&format!("mug-{}", receiver.port), 10.0, 0);
        app.deliver_webhooks();
        let line = receiver.lines.recv_timeout(TIMEOUT).expect("no event was verified");
        assert!(line.starts_with("product.created "), "{line}");
        let other = webhook(&admin, &format!("http://127.0.0.1:{}/", receiver.port), &[]);
        admin.post_nothing(&format!("/webhooks/{}/test", other["id"])).expect(201);
        app.deliver_webhooks();
        assert_eq!(statuses(&deliveries(&admin, &other)[0]), [401]);
        admin.delete(&format!("/webhooks/{}", other["id"])).expect(204);
    }
    let all = deliveries(&admin, &hook);
    assert!(all.iter().all(|delivery| delivery["state"] == "succeeded"), "{all:?}");
}

#[test]
fn the_official_library_verifies_the_signatures() {
    install();
    let script = folder().join(format!("guide-{}.generated.mjs", std::process::id()));
    std::fs::write(&script, program("js")).unwrap();
    verify(|| {
        let mut node = Command::new("node");
        node.arg(&script);
        node
    });
    std::fs::remove_file(&script).unwrap();
}

#[test]
fn the_receiver_of_the_guide_without_a_library_verifies_the_signatures() {
    let program = program("python");
    verify(|| {
        let mut python = Command::new("python3");
        python.args(["-c", &program]);
        python
    });
}
