//! Sends the waiting mails.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use tokio::sync::oneshot::error::RecvError;
use tokio::sync::oneshot::{self, Receiver};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::Jobs;
use super::discover::Run;
use crate::accounts::password_reset;
use crate::alerts::stock_notices;
use crate::auth::context::PLATFORM;
use crate::db::{self, End, Failure};
use crate::kernel::moment::after;
use crate::mail::outbox::{Kind, LEASE, MailKey, PendingMail, RENEWED_EVERY, pause_after};
use crate::mail::{Mailer, Message, queries};
use crate::stores::mail_templates;
use crate::webhooks::off_mail;

/// The number of mails that are sent at the same time.
const CONCURRENT_MAILS: usize = 10;

/// The time for which the next group waits for the mails of a group. Slower ones are sent beside the next groups.
const GROUP_TIME: Duration = Duration::from_secs(2);

/// The pause between two searches while only slow mails are being sent.
const SEARCH_PAUSE: Duration = Duration::from_secs(1);

/// The largest number of mails that one search finds. It reads all due mails, so it finds more than one group of them.
const MAX_FOUND: i64 = 100;

/// The largest number of searches in one run that find so many.
const MAX_SEARCHES: usize = 10;

/// An attempt to send a mail.
struct Attempt {
    message: Message,
    /// The number of attempts, including this one.
    number: i64,
}

/// The outcome of one attempt to send a mail. A later one is a better sign that other mails can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// The mail server, or the database, could not be used.
    Failed,
    /// The mail was refused. The mail server may accept others.
    Refused,
    /// There was no attempt, because the mail need not be sent or another server sends it.
    Left,
    Sent,
}

/// The mails that are being sent, each by a task of its own.
#[derive(Default)]
struct Sending {
    /// The tasks return the number of their group.
    tasks: JoinSet<(usize, Result<Outcome, Failure>)>,
    /// The number of the last group.
    group: usize,
}

impl Sending {
    /// Starts to send the mails of a new group.
    fn start(&mut self, jobs: &Jobs, mailer: &Mailer, keys: &[MailKey]) {
        self.group = self.group.saturating_add(1);
        for key in keys {
            let (group, attempt) = (self.group, send_mail(jobs.clone(), mailer.clone(), *key));
            self.tasks.spawn(async move { (group, attempt.await) });
        }
    }

    /// Waits for the end of any attempt, and adds it to the run. Returns its group and its outcome. None if no mail is
    /// being sent.
    async fn next(&mut self, run: &mut Run) -> Option<(usize, Outcome)> {
        let ended = self.tasks.join_next().await?;
        let (group, outcome) = ended.unwrap_or_else(|panic| (self.group, Err(Failure::Internal(panic.to_string()))));
        let reached = outcome.as_ref().copied().unwrap_or(Outcome::Failed);
        run.add(outcome.map(|outcome| usize::from(outcome == Outcome::Sent)));
        Some((group, reached))
    }
}

impl Jobs {
    /// Sends the mails that are due, each separately: a mail that is refused does not stop the others. A mail server
    /// that cannot be used ends the run. The stores take turns, so that one with many mails does not keep the others
    /// waiting. While slow mails are being sent, new mails are searched and sent. Returns the number of sent mails.
    pub async fn send_mails(self) -> Result<usize, Failure> {
        let Some(mailer) = self.mailer.clone() else { return Ok(0) };
        let mut run = Run::default();
        run.add(self.drop_mails().await);
        let (mut sending, mut last, mut full_searches) = (Sending::default(), None, 0_usize);
        while full_searches < MAX_SEARCHES {
            let due = self.discover("discover_due_mails", &mut run, move |conn, store| {
                let at = db::clock(conn)?;
                Ok(queries::discover_due(conn, store, at, (last, MAX_FOUND))?)
            });
            let due = due.await;
            if !self.send_all(&mailer, &due, &mut sending, &mut run).await {
                // The mail server does not take mails at the moment.
                break;
            }
            if db::count(due.len()) >= MAX_FOUND {
                full_searches = full_searches.saturating_add(1);
                last = due.last().map(|key| key.store);
            } else if sending.tasks.is_empty() {
                break;
            } else {
                // Mails that are written meanwhile do not wait for the slow ones.
                tokio::select! {
                    _ended = sending.next(&mut run) => {}
                    () = tokio::time::sleep(SEARCH_PAUSE) => {}
                }
            }
        }
        while sending.next(&mut run).await.is_some() {}
        run.result()
    }

    /// Sends these mails, a group at a time. Returns false if the mail server takes no mails at the moment.
    async fn send_all(&self, mailer: &Mailer, mut keys: &[MailKey], sending: &mut Sending, run: &mut Run) -> bool {
        while !keys.is_empty() {
            let places = CONCURRENT_MAILS.saturating_sub(sending.tasks.len());
            if places > 0 {
                let (group, rest) = keys.split_at(places.min(keys.len()));
                if !self.send_together(mailer, group, sending, run).await {
                    return false;
                }
                keys = rest;
            } else if sending.next(run).await.is_some_and(|(_, outcome)| outcome == Outcome::Failed) {
                // All mails were slow, and now one has failed.
                return false;
            }
        }
        true
    }

