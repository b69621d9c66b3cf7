//! Mails: the waiting mails (`mail_outbox`), the templates, and the connection to a mail server.
//!
//! A feature inserts a row into `mail_outbox` in the transaction that needs the mail. A job builds the message from a
//! template and sends it after the commit. It retries until it succeeds or the mail expires. A mail may arrive twice
//! after a crash, but no mail is lost.

pub mod mailer;
pub mod outbox;
pub mod queries;
pub mod samples;
pub mod template;
pub mod template_check;

pub use mailer::{Mailer, Message};
