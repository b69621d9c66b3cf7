//! The SQL of templates of mails that a store has written.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::schema::mail_templates;
use crate::kernel::id::StoreId;
use crate::kernel::language::Language;
use crate::mail::outbox::Kind;
use crate::mail::template::Template;

/// The templates of a kind in these languages.
pub fn list(
    conn: &mut PgConnection,
    store: StoreId,
    name: Kind,
    languages: &[Language],
) -> QueryResult<Vec<(Language, Template)>> {
    let rows: Vec<(Language, String, String, String)> = mail_templates::table
        .filter(mail_templates::store_id.eq(store))
        .filter(mail_templates::name.eq(name))
        .filter(mail_templates::language.eq_any(languages))
        .select((mail_templates::language, mail_templates::subject, mail_templates::text, mail_templates::html))
        .load(conn)?;
    let template = |(language, subject, text, html)| {
        (language, Template { subject: Cow::Owned(subject), text: Cow::Owned(text), html: Cow::Owned(html) })
    };
    Ok(rows.into_iter().map(template).collect())
}

/// The number of templates of the store.
pub fn count(conn: &mut PgConnection, store: StoreId) -> QueryResult<i64> {
    mail_templates::table.filter(mail_templates::store_id.eq(store)).count().get_result(conn)
}

/// Writes a template, instead of an earlier one of the same kind and language.
pub fn replace(
    conn: &mut PgConnection,
    store: StoreId,
    (name, language): (Kind, &Language),
    template: &Template,
    at: DateTime<Utc>,
) -> QueryResult<()> {
    let parts = (
        mail_templates::subject.eq(&*template.subject),
        mail_templates::text.eq(&*template.text),
        mail_templates::html.eq(&*template.html),
        mail_templates::updated_at.eq(at),
    );
    let key =
        (mail_templates::store_id.eq(store), mail_templates::name.eq(name), mail_templates::language.eq(language));
    diesel::insert_into(mail_templates::table)
        .values((key, parts, mail_templates::created_at.eq(at)))
        .on_conflict((mail_templates::store_id, mail_templates::name, mail_templates::language))
        .do_update()
        .set(parts)
        .execute(conn)
        .map(drop)
}

/// Deletes a template. Returns false if there is none.
pub fn delete(conn: &mut PgConnection, store: StoreId, name: Kind, language: &Language) -> QueryResult<bool> {
    let row = mail_templates::table.find((store, name.as_str(), language.as_str()));
    Ok(diesel::delete(row).execute(conn)? > 0)
}
