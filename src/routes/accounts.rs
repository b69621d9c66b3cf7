//! Accounts, addresses and stores.

use crate::accounts::api::users::UserResponse;
use crate::accounts::api::{accounts, browser_sessions, passwords, sessions, users};
use crate::auth::{Access, Permission};
use crate::customers::api as addresses;
use crate::error::Code;
use crate::kernel::page::NEWEST_FIRST;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{delete, get, patch, post, put};
use crate::stores::api as stores;
use crate::stores::routing_policy::RoutingPolicy;

pub(super) fn signing_in() -> Vec<Endpoint> {
    vec![
        post("/auth/register", Access::Anonymous, accounts::register)
            .named("register", "Create an account for a customer")
            .takes::<accounts::RegisterRequest>()
            .answers::<UserResponse>(201)
            .errors(&[Code::Duplicate, Code::StoreNotFound])
            .without_key(),
        post("/auth/login", Access::Anonymous, sessions::login)
            .named("login", "Sign in")
            .takes::<sessions::LoginRequest>()
            .answers::<sessions::SessionResponse>(200)
            .errors(&[Code::InvalidCredentials])
            .without_key(),
        post("/auth/refresh", Access::Anonymous, sessions::refresh)
            .named("refreshSession", "Exchange a refresh token for new tokens")
            .takes::<sessions::RefreshTokenRequest>()
            .answers::<sessions::SessionResponse>(200)
            .errors(&[Code::Unauthenticated])
            .without_key(),
        post("/auth/logout", Access::Anonymous, sessions::logout)
            .named("logout", "Sign out: end the session of the refresh token")
            .takes::<sessions::RefreshTokenRequest>()
            .answers_nothing(204)
            .without_key(),
        post("/auth/password", Access::User, passwords::change)
            .named("changePassword", "Change the caller's password; every other session of the account ends")
            .takes::<passwords::ChangePasswordRequest>()
            .answers_nothing(204)
            .without_key(),
        post("/auth/password/forgot", Access::Anonymous, passwords::forgot)
            .named(
                "requestPasswordReset",
                "Mail a link to choose a new password; the answer is the same without an account",
            )
            .takes::<passwords::ForgotPasswordRequest>()
            .answers_nothing(202)
            .errors(&[Code::MailNotConfigured])
            .without_key(),
        post("/auth/password/reset", Access::Anonymous, passwords::reset)
            .named(
                "resetPassword",
                "Set a new password with the token of a mailed link; every session of the account ends",
            )
            .takes::<passwords::ResetPasswordRequest>()
            .answers_nothing(204)
            .errors(&[Code::ResetTokenInvalid])
            .without_key(),
        get("/auth/me", Access::User, accounts::me)
            .named("getMe", "Read the caller's account")
            .answers::<UserResponse>(200),
    ]
}

/// Sessions of browsers. Their cookies identify callers in all other operations, too.
pub(super) fn browser_sessions() -> Vec<Endpoint> {
    use browser_sessions::{BrowserSessionResponse, SignedInResponse};
    vec![
        post("/auth/session", Access::Anonymous, browser_sessions::sign_in)
            .named("startSession", "Sign in in a browser: the response sets the cookie of a session")
            .description(
                "Needs the header `X-Requested-With`, and a page of this server. The cookie identifies the caller in all \
                 operations. With it, requests that change data need that header, too.",
            )
            .headers(&browser_sessions::HEADERS)
            .takes::<sessions::LoginRequest>()
            .answers::<SignedInResponse>(200)
            .errors(&[Code::InvalidCredentials, Code::Forbidden])
            .without_key(),
        get("/auth/session", Access::User, browser_sessions::show)
            .named("getSession", "Read the session of the cookie, and its account")
            .answers::<SignedInResponse>(200)
            .errors(&[Code::NotFound]),
        delete("/auth/session", Access::User, browser_sessions::sign_out_here)
            .named("endSession", "Sign out in a browser: end the session of the cookie, and remove the cookie")
            .answers_nothing(204)
            .errors(&[Code::NotFound])
            .without_key(),
        get("/auth/sessions", Access::User, browser_sessions::list)
            .named("listSessions", "The caller's sessions of browsers, last used first")
            .sorted_by(&browser_sessions::SORTS, browser_sessions::LAST_USED_FIRST)
            .lists::<BrowserSessionResponse>(),
        delete("/auth/sessions", Access::User, browser_sessions::end_others)
            .named("endOtherSessions", "End all sessions of the caller but this one, those with refresh tokens too")
            .answers_nothing(204)
            .without_key(),
        delete("/auth/sessions/{id}", Access::User, browser_sessions::end_one)
            .named("endOneSession", "End a session of a browser of the caller")
            .answers_nothing(204)
            .errors(&[Code::NotFound])
            .without_key(),
    ]
}

pub(super) fn own_addresses() -> Vec<Endpoint> {
    vec![
        get("/addresses", Access::User, addresses::list)
            .named("listAddresses", "Own addresses, newest first")
            .sorted_by(&addresses::SORTS, NEWEST_FIRST)
            .lists::<addresses::AddressResponse>(),
        post("/addresses", Access::User, addresses::create)
            .named("createAddress", "Create an address")
            .takes::<addresses::AddressRequest>()
            .answers::<addresses::AddressResponse>(201),
        get("/addresses/{id}", Access::User, addresses::show)
            .named("getAddress", "Read an address")
            .answers::<addresses::AddressResponse>(200)
            .errors(&[Code::AddressNotFound]),
        put("/addresses/{id}", Access::User, addresses::replace)
            .named("replaceAddress", "Replace an address")
            .takes::<addresses::AddressRequest>()
            .answers::<addresses::AddressResponse>(200)
            .errors(&[Code::AddressNotFound]),
        delete("/addresses/{id}", Access::User, addresses::delete)
            .named("deleteAddress", "Delete an address; orders keep their copies")
            .answers_nothing(204)
            .errors(&[Code::AddressNotFound]),
    ]
}

