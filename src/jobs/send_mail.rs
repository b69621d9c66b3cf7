//! Sends the mails of the outbox.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use tokio::task::{JoinSet, spawn_blocking};

use super::Jobs;
use super::discover::Round;
use crate::accounts::password_reset;
use crate::alerts::wishes;
use crate::auth::context::PLATFORM;
use crate::db::{self, End, Failure};
use crate::kernel::moment::after;
use crate::mail::outbox::{Kind, LEASE, MailKey, PendingMail, pause_after};
use crate::mail::{Mailer, Message, queries};
use crate::stores::mail_templates;
use crate::webhooks::off_mail;

/// The number of mails that are sent at the same time, so that a slow mail delays few others.
const CONCURRENT_MAILS: u8 = 10;

/// The groups of such mails in one run.
const MOST_GROUPS: usize = 100;

/// An attempt to send a mail.
struct Attempt {
    message: Message,
    /// The number of attempts, including this one.
    number: i64,
}

impl Jobs {
    /// Sends the mails that are due, each separately: a mail that fails does not stop the others. Returns the number
    /// of sent mails.
    pub async fn send_mails(self) -> Result<usize, Failure> {
        let Some(mailer) = self.mailer.clone() else { return Ok(0) };
        let mut round = Round::default();
        round.add(self.drop_mails().await);
        for _ in 0..MOST_GROUPS {
            let before = round.done;
            self.send_some(&mailer, &mut round).await;
            // Fewer mails mean that no more are due, or that the mail server does not take them.
            if round.done.saturating_sub(before) < usize::from(CONCURRENT_MAILS) {
                break;
            }
        }
        round.result()
    }

    async fn send_some(&self, mailer: &Mailer, round: &mut Round) {
        let due = self.discover("discover_due_mails", round, |conn, store| {
            let at = db::clock(conn)?;
            Ok(queries::discover_due(conn, store, at, i64::from(CONCURRENT_MAILS))?)
        });
        for keys in due.await.chunks(usize::from(CONCURRENT_MAILS)) {
            let mut sending = JoinSet::new();
            for key in keys {
                sending.spawn(send_mail(self.clone(), mailer.clone(), *key));
            }
            while let Some(outcome) = sending.join_next().await {
                let outcome = outcome.unwrap_or_else(|panic| Err(Failure::Internal(panic.to_string())));
                round.add(outcome.map(usize::from));
            }
        }
    }

    /// Deletes the requests that lead to no mail, all at once, so that they do not delay the others. Nothing is sent,
    /// so the result is 0.
    async fn drop_mails(&self) -> Result<usize, Failure> {
        let delete = |conn: &mut PgConnection| {
            queries::delete_mails_without_account(conn, PLATFORM, Kind::PasswordReset)?;
            Ok(End::Commit(0))
        };
        self.database.without_patience().write("drop_mails", delete).await
    }
}

/// Makes one attempt: commits its start, sends the mail, and stores the result. After a crash in between, the mail is
/// tried again when its lease has ended. Returns true if it was sent.
async fn send_mail(jobs: Jobs, mailer: Mailer, key: MailKey) -> Result<bool, Failure> {
    let public_url = Arc::clone(&mailer.public_url);
    let begin = move |conn: &mut PgConnection| Ok(End::Commit(begin_attempt(conn, key, &public_url)?));
    let Some(Attempt { message, number }) = jobs.database.write("begin_mail", begin).await? else { return Ok(false) };
    let sent = spawn_blocking(move || mailer.send(&message)).await;
    let sent = sent.map_err(|panic| Failure::Internal(panic.to_string()))?;
    let was_sent = sent.is_ok();
    if let Err(error) = sent {
        log::warn!(mail = key.id, attempt = number, error:% = error; "a mail could not be sent; it will be tried again");
    }
    let settle = move |conn: &mut PgConnection| {
        if was_sent {
            return Ok(End::Commit(queries::delete_mail(conn, key)?));
        }
        let at = db::clock(conn)?;
        Ok(End::Commit(queries::set_next_attempt(conn, key, after(at, pause_after(number)))?))
    };
    jobs.database.write("settle_mail", settle).await?;
    Ok(was_sent)
}

/// Locks the mail and builds its message. None if another server has locked it, or if it must not be sent.
fn begin_attempt(conn: &mut PgConnection, key: MailKey, public_url: &str) -> Result<Option<Attempt>, Failure> {
    let at = db::clock(conn)?;
    let Some(mail) = queries::find_due_for_update(conn, key, at)? else { return Ok(None) };
    if mail.give_up_at <= at {
        log::warn!(mail = key.id, attempts = mail.attempts; "a mail was abandoned: it could not be sent in time");
        queries::delete_mail(conn, key)?;
        return Ok(None);
    }
    let number = mail.attempts.saturating_add(1);
    let message = match compose(conn, &mail, public_url, at) {
        Ok(Some(message)) => message,
        Ok(None) => {
            queries::delete_mail(conn, key)?;
            return Ok(None);
        }
        // A mail that can't be built must not stop the others. The failure is none of the database.
        Err(Failure::Internal(error)) => {
            log::error!(mail = key.id, attempt = number, error:% = error; "a mail can't be built");
            queries::begin_attempt(conn, &mail, after(at, pause_after(number)))?;
            return Ok(None);
        }
        Err(failure) => return Err(failure),
    };
    queries::begin_attempt(conn, &mail, after(at, LEASE))?;
    let id = format!("{}.{}.{}", mail.created_at.timestamp_micros(), key.store, key.id);
    let message = Message { id: Some(id), ..message };
    Ok(Some(Attempt { message, number }))
}

/// The message of a mail. None if its reason no longer exists.
fn compose(
    conn: &mut PgConnection,
    mail: &PendingMail,
    public_url: &str,
    at: DateTime<Utc>,
) -> Result<Option<Message>, Failure> {
    match mail.kind {
        Kind::PasswordReset => password_reset::compose(conn, &mail.recipient, public_url, at),
        Kind::WebhookOff => off_mail::compose(conn, mail.key.store, &mail.recipient, public_url),
        Kind::StockNoticeConfirmation => wishes::compose_confirmation(conn, mail, public_url, at),
        kind => {
            let values = mail.data.clone().unwrap_or_default();
            mail_templates::compose(conn, mail.key.store, kind, &mail.recipient, values).map(Some)
        }
    }
}
