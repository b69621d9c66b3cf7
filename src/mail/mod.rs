//! Mails: the outbox that features write to, templates, and the way to a mail server.
//!
//! A feature adds a row to the outbox in the transaction that needs the mail. A job takes what is
//! due, builds the message from a template and sends it after the commit, again until it succeeds
//! or its time is over. A mail may arrive twice after a crash, but none is lost.

pub mod mailer;
pub mod outbox;
pub mod queries;
pub mod template;

pub use mailer::{Mailer, Message};
