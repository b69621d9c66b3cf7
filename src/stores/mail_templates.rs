//! The mails of a store: its own templates, or the built-in ones, in its language.

use diesel::PgConnection;
use minijinja::value::Serde;
use serde_json::{Value, json};

use super::queries::{self as stores, mail_templates};
use crate::db::Failure;
use crate::events::merged;
use crate::kernel::id::StoreId;
use crate::kernel::language::Language;
use crate::mail::Message;
use crate::mail::outbox::Kind;
use crate::mail::template::Template;

/// The template of the store for a language, if it has one: of exactly this language, or of the language without its
/// region.
pub fn find_own(
    conn: &mut PgConnection,
    store: StoreId,
    kind: Kind,
    language: &Language,
) -> Result<Option<Template>, Failure> {
    let languages = [language.clone(), language.base()];
    let mut found = mail_templates::list(conn, store, kind, &languages)?;
    found.sort_by_key(|(of, _)| of != language);
    Ok(found.into_iter().next().map(|(_, template)| template))
}

/// Builds a mail of a store. If the store's own template fails with these values, the built-in one is used, so that no
/// mail is lost.
pub fn compose(
    conn: &mut PgConnection,
    store: StoreId,
    kind: Kind,
    recipient: &str,
    values: Value,
) -> Result<Message, Failure> {
    let row = stores::get_store(conn, store)?;
    let values = merged(values, json!({"store": {"name": row.name}}));
    let values = minijinja::Value::from(Serde(values));
    if let Some(own) = find_own(conn, store, kind, &row.language)? {
        match own.render(recipient, values.clone()) {
            Ok(message) => return Ok(message),
            Err(error) => log::warn!(
                store = store.0, kind = kind.as_str(), error:% = error;
                "a template of the store failed; the built-in one was used"
            ),
        }
    }
    let built_in = Template::built_in(kind, &row.language).render(recipient, values);
    built_in.map_err(|error| Failure::Internal(format!("the template can't be used: {error}")))
}
