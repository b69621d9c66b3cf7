//! Limits the mails about orders to each address: anybody can place an order with the address of somebody else.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use diesel::PgConnection;

use super::mails::OutgoingMail;
use super::queries::order_mail_counts;
use crate::db::Failure;
use crate::kernel::id::StoreId;
use crate::kernel::moment::after;

/// The largest number of mails about orders of a store to one address within an hour. Further ones are left out.
const MAX_PER_HOUR: i64 = 20;

/// The time after which an address gets mails again.
pub const PERIOD: Duration = Duration::hours(1);

/// Leaves out the mails beyond the limit, in the transaction that writes the others.
pub fn keep_few(
    conn: &mut PgConnection,
    store: StoreId,
    mut mails: Vec<OutgoingMail>,
    at: DateTime<Utc>,
) -> Result<Vec<OutgoingMail>, Failure> {
    if mails.is_empty() {
        return Ok(mails);
    }
    let mut new: BTreeMap<String, i64> = BTreeMap::new();
    for mail in &mails {
        let count = new.entry(mail.recipient.clone()).or_default();
        *count = count.saturating_add(1);
    }
    let mut until = order_mail_counts::add(conn, store, &new, (at, after(at, -PERIOD)))?;
    for (recipient, count) in &mut until {
        *count = count.saturating_sub(new.get(recipient).copied().unwrap_or(0));
    }
    let all = mails.len();
    mails.retain(|mail| {
        let Some(count) = until.get_mut(&mail.recipient) else { return false };
        *count = count.saturating_add(1);
        *count <= MAX_PER_HOUR
    });
    let left_out = all.saturating_sub(mails.len());
    if left_out > 0 {
        log::warn!(store = store.0, count = left_out; "mails about orders were left out: their addresses got too many");
    }
    Ok(mails)
}
