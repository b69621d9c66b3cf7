//! Settings of mail. Mail is off until a mail server or a folder is set.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::{Secret, SettingsError, check_rules};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub username: String,
    pub password: Secret,
    pub from: String,
    /// The folder for `.eml` files. If it is set, no mails are sent.
    pub dir: PathBuf,
}

/// The encryption of the connection to the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    None,
    /// A plain connection that must be upgraded to an encrypted one before any mail is sent.
    Starttls,
    /// Encrypted from the first byte.
    Tls,
}

impl Mail {
    pub fn is_on(&self) -> bool {
        !self.host.is_empty() || self.writes_files()
    }

    pub fn writes_files(&self) -> bool {
        !self.dir.as_os_str().is_empty()
    }

    /// A mail server needs a sender, and mails need a base URL for their links.
    pub(super) fn check(&self, public_url: &str) -> Result<(), SettingsError> {
        let sends = self.is_on() && !self.writes_files();
        let rules = [
            (!sends || !self.from.is_empty(), "mail.from must be set when mail.host is"),
            (!sends || !public_url.is_empty(), "server.public_url must be set when mail.host is: mails link to it"),
            (
                self.username.is_empty() == self.password.reveal().is_empty(),
                "mail.username and mail.password must both be set, or neither",
            ),
            (
                self.username.is_empty() || !sends || self.tls != MailTls::None || is_local(&self.host),
                "mail.tls must be starttls or tls when mail.username is set: the password would be sent in the clear",
            ),
            (
                public_url.is_empty() || is_page_address(public_url),
                "server.public_url must be an http or https address without ? and #",
            ),
        ];
        check_rules(&rules)
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_page_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            host: "mail.example.com".into(),
            port: 587,
            tls: MailTls::Starttls,
            username: String::new(),
            password: Secret::default(),
            from: "shop@example.com".into(),
            dir: PathBuf::new(),
        }
    }

    const URL: &str = "https://shop.example.com/stock";

    #[test]
    fn a_mail_server_needs_a_sender_and_an_address_for_links() {
        assert!(mail().check(URL).is_ok());
        assert!(Mail { from: String::new(), ..mail() }.check(URL).is_err());
        for refused in ["", "shop.example.com", "ftp://shop.example.com", "https://shop.example.com/#a", "https://"] {
            assert!(mail().check(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn files_need_neither() {
        let files = Mail { host: String::new(), from: String::new(), dir: "mails".into(), ..mail() };
        assert!(files.is_on() && files.check("").is_ok());
        let off = Mail { host: String::new(), ..mail() };
        assert!(!off.is_on() && off.check("").is_ok());
    }

    #[test]
    fn a_password_is_not_sent_in_the_clear() {
        let signed_in = Mail { username: "shop".into(), password: Secret::new("hush".into()), ..mail() };
        assert!(signed_in.check(URL).is_ok());
        assert!(Mail { tls: MailTls::None, ..signed_in.clone() }.check(URL).is_err());
        assert!(Mail { tls: MailTls::None, host: "127.0.0.1".into(), ..signed_in.clone() }.check(URL).is_ok());
        assert!(Mail { password: Secret::default(), ..signed_in }.check(URL).is_err());
    }
}
