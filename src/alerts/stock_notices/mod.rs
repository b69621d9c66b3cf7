//! Stock notices: requests for a mail when a variant is back in stock. The owner of the address has to confirm a notice.
//! Its mail is sent once, and the notice is deleted with the address.

pub mod api;
pub mod queries;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::mails::{OutgoingMail, write_mails};
use super::queries::progress;
use crate::accounts::email::Email;
use crate::accounts::secret_token;
use crate::catalogue::queries::sellables::{self, Sellable};
use crate::db::{self, End, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::inventory::queries::availability::available_by_variant;
use crate::kernel::id::{StoreId, VariantId};
use crate::kernel::moment::after;
use crate::mail::Message;
use crate::mail::outbox::{Kind, NewMail, PendingMail};
use crate::mail::queries as outbox;
use crate::stores::mail_templates;

/// The time for the owner of an address to confirm a notice.
const TIME_TO_CONFIRM: Duration = Duration::hours(48);
/// The time for which a confirmed notice waits.
const TIME_TO_WAIT: Duration = Duration::days(365);
/// If a notice is recorded again after this time, another mail with a link is sent.
const PAUSE: Duration = Duration::hours(1);
/// The largest number of confirmed notices of an address in a store. Further ones are ignored, with the same response.
const MAX_OF_EMAIL: i64 = 20;
/// The largest number of unconfirmed notices of an address in a store. Anybody can record them, so a further one
/// replaces the oldest.
const MAX_UNCONFIRMED_OF_EMAIL: i64 = 20;
/// The largest number of confirmed notices of a variant.
const MAX_OF_VARIANT: i64 = 10_000;
/// The largest number of unconfirmed notices in a store that came from one network.
const MAX_OF_NETWORK: i64 = 200;
/// The largest number of notices that one transaction turns into mails.
const MAX_AT_A_TIME: i64 = 500;

/// The path of the page that a link opens. It does not load anything else.
pub const PAGE: &str = "/stock-notice";

/// Records a notice and the mail that asks for its confirmation. `from` is the hash of the caller's network. The caller
/// cannot find out whether the address had the notice already. 503 if too many mails wait, or if the variant has too
/// many notices. 429 if too many unconfirmed notices came from the network.
pub fn ask(
    conn: &mut PgConnection,
    store: StoreId,
    (variant, email): (VariantId, &Email),
    from: &[u8],
) -> Result<(), Abort> {
    let at = db::clock(conn)?;
    if queries::has_many(conn, store, variant, MAX_OF_VARIANT)? {
        return Err(busy("Too many people wait for this product."));
    }
    if queries::has_many_from(conn, store, from, (at, MAX_OF_NETWORK))? {
        let detail = "Too many requests of your network are not confirmed yet. Confirm one, or try again later.";
        return Err(ApiError::new(Code::RateLimited, detail).retry_after(3_600).into());
    }
    let (notice, expires_at) = ((variant, email.as_str()), after(at, TIME_TO_CONFIRM));
    let is_new = !queries::has_many_confirmed(conn, store, email.as_str(), MAX_OF_EMAIL)?
        && queries::insert(conn, store, notice, from, (at, expires_at))?;
    if is_new {
        queries::drop_oldest_unconfirmed(conn, store, email.as_str(), MAX_UNCONFIRMED_OF_EMAIL)?;
    } else if !queries::renew(conn, store, notice, after(at, -PAUSE), (at, expires_at))? {
        return Ok(());
    }
    let kind = Kind::StockNoticeConfirmation;
    let data = Some(json!({"variant_id": variant}));
    let mail =
        NewMail { store, kind, recipient: email.as_str(), about: variant.to_string(), data, give_up_at: expires_at };
    match outbox::insert_mail(conn, &mail, at)? {
        true => Ok(()),
        false => Err(busy("Too many mails are waiting.")),
    }
}

fn busy(reason: &str) -> Abort {
    ApiError::new(Code::Busy, format!("{reason} Try again later.")).retry_after(10).into()
}

/// Creates the link and its mail. None if the notice does not wait for its confirmation any more. Only the mail contains
/// the token. The database stores its hash.
pub fn compose_confirmation(
    conn: &mut PgConnection,
    mail: &PendingMail,
    public_url: &str,
    at: DateTime<Utc>,
) -> Result<Option<Message>, Failure> {
    let store = mail.key.store;
    let variant = mail.data.as_ref().and_then(|data| data["variant_id"].as_i64()).map_or(VariantId(0), VariantId);
    let found = queries::find_unconfirmed_for_update(conn, store, (variant, &mail.recipient), at)?;
    let (Some(notice), Some(product)) = (found, find_product(conn, store, variant)?) else { return Ok(None) };
    let token = secret_token::generate();
    queries::set_token(conn, store, notice.id, &secret_token::digest(&token))?;
    let link = format!("{public_url}{PAGE}?token={store}.{token}");
    let values = json!({"product": values_of(&product), "link": link});
    mail_templates::compose(conn, store, mail.kind, &mail.recipient, values).map(Some)
}

/// The variant of a notice.
pub fn find_product(conn: &mut PgConnection, store: StoreId, variant: VariantId) -> Result<Option<Sellable>, Failure> {
    Ok(sellables::load(conn, store, &[variant])?.pop())
}

fn values_of(product: &Sellable) -> Value {
    json!({"id": product.product_id, "sku": product.sku, "name": product.product_name, "size": product.size})
}

/// Confirms a notice. If the variant is in stock again, the notice is marked for its mail at once. The follower's position
/// is locked, so the follower reads the next event either before or after this.
pub fn confirm(conn: &mut PgConnection, store: StoreId, notice: &queries::StockNotice) -> Result<(), Failure> {
    progress::wait_and_lock(conn, store)?;
    let at = db::clock(conn)?;
    queries::confirm(conn, store, notice.id, (at, after(at, TIME_TO_WAIT)))?;
    let available = available_by_variant(conn, store, &[notice.variant_id], &[])?;
    if available.get(&notice.variant_id).is_some_and(|units| *units > 0) {
        queries::mark_back(conn, store, &[notice.variant_id], at)?;
    }
    Ok(())
}

/// Turns some notices whose variants are back in stock into mails, and deletes them. Returns their number. Nothing
/// happens while too many mails wait.
pub fn send_some(conn: &mut PgConnection, store: StoreId) -> Result<End<usize>, Failure> {
    let at = db::clock(conn)?;
    let taken = queries::take_back(conn, store, MAX_AT_A_TIME)?;
    let variants: BTreeSet<VariantId> = taken.iter().map(|(_, variant, _)| *variant).collect();
    let products = sellables::load(conn, store, &variants.into_iter().collect::<Vec<_>>())?;
    let products: HashMap<VariantId, Sellable> = products.into_iter().map(|row| (row.variant_id, row)).collect();
    let count = taken.len();
    let mail = |(id, variant, email): (i64, VariantId, String)| {
        let data = json!({"product": values_of(products.get(&variant)?)});
        Some(OutgoingMail { kind: Kind::BackInStock, recipient: email, about: id.to_string(), data })
    };
    let mails: Vec<OutgoingMail> = taken.into_iter().filter_map(mail).collect();
    match write_mails(conn, store, &mails, at)? {
        true => Ok(End::Commit(count)),
        false => Ok(End::RollBack(0)),
    }
}
