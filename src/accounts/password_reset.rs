//! A forgotten password: a mailed link with which the owner of the address chooses another one.

use chrono::{DateTime, Duration, Utc};
use diesel::PgConnection;
use minijinja::context;

use super::email::Email;
use super::queries::password_resets::{self, NewReset};
use super::queries::users;
use super::secret_token;
use crate::auth::context::PLATFORM;
use crate::db::{self, Failure};
use crate::error::{Abort, ApiError, Code};
use crate::kernel::language::Language;
use crate::kernel::moment::after;
use crate::mail::outbox::{Kind, NewMail};
use crate::mail::template::Template;
use crate::mail::{Message, queries};

/// The lifetime of a link, and the time for which its mail is retried.
pub const TTL: Duration = Duration::hours(1);

/// The path of the page that a link opens. The token follows a `#`, so that no server logs it.
pub const PAGE: &str = "/password-reset";

/// Inserts the mail, or renews one that is waiting. The account is looked up when the mail is sent, so
/// that the request takes the same time with and without an account. 503 if too many mails wait.
pub fn request(conn: &mut PgConnection, email: &Email) -> Result<(), Abort> {
    let at = db::clock(conn)?;
    let give_up_at = after(at, TTL);
    let (kind, recipient) = (Kind::PasswordReset, email.as_str());
    let mail = NewMail { store: PLATFORM, kind, recipient, about: String::new(), data: None, give_up_at };
    match queries::insert_mail(conn, &mail, at)? {
        true => Ok(()),
        false => {
            let detail = "Too many mails are waiting. Try again in a moment.";
            Err(ApiError::new(Code::Busy, detail).retry_after(10).into())
        }
    }
}

/// Creates the link and its mail. Returns None if no active account has the address. Only the mail contains the
/// token: the database stores its hash.
pub fn compose(
    conn: &mut PgConnection,
    recipient: &str,
    public_url: &str,
    at: DateTime<Utc>,
) -> Result<Option<Message>, Failure> {
    let Some(found) = users::find_by_email(conn, recipient)? else { return Ok(None) };
    let user = users::find_user_for_update(conn, found.id)?;
    let Some(user) = user.filter(|user| user.active && user.email == recipient) else { return Ok(None) };
    let token = secret_token::generate();
    let new = NewReset { user: user.id, token_hash: &secret_token::digest(&token), expires_at: after(at, TTL) };
    password_resets::replace_reset(conn, &new, at)?;
    let values = context! { link => format!("{public_url}{PAGE}#token={token}") };
    let message = Template::built_in(Kind::PasswordReset, &Language::default()).render(recipient, values);
    message.map(Some).map_err(|error| Failure::Internal(format!("the template can't be used: {error}")))
}
