//! Turns facts into waiting mails and requests to webhooks, or keeps them for a digest.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::calls::{Call, write_calls};
use super::notice::Notice;
use super::queries::notices::{self, NewNotice};
use super::rule::{Recipient, Rule};
use crate::db::Failure;
use crate::kernel::id::{AlertId, StoreId};
use crate::kernel::moment::after;
use crate::mail::outbox::{Kind, LIFETIME, NewMail};
use crate::mail::queries as outbox;

/// A mail that an event, an alert or a stock notice leads to. [`write_mails`] inserts it.
#[derive(Clone, Debug)]
pub struct OutgoingMail {
    pub kind: Kind,
    pub recipient: String,
    pub about: String,
    pub data: Value,
}

/// The largest number of alerts that a mail lists. Further ones are only counted.
const MAX_LISTED: usize = 200;

/// The largest number of alerts of a rule without a digest that one transaction sends separately. More of them are sent
/// together.
const MAX_SEPARATE: usize = 100;

/// The mails and the requests to webhooks that rules send.
#[derive(Debug, Default)]
pub struct Outgoing {
    mails: Vec<OutgoingMail>,
    calls: Vec<Call>,
}

impl Outgoing {
    /// One mail or request for each alert, or one for all if they are many.
    fn add_all(&mut self, rule: &Rule, found: Vec<Notice>, sends_mail: bool) {
        if found.len() <= MAX_SEPARATE {
            found.into_iter().for_each(|notice| self.add(rule, &notice.about, vec![notice.data], sends_mail));
            return;
        }
        let about = found.first().map(|notice| format!("all:{}", notice.about)).unwrap_or_default();
        self.add(rule, &about, found.into_iter().map(|notice| notice.data).collect(), sends_mail);
    }

    /// One mail or request with these alerts for each recipient of the rule. Without mail, only requests.
    pub fn add(&mut self, rule: &Rule, about: &str, mut listed: Vec<Value>, sends_mail: bool) {
        let count = listed.len();
        listed.truncate(MAX_LISTED);
        let data = json!({
            "kind": rule.kind.as_str(), "digest": rule.settings.digest.as_str(), "count": count,
            "more": count.saturating_sub(listed.len()), "notices": listed,
        });
        for to in &rule.settings.to {
            match to {
                Recipient::Mail(address) if sends_mail => self.mails.push(OutgoingMail {
                    kind: Kind::Alert,
                    recipient: address.as_str().to_owned(),
                    about: about.to_owned(),
                    data: data.clone(),
                }),
                Recipient::Mail(_) => {}
                Recipient::Webhook(webhook) => {
                    self.calls.push(Call { webhook: *webhook, alert: rule.id, kind: rule.kind, data: data.clone() });
                }
            }
        }
    }

    /// Returns false if too many mails wait: then the transaction has to be rolled back.
    pub fn write(&self, conn: &mut PgConnection, store: StoreId, at: DateTime<Utc>) -> Result<bool, Failure> {
        write_calls(conn, store, &self.calls, at)?;
        write_mails(conn, store, &self.mails, at)
    }
}

/// Writes the alerts: a mail or a request for each, or a row for the digest of its rule. Returns false if too many mails
/// wait: then the transaction has to be rolled back.
pub fn write_notices(
    conn: &mut PgConnection,
    store: StoreId,
    (rules, found): (&[Rule], Vec<Notice>),
    at: DateTime<Utc>,
    sends_mail: bool,
) -> Result<bool, Failure> {
    let (mut outgoing, mut collected) = (Outgoing::default(), Vec::new());
    let mut of_rules: BTreeMap<AlertId, Vec<Notice>> = BTreeMap::new();
    for notice in found {
        of_rules.entry(notice.alert).or_default().push(notice);
    }
    for rule in rules {
        let Some(found) = of_rules.remove(&rule.id) else { continue };
        let is_reachable = sends_mail || rule.settings.webhooks().next().is_some();
        match rule.settings.digest.due_at(at) {
            _ if !is_reachable => {}
            None => outgoing.add_all(rule, found, sends_mail),
            Some(due_at) => collected.extend(found.into_iter().map(|Notice { alert, data, .. }| NewNotice {
                store_id: store,
                alert_id: alert,
                data,
                due_at,
                created_at: at,
            })),
        }
    }
    notices::insert(conn, &collected)?;
    outgoing.write(conn, store, at)
}

/// Inserts mails. Returns false if too many mails wait.
pub fn write_mails(
    conn: &mut PgConnection,
    store: StoreId,
    mails: &[OutgoingMail],
    at: DateTime<Utc>,
) -> Result<bool, Failure> {
    let give_up_at = after(at, LIFETIME);
    let new = mails.iter().map(|OutgoingMail { kind, recipient, about, data }| NewMail {
        store,
        kind: *kind,
        recipient,
        about: about.clone(),
        data: Some(data.clone()),
        give_up_at,
    });
    Ok(outbox::insert_mails(conn, store, &new.collect::<Vec<_>>(), at)?)
}
