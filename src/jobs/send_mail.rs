//! Sends the mails of the outbox.

use chrono::{DateTime, Duration, Utc};
use diesel::PgConnection;
use tokio::task::{JoinSet, spawn_blocking};

use super::Jobs;
use crate::accounts::password_reset;

use super::discover::Round;

use crate::db::{self, End, Failure};
use crate::mail::outbox::{Kind, LEASE, MailKey, PendingMail, pause_after};
use crate::mail::{Mailer, Message, queries};

/// Mails sent at the same time: one that hangs delays few others.
const AT_A_TIME: u8 = 10;

/// A mail on its way.
struct Attempt {
    message: Message,
    /// Attempts with this one.
    number: i64,
}

impl Jobs {
    /// Sends what is due, each mail on its own: one that can't be sent holds up no other. Returns how many
    /// were sent.
    pub async fn send_mails(&self) -> Result<usize, Failure> {
        let Some(mailer) = &self.mailer else { return Ok(0) };
        let mut round = Round::default();
        let due = self.discover("discover_due_mails", &mut round, |conn, store| {
            let at = db::clock(conn)?;
            Ok(queries::discover_due(conn, store, at, i64::from(AT_A_TIME))?)
        });
        for keys in due.await.chunks(usize::from(AT_A_TIME)) {
            let mut sending = JoinSet::new();
            for key in keys {
                sending.spawn(send_mail(self.clone(), mailer.clone(), *key));
            }
            while let Some(outcome) = sending.join_next().await {
                let outcome = outcome.unwrap_or_else(|panic| Err(Failure::Internal(panic.to_string())));
                round.add(outcome.map(usize::from));
            }
        }
        round.result()
    }
}

/// One attempt: begun and committed, then sent, then settled. After a crash between these the mail is tried
/// again when its lease has ended. True when it was sent.
async fn send_mail(jobs: Jobs, mailer: Mailer, key: MailKey) -> Result<bool, Failure> {
    let public_url = mailer.public_url().to_owned();
    let begin = move |conn: &mut PgConnection| Ok(End::Commit(begin_attempt(conn, key, &public_url)?));
    let Some(Attempt { message, number }) = jobs.database.write("begin_mail", begin).await? else { return Ok(false) };
    let sent = spawn_blocking(move || mailer.send(&message)).await;
    let sent = sent.map_err(|panic| Failure::Internal(panic.to_string()))?;
    let was_sent = sent.is_ok();
    if let Err(error) = sent {
        log::warn!(mail = key.id, attempt = number, error:% = error; "a mail could not be sent; it is tried again");
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

/// Locks the mail and builds its message. None when somebody else has it, or when it is not to be sent.
fn begin_attempt(conn: &mut PgConnection, key: MailKey, public_url: &str) -> Result<Option<Attempt>, Failure> {
    let at = db::clock(conn)?;
    let Some(mail) = queries::find_due_for_update(conn, key, at)? else { return Ok(None) };
    if mail.give_up_at <= at {
        log::warn!(mail = key.id, attempts = mail.attempts; "a mail is given up: it could not be sent in time");
        queries::delete_mail(conn, key)?;
        return Ok(None);
    }
    let Some(message) = compose(conn, &mail, public_url, at)? else {
        queries::delete_mail(conn, key)?;
        return Ok(None);
    };
    queries::begin_attempt(conn, &mail, after(at, LEASE))?;
    Ok(Some(Attempt { message, number: mail.attempts.saturating_add(1) }))
}

/// The message, with its values as they are now. None when there is no reason any more to send it.
fn compose(
    conn: &mut PgConnection,
    mail: &PendingMail,
    public_url: &str,
    at: DateTime<Utc>,
) -> Result<Option<Message>, Failure> {
    match mail.kind {
        Kind::PasswordReset => password_reset::compose(conn, &mail.recipient, public_url, at),
    }
}

fn after(at: DateTime<Utc>, time: Duration) -> DateTime<Utc> {
    at.checked_add_signed(time).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
