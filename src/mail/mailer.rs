//! Sends mails to a mail server, or writes them as `.eml` files.

use std::error::Error as _;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, SmtpTransport, Transport as _};
use uuid::Uuid;

use crate::settings::mail::{Mail, MailTls};

/// A mail that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The start of the `Message-ID`. A mail that is sent again after a crash has the same one.
    pub id: Option<String>,
}

/// Sends mails. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: Arc<Transport>,
    from: Mailbox,
    /// The base URL of links, without a slash at the end.
    pub public_url: Arc<str>,
}

enum Transport {
    Smtp(SmtpTransport),
    /// Writes each mail to a file in this folder.
    Files(PathBuf),
}

/// The reason why mails cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    #[error("mail.from is `{0}`, which is not an e-mail address: {1}")]
    From(String, AddressError),
    #[error("mail.host {0} can't be used: {1}")]
    Server(String, smtp::Error),
    #[error("mail.dir {0} can't be created: {1}")]
    Folder(String, io::Error),
}

/// The reason why a mail could not be sent. It is logged, so it does not contain the address.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("the mail can't be built: {0}")]
    Message(#[from] lettre::error::Error),
    #[error("the recipient is not an e-mail address")]
    Recipient,
    #[error("the mail server answered {0}")]
    Answer(String),
    #[error("the mail server can't be used: {0}")]
    Server(String),
    #[error("the mail can't be written to a file: {0}")]
    File(String),
}

impl SendError {
    /// True if the mail itself may be the reason. Mails to others may have been accepted at the same time.
    pub fn concerns_one_mail(&self) -> bool {
        matches!(self, Self::Message(_) | Self::Recipient | Self::Answer(_))
    }
}

/// Marks a mail as written by a program, so that it is not answered by another one (RFC 3834).
#[derive(Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The time limit for the mail server to accept a connection, and to answer a command.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The default sender of mails that are only written to files.
const DEFAULT_SENDER: &str = "Stockroom <stockroom@localhost>";

impl Mailer {
    /// The mailer for these settings, or None if mail is off. It does not connect yet.
    pub fn new(settings: &Mail, public_url: &str) -> Result<Option<Self>, MailerError> {
        if !settings.is_on() {
            return Ok(None);
        }
        let from = if settings.from.is_empty() { DEFAULT_SENDER } else { &settings.from };
        let from: Mailbox = from.parse().map_err(|error| MailerError::From(from.to_owned(), error))?;
        let email = with_ascii_domain(from.email.user(), from.email.domain());
        let from = Mailbox { email: email.map_err(|error| MailerError::From(from.to_string(), error))?, ..from };
        let transport = match settings.writes_files() {
            true => Transport::Files(open_folder(settings)?),
            false => Transport::Smtp(
                connect_to(settings).map_err(|error| MailerError::Server(settings.host.clone(), error))?,
            ),
        };
        let public_url = public_url.trim_end_matches('/').into();
        Ok(Some(Self { transport: Arc::new(transport), from, public_url }))
    }

    /// Sends a mail and waits until the server has accepted it. Blocks the thread.
    pub fn send(&self, message: &Message) -> Result<(), SendError> {
        let Message { to, subject, text, html, id } = message;
        let (local, domain) = to.rsplit_once('@').ok_or(SendError::Recipient)?;
        let to = with_ascii_domain(local, domain).map_err(|_has_the_address| SendError::Recipient)?;
        let id = id.as_ref().map(|id| format!("<{id}@{}>", self.from.email.domain()));
        let mail = lettre::Message::builder()
            .from(self.from.clone())
            .message_id(id)
            .header(AutoSubmitted)
            .to(Mailbox::new(None, to))
            .subject(subject)
            .multipart(MultiPart::alternative_plain_html(text.clone(), html.clone()))?;
        match self.transport.as_ref() {
            Transport::Smtp(server) => server.send(&mail).map(drop).map_err(|error| describe(&error)),
            Transport::Files(folder) => {
                write_file(folder, &mail.formatted()).map_err(|error| SendError::File(error.to_string()))
            }
        }
    }

