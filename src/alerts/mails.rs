//! Turns facts into mails of the outbox, or keeps them for a digest.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::notice::Notice;
use super::queries::notices::{self, NewNotice};
use super::rule::{Recipient, Rule};
use crate::db::Failure;
use crate::kernel::id::StoreId;
use crate::kernel::moment::after;
use crate::mail::outbox::{Kind, NewMail, PATIENCE};
use crate::mail::queries as outbox;

/// A mail before it is in the outbox.
#[derive(Clone, Debug)]
pub struct Letter {
    pub kind: Kind,
    pub recipient: String,
    pub about: String,
    pub data: Value,
}

/// The alerts that a mail lists. More are only counted.
const MOST_LISTED: usize = 200;

/// Writes the alerts: a mail for each, or a row for the digest of its rule; nothing if mail is off. Returns false if too many mails wait: then the
/// transaction has to be rolled back.
pub fn write_notices(
    conn: &mut PgConnection,
    store: StoreId,
    (rules, found): (&[Rule], Vec<Notice>),
    at: DateTime<Utc>,
    sends_mail: bool,
) -> Result<bool, Failure> {
    let (mut letters, mut collected) = (Vec::new(), Vec::new());
    for Notice { alert, about, data } in found {
        let Some(rule) = rules.iter().find(|rule| rule.id == alert) else { continue };
        match rule.settings.digest.due_at(at) {
            _ if !sends_mail => {}
            None => letters.extend(letters_of(rule, &about, vec![data])),
            Some(due_at) => {
                collected.push(NewNotice { store_id: store, alert_id: alert, data, due_at, created_at: at });
            }
        }
    }
    notices::insert(conn, &collected)?;
    write_letters(conn, store, &letters, at)
}

/// One mail with these alerts for each recipient of the rule.
pub fn letters_of(rule: &Rule, about: &str, mut listed: Vec<Value>) -> Vec<Letter> {
    let count = listed.len();
    listed.truncate(MOST_LISTED);
    let data = json!({
        "kind": rule.kind.as_str(), "digest": rule.settings.digest.as_str(), "count": count,
        "more": count.saturating_sub(listed.len()), "notices": listed,
    });
    let letter = |to: &Recipient| Letter {
        kind: Kind::Alert,
        recipient: to.address().to_owned(),
        about: about.to_owned(),
        data: data.clone(),
    };
    rule.settings.to.iter().map(letter).collect()
}

/// Adds mails to the outbox. Returns false if too many mails wait.
pub fn write_letters(
    conn: &mut PgConnection,
    store: StoreId,
    letters: &[Letter],
    at: DateTime<Utc>,
) -> Result<bool, Failure> {
    let give_up_at = after(at, PATIENCE);
    let new = letters.iter().map(|Letter { kind, recipient, about, data }| NewMail {
        store,
        kind: *kind,
        recipient,
        about: about.clone(),
        data: Some(data.clone()),
        give_up_at,
    });
    Ok(outbox::insert_mails(conn, store, &new.collect::<Vec<_>>(), at)?)
}
