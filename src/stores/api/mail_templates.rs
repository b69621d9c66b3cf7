//! The templates of the mails of a store.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::web::Path;
use diesel::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::save_changes;
use crate::auth::{Ctx, Scope};
use crate::db;
use crate::error::{Abort, ApiError, Code, FieldError};
use crate::idempotency::command::NoBody;
use crate::idempotency::{Answer, Command};
use crate::kernel::language::Language;
use crate::mail::outbox::Kind;
use crate::mail::samples::sample;
use crate::mail::template::Template;
use crate::mail::template_check::check_statements;
use crate::stores::mail_templates::find_own;
use crate::stores::queries::{self as stores, mail_templates as rows};

/// The number of templates of a store. It is enough for all kinds in twenty languages.
const MAX_TEMPLATES: i64 = 200;

/// A template of mails. It is written in the language of Jinja: `{{ order.number }}`, `{% if … %}`, `{% for … %}`.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailTemplateRequest {
    /// Line breaks of the subject become spaces.
    #[validate(length(min = 1, max = 1000, message = "must have 1 to 1000 characters"))]
    #[schema(min_length = 1, max_length = 1000)]
    subject: String,
    #[validate(length(min = 1, max = 20_000, message = "must have 1 to 20000 characters"))]
    #[schema(min_length = 1, max_length = 20_000)]
    text: String,
    /// Values are escaped.
    #[validate(length(min = 1, max = 20_000, message = "must have 1 to 20000 characters"))]
    #[schema(min_length = 1, max_length = 20_000)]
    html: String,
}

/// A template of mails.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailTemplateResponse {
    name: Kind,
    language: Language,
    /// True if the store has written it. False for the built-in template.
    is_custom: bool,
    #[schema(max_length = 1000)]
    subject: Cow<'static, str>,
    #[schema(max_length = 20_000)]
    text: Cow<'static, str>,
    #[schema(max_length = 20_000)]
    html: Cow<'static, str>,
}

impl MailTemplateResponse {
    fn new((name, language): (Kind, Language), template: Template, is_custom: bool) -> Self {
        let Template { subject, text, html } = template;
        Self { name, language, is_custom, subject, text, html }
    }
}

/// The kind and the language of a path. Mails about passwords belong to no store, so they have no templates.
fn parse(name: &str, language: &str) -> Result<(Kind, Language), ApiError> {
    let kind = name.parse().ok().filter(|kind| *kind != Kind::PasswordReset);
    let language = Language::parse(language).ok().filter(|tag| tag.as_str() == language);
    kind.zip(language).ok_or_else(not_found)
}

fn not_found() -> ApiError {
    ApiError::not_found(Code::NotFound, "The template")
}

/// `GET /stores/{id}/mail-templates/{name}/{language}`
pub async fn show(path: Path<(String, String, String)>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let (store, name, language) = path.into_inner();
    ctx.in_store(&store)
        .answer("get_mail_template", move |conn, scope| {
            let key = parse(&name, &language)?;
            let own = find_own(conn, scope.store, key.0, &key.1)?;
            let is_custom = own.is_some();
            let template = own.unwrap_or_else(|| Template::built_in(key.0, &key.1));
            Ok(MailTemplateResponse::new(key, template, is_custom))
        })
        .await
}

/// `PUT /stores/{id}/mail-templates/{name}/{language}`
pub async fn replace(
    path: Path<(String, String, String)>,
    command: Command<MailTemplateRequest>,
) -> Result<HttpResponse, ApiError> {
    let (store, name, language) = path.into_inner();
    command
        .in_store(&store)
        .run("replace_mail_template", move |conn, scope, request| {
            let key = parse(&name, &language)?;
            let MailTemplateRequest { subject, text, html } = request.clone();
            let template = Template { subject: subject.into(), text: text.into(), html: html.into() };
            check(key.0, &template)?;
            write(conn, scope, &key, &template)?;
            Ok(Answer::ok(&MailTemplateResponse::new(key, template, true))?)
        })
        .await
}

/// Refuses a template that fails with sample values. The error names the part.
fn check(kind: Kind, template: &Template) -> Result<(), ApiError> {
    let nothing = || Cow::Borrowed("");
    let only = |subject: &Cow<'static, str>, text: &Cow<'static, str>, html: &Cow<'static, str>| Template {
        subject: subject.clone(),
        text: text.clone(),
        html: html.clone(),
    };
    let parts = [
        ("subject", &template.subject, only(&template.subject, &nothing(), &nothing())),
        ("text", &template.text, only(&nothing(), &template.text, &nothing())),
        ("html", &template.html, only(&nothing(), &nothing(), &template.html)),
    ];
    let mut errors = Vec::new();
    for (name, source, part) in parts {
        let checked = check_statements(source).and_then(|()| {
            let rendered = part.render_strictly("ann@example.com", sample(kind));
            rendered.map(drop).map_err(|error| format!("can't be filled in: {error}"))
        });
        errors.extend(checked.err().map(|message| FieldError::new(name, message)));
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::validation(errors)) }
}

fn write(
    conn: &mut PgConnection,
    scope: &Scope,
    (kind, language): &(Kind, Language),
    template: &Template,
) -> Result<(), Abort> {
    let mut store = stores::get_store_for_update(conn, scope.store)?;
    let own = rows::list(conn, scope.store, *kind, std::slice::from_ref(language))?;
    match own.first() {
        Some((_, own)) if own == template => return Ok(()),
        None if rows::count(conn, scope.store)? >= MAX_TEMPLATES => {
            let message = format!("there are {MAX_TEMPLATES} templates already; delete some first");
            return Err(ApiError::field("name", message).into());
        }
        _ => {}
    }
    let at = db::clock(conn)?;
    rows::replace(conn, scope.store, (*kind, language), template, at)?;
    save_changes(conn, scope, &mut store, &[&changed(*kind, language)])
}

fn changed(kind: Kind, language: &Language) -> String {
    format!("mail template {} ({})", kind.as_str(), language.as_str())
}

/// `DELETE /stores/{id}/mail-templates/{name}/{language}`
pub async fn delete(path: Path<(String, String, String)>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let (store, name, language) = path.into_inner();
    command
        .in_store(&store)
        .run("delete_mail_template", move |conn, scope, _| {
            let (kind, language) = parse(&name, &language)?;
            let mut store = stores::get_store_for_update(conn, scope.store)?;
            if !rows::delete(conn, scope.store, kind, &language)? {
                return Err(not_found().into());
            }
            save_changes(conn, scope, &mut store, &[&changed(kind, &language)])?;
            Ok(Answer::no_content())
        })
        .await
}