    /// Starts a group of mails, and waits for those that are not slow. Returns false if the mail server takes no mails
    /// at the moment.
    async fn send_together(&self, mailer: &Mailer, keys: &[MailKey], sending: &mut Sending, run: &mut Run) -> bool {
        sending.start(self, mailer, keys);
        let (until, mut waiting) = (Instant::now() + GROUP_TIME, keys.len());
        let mut best: Option<Outcome> = None;
        while waiting > 0
            && let Ok(Some((group, outcome))) = timeout_at(until, sending.next(run)).await
        {
            // A slow mail of an earlier group shows nothing about this one.
            if group == sending.group {
                waiting = waiting.saturating_sub(1);
                best = best.max(Some(outcome));
            }
        }
        match best {
            Some(Outcome::Failed) => false,
            // A mail server may also refuse every connection, or the credentials.
            Some(Outcome::Refused) => is_available(mailer.clone()).await,
            Some(Outcome::Left | Outcome::Sent) | None => true,
        }
    }

    /// Deletes the requests for a password whose address has no account. So they do not delay the other mails. It sends no
    /// mail, so the result is 0.
    async fn drop_mails(&self) -> Result<usize, Failure> {
        let delete = |conn: &mut PgConnection| {
            queries::delete_mails_without_account(conn, PLATFORM, Kind::PasswordReset)?;
            Ok(End::Commit(0))
        };
        self.database.with_one_retry().write("drop_mails", delete).await
    }
}

/// Makes one attempt: commits its start, sends the mail, and stores the result. After a crash in between, the mail is
/// tried again when its lease has ended.
async fn send_mail(jobs: Jobs, mailer: Mailer, key: MailKey) -> Result<Outcome, Failure> {
    let public_url = Arc::clone(&mailer.public_url);
    let begin = move |conn: &mut PgConnection| Ok(End::Commit(begin_attempt(conn, key, &public_url)?));
    let Some(Attempt { message, number }) = jobs.database.write("begin_mail", begin).await? else {
        return Ok(Outcome::Left);
    };
    let attempt = on_a_thread(move || mailer.send(&message))?;
    let sent = with_lease(&jobs, key, attempt).await.map_err(|panic| Failure::Internal(panic.to_string()))?;
    let outcome = match &sent {
        Ok(()) => Outcome::Sent,
        Err(error) if error.concerns_one_mail() => Outcome::Refused,
        Err(_) => Outcome::Failed,
    };
    if let Err(error) = sent {
        log::warn!(mail = key.id, attempt = number, error:% = error; "a mail could not be sent; it will be tried again");
    }
    let settle = move |conn: &mut PgConnection| {
        if outcome == Outcome::Sent {
            return Ok(End::Commit(queries::delete_mail(conn, key)?));
        }
        let at = db::clock(conn)?;
        Ok(End::Commit(queries::set_next_attempt(conn, key, after(at, pause_after(number)))?))
    };
    jobs.database.write("settle_mail", settle).await?;
    Ok(outcome)
}

/// True if the mail server can be used. False if the check itself fails.
async fn is_available(mailer: Mailer) -> bool {
    let Ok(answer) = on_a_thread(move || mailer.is_available()) else { return false };
    answer.await.unwrap_or(false)
}

/// Runs an attempt on a thread of its own. The end of the process does not wait for it, as it would for a blocking task.
fn on_a_thread<T: Send + 'static>(attempt: impl FnOnce() -> T + Send + 'static) -> Result<Receiver<T>, Failure> {
    let (sender, ended) = oneshot::channel();
    // Without a receiver, the job was abandoned.
    let run = move || drop(sender.send(attempt()));
    let thread = std::thread::Builder::new().name("mail".to_owned()).spawn(run);
    thread.map(|_detached| ended).map_err(|error| Failure::Internal(format!("a thread for a mail: {error}")))
}

/// Waits for the end of an attempt, and keeps other servers away from its mail meanwhile.
async fn with_lease<T>(jobs: &Jobs, key: MailKey, mut attempt: Receiver<T>) -> Result<T, RecvError> {
    loop {
        tokio::select! {
            ended = &mut attempt => return ended,
            () = tokio::time::sleep(RENEWED_EVERY) => {}
        }
        let renew = move |conn: &mut PgConnection| {
            let at = db::clock(conn)?;
            Ok(End::Commit(queries::set_next_attempt(conn, key, after(at, LEASE))?))
        };
        // The next renewal tries again.
        if let Err(failure) = jobs.database.with_one_retry().write("renew_mail", renew).await {
            log::debug!(mail = key.id, error:% = failure; "the lease of a mail could not be renewed");
        }
    }
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
        // A mail that can't be built must not stop the others. The database is not the cause of the failure.
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
        Kind::StockNoticeConfirmation => stock_notices::compose_confirmation(conn, mail, public_url, at),
        kind => {
            let values = mail.data.clone().unwrap_or_default();
            mail_templates::compose(conn, mail.key.store, kind, &mail.recipient, values).map(Some)
        }
    }
}