    /// True if the mail server accepts a connection and the credentials. Blocks the thread.
    pub fn is_available(&self) -> bool {
        match self.transport.as_ref() {
            Transport::Smtp(server) => server.test_connection().is_ok_and(|is_connected| is_connected),
            Transport::Files(_) => true,
        }
    }
}

/// An address whose domain is in ASCII (IDNA): few mail servers take other letters, which would need SMTPUTF8. The part
/// before the @ of all stored addresses is ASCII.
fn with_ascii_domain(local: &str, domain: &str) -> Result<Address, AddressError> {
    let domain = idna::domain_to_ascii(domain).map_err(|_no_domain| AddressError::InvalidDomain)?;
    Address::new(local, domain)
}

/// Creates the folder, if it does not exist. Mails contain links that set passwords, so no other user can read a new folder.
/// An existing folder keeps its mode.
fn open_folder(settings: &Mail) -> Result<PathBuf, MailerError> {
    let folder = &settings.dir;
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| MailerError::Folder(folder.display().to_string(), error))?;
    Ok(folder.clone())
}

/// Writes a mail to a new file that only this user can read. The file gets its name when it is complete.
fn write_file(folder: &Path, mail: &[u8]) -> io::Result<()> {
    let path = folder.join(format!("{}.eml", Uuid::new_v4()));
    let unfinished = path.with_extension("tmp");
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?.write_all(mail)?;
    fs::rename(unfinished, path)
}

fn connect_to(settings: &Mail) -> Result<SmtpTransport, smtp::Error> {
    let parameters = || TlsParameters::new(settings.host.clone());
    let tls = match settings.tls {
        MailTls::None => Tls::None,
        MailTls::Starttls => Tls::Required(parameters()?),
        MailTls::Tls => Tls::Wrapper(parameters()?),
    };
    let server =
        SmtpTransport::builder_dangerous(settings.host.clone()).port(settings.port).tls(tls).timeout(Some(TIMEOUT));
    let server = match settings.username.as_str() {
        "" => server,
        name => server.credentials(Credentials::new(name.to_owned(), settings.password.reveal().to_owned())),
    };
    Ok(server.build())
}

/// The answer of a server often contains the address, so only its code is kept.
fn describe(error: &smtp::Error) -> SendError {
    match error.status() {
        Some(code) => SendError::Answer(code.to_string()),
        None => SendError::Server(error.source().map_or_else(|| error.to_string(), ToString::to_string)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::settings::Secret;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_the_owner_can_read_mails_in_files() {
        let parent = std::env::temp_dir().join(format!("stockroom-mails-{}", Uuid::new_v4()));
        let (made, found) = (parent.join("made"), parent.join("found"));
        DirBuilder::new().recursive(true).mode(0o755).create(&found).unwrap();
        for (folder, expected) in [(made, 0o700), (found, 0o755)] {
            let settings = Mail {
                host: String::new(),
                port: 25,
                tls: MailTls::None,
                username: String::new(),
                password: Secret::default(),
                from: String::new(),
                dir: folder.clone(),
            };
            let mailer = Mailer::new(&settings, "https://shop.example.com").unwrap().unwrap();
            let text = |part: &str| part.to_owned();
            let (to, subject) = (text("mara@example.com"), text("Hello"));
            mailer.send(&Message { to, subject, text: text("plain"), html: text("<p>rich"), id: None }).unwrap();
            let files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            assert_eq!(files.len(), 1);
            assert_eq!(files[0].extension().unwrap(), "eml");
            assert!(fs::read_to_string(&files[0]).unwrap().contains("To: mara@example.com\r\n"));
            assert_eq!((mode(&folder), mode(&files[0])), (expected, 0o600));
        }
        fs::remove_dir_all(parent).unwrap();
    }
}
