//! The mail to the account that created a webhook, after the server has turned the webhook off.

use chrono::{DateTime, Duration, Utc};
use diesel::PgConnection;
use serde_json::json;

use super::health::OffReason;
use super::queries::webhooks;
use crate::accounts::queries::users;
use crate::db::Failure;
use crate::kernel::id::{StoreId, UserId};
use crate::kernel::moment::after;
use crate::mail::outbox::{Kind, NewMail};
use crate::mail::{Message, queries};
use crate::stores::mail_templates;

/// The time after which the mail is given up.
const TTL: Duration = Duration::days(3);

/// Inserts the mail. One mail lists all webhooks of the account that are off.
pub fn insert(conn: &mut PgConnection, store: StoreId, account: UserId, at: DateTime<Utc>) -> Result<(), Failure> {
    let Some(user) = users::find_user(conn, account)?.filter(|user| user.active) else { return Ok(()) };
    let mail = NewMail {
        store,
        kind: Kind::WebhookOff,
        recipient: &user.email,
        data: None,
        about: String::new(),
        give_up_at: after(at, TTL),
    };
    if !queries::insert_mail(conn, &mail, at)? {
        log::warn!(store = store.0; "too many mails wait, so there is no mail about a webhook that was turned off");
    }
    Ok(())
}

/// The mail. None if the account has no such webhook any more.
pub fn compose(
    conn: &mut PgConnection,
    store: StoreId,
    recipient: &str,
    public_url: &str,
) -> Result<Option<Message>, Failure> {
    let Some(user) = users::find_by_email(conn, recipient)?.filter(|user| user.active) else { return Ok(None) };
    let off = webhooks::list_turned_off(conn, store, user.id)?;
    if off.is_empty() {
        return Ok(None);
    }
    let row = |webhook: &webhooks::Webhook| {
        let reason = webhook.settings.off_reason.map(OffReason::as_str);
        json!({"id": webhook.id.0, "url": webhook.settings.url.as_str(), "reason": reason})
    };
    let listed: Vec<_> = off.iter().map(row).collect();
    let values = json!({"webhooks": listed, "api": format!("{public_url}/api/v1")});
    mail_templates::compose(conn, store, Kind::WebhookOff, recipient, values).map(Some)
}
