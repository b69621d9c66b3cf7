//! A real mail server, and the mails that it received.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(60);

/// The mail server of `tests/smtp`, on a free port of this machine. Killed on drop.
pub struct SmtpServer {
    pub port: u16,
    child: Child,
    lines: Receiver<Value>,
}

impl SmtpServer {
    /// With the arguments of `tests/smtp/server.mjs`.
    pub fn start(arguments: &[&str]) -> Self {
        install();
        let mut command = Command::new("node");
        command.current_dir(folder()).arg("server.mjs").args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                sender.send(serde_json::from_str(&line).unwrap()).ok();
            }
        });
        let port: Value = lines.recv_timeout(TIMEOUT).expect("the mail server did not start");
        Self { port: port.as_u64().unwrap().try_into().unwrap(), child, lines }
    }

    /// The next mail that it received.
    pub fn mail(&self) -> Value {
        self.lines.recv_timeout(TIMEOUT).expect("no mail arrived")
    }

    /// A further mail that it has received, if there is one.
    pub fn further_mail(&self) -> Option<Value> {
        self.lines.try_recv().ok()
    }

    /// True if there is no further mail.
    pub fn is_empty(&self) -> bool {
        self.further_mail().is_none()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp")
}

/// Installs the mail server once, if it is not installed yet.
fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        if folder().join("node_modules/smtp-server").exists() {
            return;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder());
        assert!(npm.status().unwrap().success(), "npm could not install the mail server of the tests");
    });
}

/// The mails that were written to a folder, in no order.
pub fn written(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let finished = files.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
    finished.map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The URL with this beginning in the text of a mail, decoded.
pub fn link(mail: &str, start: &str) -> String {
    let plain = mail.replace("=\r\n", "").replace("=3D", "=");
    let from = plain.find(start).unwrap_or_else(|| panic!("no link in: {mail}"));
    plain[from..].split_whitespace().next().unwrap().to_owned()
}

/// The token of the link to choose a new password, in a mail of a server with that public URL.
pub fn password_reset_token(mail: &str, public_url: &str) -> String {
    link(mail, public_url).strip_prefix(&format!("{public_url}/password-reset#token=")).unwrap().to_owned()
}