pub(super) fn managed_users() -> Vec<Endpoint> {
    let users_manage = Access::Permission(Permission::UsersManage);
    vec![
        get("/users", users_manage, users::list)
            .named("listUsers", "Accounts; for staff, the staff of their store")
            .sorted_by(&users::SORTS, NEWEST_FIRST)
            .query::<users::UserQuery>()
            .lists::<UserResponse>(),
        post("/users", users_manage, users::create)
            .named("createUser", "Create an account; staff belong to the request's store")
            .takes::<users::NewUserRequest>()
            .answers::<UserResponse>(201)
            .errors(&[Code::Duplicate]),
        patch("/users/{id}", users_manage, users::update)
            .named("updateUser", "Change an account; a new password, role or permissions end its sessions")
            .takes::<users::UserPatchRequest>()
            .answers::<UserResponse>(200)
            .errors(&[Code::UserNotFound, Code::Duplicate, Code::LastAdmin]),
    ]
}

pub(super) fn stores() -> Vec<Endpoint> {
    use crate::stores::api::locations::{self, LocationPatchRequest, LocationResponse, NewLocationRequest};
    use crate::stores::api::mail_templates::{self, MailTemplateRequest, MailTemplateResponse};
    use crate::stores::api::tax_rates::{self, TaxRatesResponse};
    const MAIL_TEMPLATE: &str = "/stores/{id}/mail-templates/{name}/{language}";
    let manage = Access::Permission(Permission::StoresManage);
    vec![
        get("/stores", Access::Admin, stores::list)
            .named("listStores", "All stores, newest first")
            .sorted_by(&stores::SORTS, NEWEST_FIRST)
            .lists::<stores::StoreResponse>(),
        post("/stores", Access::Admin, stores::create)
            .named("createStore", "Create a store with a main location")
            .takes::<stores::NewStoreRequest>()
            .answers::<stores::StoreResponse>(201)
            .errors(&[Code::Duplicate]),
        get("/stores/{id}", Access::Public, stores::show)
            .named("getStore", "A store, by id or code")
            .answers::<stores::StoreResponse>(200),
        patch("/stores/{id}", Access::Permission(Permission::StoresManage), stores::update)
            .named("updateStore", "Change the settings of a store")
            .takes::<stores::StorePatchRequest>()
            .answers::<stores::StoreResponse>(200),
        get("/stores/{id}/routing", Access::Permission(Permission::StoresManage), stores::routing::show)
            .named("getRouting", "The rules that choose the places of an order")
            .answers::<RoutingPolicy>(200),
        put("/stores/{id}/routing", Access::Permission(Permission::StoresManage), stores::routing::replace)
            .named("replaceRouting", "Replace the rules that choose the places of an order")
            .takes::<stores::routing::RoutingPolicyRequest>()
            .answers::<RoutingPolicy>(200),
        get("/stores/{id}/tax-rates", manage, tax_rates::show)
            .named("getTaxRates", "The tax rates of the store")
            .answers::<TaxRatesResponse>(200),
        put("/stores/{id}/tax-rates", manage, tax_rates::replace)
            .named("replaceTaxRates", "Replace the tax rates of the store; the most specific one applies")
            .takes::<tax_rates::TaxRatesRequest>()
            .answers::<TaxRatesResponse>(200),
        get(MAIL_TEMPLATE, manage, mail_templates::show)
            .named("getMailTemplate", "The template of a mail in a language: the store's own, or the built-in one")
            .answers::<MailTemplateResponse>(200)
            .errors(&[Code::NotFound]),
        put(MAIL_TEMPLATE, manage, mail_templates::replace)
            .named("replaceMailTemplate", "Write an own template of a mail; it is checked with sample values")
            .takes::<MailTemplateRequest>()
            .answers::<MailTemplateResponse>(200)
            .errors(&[Code::NotFound]),
        delete(MAIL_TEMPLATE, manage, mail_templates::delete)
            .named("deleteMailTemplate", "Delete an own template; the built-in one is used again")
            .answers_nothing(204)
            .errors(&[Code::NotFound]),
        get("/locations", Access::Public, locations::list)
            .named(
                "listLocations",
                "The locations of the store; without `stores:manage` only those where orders can be collected",
            )
            .sorted_by(&locations::SORTS, locations::FIRST_BY_PRIORITY)
            .lists::<LocationResponse>(),
        post("/locations", manage, locations::create)
            .named("createLocation", "Create a location with its quarantine and transit")
            .takes::<NewLocationRequest>()
            .answers::<LocationResponse>(201)
            .errors(&[Code::Duplicate]),
        get("/locations/{id}", Access::Public, locations::show)
            .named("getLocation", "Read a location")
            .answers::<LocationResponse>(200)
            .errors(&[Code::LocationNotFound]),
        patch("/locations/{id}", manage, locations::update)
            .named("updateLocation", "Change, pause, close or open a location")
            .takes::<LocationPatchRequest>()
            .answers::<LocationResponse>(200)
            .errors(&[Code::LocationNotFound, Code::Duplicate, Code::InvalidTransition])
            .errors(&[Code::LocationNotEmpty, Code::LastLocation]),
    ]
}
