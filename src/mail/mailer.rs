//! Sends mails to a mail server, or writes them as `.eml` files.

use std::error::Error as _;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{FileTransport, SmtpTransport, Transport as _};

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
    Files(FileTransport),
}

/// The reason that mails cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    #[error("mail.from is `{0}`, which is not an e-mail address: {1}")]
    From(String, AddressError),
    #[error("mail.host {0} can't be used: {1}")]
    Server(String, smtp::Error),
    #[error("mail.dir {0} can't be created: {1}")]
    Folder(String, std::io::Error),
}

/// The reason that a mail could not be sent. It is logged, so it does not contain the address.
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
        let from = from.parse().map_err(|error| MailerError::From(from.to_owned(), error))?;
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
        let to = to.parse().map_err(|_has_the_address| SendError::Recipient)?;
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
                folder.send(&mail).map(drop).map_err(|error| SendError::File(error.to_string()))
            }
        }
    }
}

fn open_folder(settings: &Mail) -> Result<FileTransport, MailerError> {
    let folder = &settings.dir;
    fs::create_dir_all(folder).map_err(|error| MailerError::Folder(folder.display().to_string(), error))?;
    Ok(FileTransport::new(folder))
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
