//! The operation that records a stock notice, and the page on which the owner of the address confirms it.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Path, ServiceConfig};
use diesel::PgConnection;
use minijinja::{Environment, context};
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use super::{PAGE, ask, confirm, find_product, queries};
use crate::accounts::api::client_address::ClientAddress;
use crate::accounts::email::Email;
use crate::accounts::secret_token;
use crate::catalogue::lines::{RequestedVariant, find_variants};
use crate::catalogue::queries::sellables::Sellable;
use crate::catalogue::size;
use crate::db::{self, Database, End, Failure};
use crate::error::{ApiError, Code};
use crate::http::Query;
use crate::http::form::Form;
use crate::http::limits::Limiters;
use crate::http::methods::{only, only_get};
use crate::idempotency::{Answer, Command};
use crate::kernel::id::{ProductRef, StoreId};
use crate::settings::Settings;
use crate::stores::queries as stores;

/// A request for one mail when a product is back in stock.
#[derive(Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StockNoticeRequest {
    email: Email,
    /// Required for a product with sizes.
    #[validate(custom(function = "size::validate"))]
    #[schema(min_length = 1, max_length = 50)]
    size: Option<String>,
}

/// `POST /inventory/products/{id}/notify`: the response is the same if the address has asked before.
/// 503 if too many mails wait, 429 if the caller's network has too many requests that are not confirmed.
pub async fn notify(
    path: Path<String>,
    origin: ClientAddress,
    limiters: Data<Limiters>,
    settings: Data<Settings>,
    command: Command<StockNoticeRequest>,
) -> Result<HttpResponse, ApiError> {
    if !settings.mail.is_on() {
        let detail = "This server sends no mail, so it cannot inform you when the product is back in stock.";
        return Err(ApiError::new(Code::MailNotConfigured, detail));
    }
    limiters.notice_address.check(origin.ip)?;
    limiters.notice_mail.check(command.body.email.as_str())?;
    let (product, from) = (ProductRef::from_path(&path), origin.hash_of_network());
    command
        .run("ask_for_stock_notice", move |conn, scope, StockNoticeRequest { email, size }| {
            let line = RequestedVariant { product: &product, size: size.as_deref(), quantity: 1 };
            let variants = find_variants(conn, scope.store, &[line])?;
            variants.iter().try_for_each(|variant| ask(conn, scope.store, (*variant, email), &from))?;
            Ok(Answer::accepted_without_body())
        })
        .await
}

/// Mounts the page.
pub fn configure(config: &mut ServiceConfig) {
    let page = [web::get().to(show), web::post().to(accept)];
    config.service(only(PAGE, page, &[Method::GET, Method::POST]));
    config.service(only_get(STYLE_PATH, web::get().to(style)));
}

const STYLE_PATH: &str = "/stock-notice.css";

async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(include_str!("../../http/page.css"))
}

/// The token of a link.
#[derive(Clone, Debug, Deserialize, Validate)]
pub struct TokenQuery {
    #[serde(default)]
    #[validate(length(max = 500, message = "must have at most 500 characters"))]
    token: String,
}

/// The state that the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PageState {
    /// The button that confirms.
    Asks,
    Confirmed,
    /// The link has expired, or the mail about the stock was sent, or a newer link replaced it.
    Unknown,
}

/// `GET /stock-notice`: a page with a button. Opening it changes nothing, because programs open the links of mails, too.
async fn show(query: Query<TokenQuery>, database: Data<Database>) -> Result<HttpResponse, ApiError> {
    let token = query.0.token.clone();
    let page = database.read("find_stock_notice", move |conn| {
        let Some((_, notice, product, language)) = find(conn, &token)? else {
            return render(PageState::Unknown, None, "en", "");
        };
        let state = if notice.confirmed_at.is_some() { PageState::Confirmed } else { PageState::Asks };
        render(state, Some(&product), &language, &token)
    });
    respond(page.await?)
}

/// `POST /stock-notice`: the button. A second click changes nothing.
async fn accept(form: Form<TokenQuery>, database: Data<Database>) -> Result<HttpResponse, ApiError> {
    let Form(TokenQuery { token }) = form;
    let page = database.write("confirm_stock_notice", move |conn| {
        let Some((store, notice, product, language)) = find(conn, &token)? else {
            return Ok(End::RollBack(render(PageState::Unknown, None, "en", "")?));
        };
        let page = render(PageState::Confirmed, Some(&product), &language, &token)?;
        // A confirmed stock notice takes no lock, so repeated requests cannot keep the mails of the store waiting.
        if notice.confirmed_at.is_some() {
            return Ok(End::RollBack(page));
        }
        confirm(conn, store, &notice)?;
        Ok(End::Commit(page))
    });
    respond(page.await?)
}

type Found = (StoreId, queries::StockNotice, Sellable, String);

/// The stock notice of a token. The token begins with the id of its store.
fn find(conn: &mut PgConnection, token: &str) -> Result<Option<Found>, Failure> {
    let Some((store, secret)) = token.split_once('.') else { return Ok(None) };
    let (store, at) = (StoreId::from_path(store), db::clock(conn)?);
    let Some(notice) = queries::find_by_token(conn, store, &secret_token::digest(secret), at)? else { return Ok(None) };
    let language = stores::get_store(conn, store)?.language.base().as_str().to_owned();
    Ok(find_product(conn, store, notice.variant_id)?.map(|product| (store, notice, product, language)))
}

/// The template is part of the program, so an error is a bug.
fn render(
    state: PageState,
    product: Option<&Sellable>,
    language: &str,
    token: &str,
) -> Result<(PageState, String), Failure> {
    let page = context! {
        asks => state == PageState::Asks,
        is_confirmed => state == PageState::Confirmed,
        name => product.map(|product| &product.product_name),
        size => product.and_then(|product| product.size.as_ref()),
        is_german => language == "de",
        token => token,
    };
    let html = Environment::new().render_named_str("page.html", include_str!("page.html"), page);
    let html = html.map_err(|error| Failure::Internal(format!("the page can't be filled in: {error}")))?;
    Ok((state, html))
}

fn respond((state, html): (PageState, String)) -> Result<HttpResponse, ApiError> {
    let status = if state == PageState::Unknown { StatusCode::NOT_FOUND } else { StatusCode::OK };
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(html))
}
