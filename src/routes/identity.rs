//! Accounts, addresses and stores.

use crate::access::{Access, Permission};
use crate::error::Code;
use crate::identity::api::users::UserResponse;
use crate::identity::api::{SortQuery, accounts, addresses, sessions, stores, users};
use crate::kernel::page::PageQuery;
use crate::openapi::Endpoint;
use crate::openapi::endpoint::{delete, get, patch, post, put};

pub(super) fn accounts() -> Vec<Endpoint> {
    [signing_in(), own_addresses(), managed_users()].into_iter().flatten().collect()
}

fn signing_in() -> Vec<Endpoint> {
    vec![
        post("/auth/register", Access::Anonymous, accounts::register)
            .summary("Make an account for a customer")
            .takes::<accounts::RegisterRequest>()
            .answers::<UserResponse>(201)
            .errors(&[Code::Duplicate, Code::StoreNotFound])
            .without_key(),
        post("/auth/login", Access::Anonymous, sessions::login)
            .summary("Sign in")
            .takes::<sessions::LoginRequest>()
            .answers::<sessions::SessionResponse>(200)
            .errors(&[Code::InvalidCredentials])
            .without_key(),
        post("/auth/refresh", Access::Anonymous, sessions::refresh)
            .summary("Exchange a refresh token for new tokens")
            .takes::<sessions::RefreshTokenRequest>()
            .answers::<sessions::SessionResponse>(200)
            .errors(&[Code::Unauthenticated])
            .without_key(),
        post("/auth/logout", Access::Anonymous, sessions::logout)
            .summary("Sign out: the refresh token and those it follows from are ended")
            .takes::<sessions::RefreshTokenRequest>()
            .answers_nothing(204)
            .without_key(),
        get("/auth/me", Access::User, accounts::me).summary("The account of the caller").answers::<UserResponse>(200),
    ]
}

fn own_addresses() -> Vec<Endpoint> {
    vec![
        get("/addresses", Access::User, addresses::list)
            .summary("Own addresses, newest first")
            .query::<PageQuery>()
            .query::<SortQuery>()
            .lists::<addresses::AddressResponse>(),
        post("/addresses", Access::User, addresses::create)
            .summary("Keep an address")
            .takes::<addresses::AddressRequest>()
            .answers::<addresses::AddressResponse>(201),
        get("/addresses/{id}", Access::User, addresses::show)
            .summary("One of the own addresses")
            .answers::<addresses::AddressResponse>(200)
            .errors(&[Code::AddressNotFound]),
        put("/addresses/{id}", Access::User, addresses::replace)
            .summary("Replace an address")
            .takes::<addresses::AddressRequest>()
            .answers::<addresses::AddressResponse>(200)
            .errors(&[Code::AddressNotFound]),
        delete("/addresses/{id}", Access::User, addresses::delete)
            .summary("Delete an address; orders keep their copies")
            .answers_nothing(204)
            .errors(&[Code::AddressNotFound]),
    ]
}

fn managed_users() -> Vec<Endpoint> {
    let users_manage = Access::Permission(Permission::UsersManage);
    vec![
        get("/users", users_manage, users::list)
            .summary("Accounts; for staff, the staff of their store")
            .query::<PageQuery>()
            .query::<SortQuery>()
            .query::<users::UserQuery>()
            .lists::<UserResponse>(),
        post("/users", users_manage, users::create)
            .summary("Make an account; staff belong to the request's store")
            .takes::<users::NewUserRequest>()
            .answers::<UserResponse>(201)
            .errors(&[Code::Duplicate]),
        patch("/users/{id}", users_manage, users::update)
            .summary("Change an account; a new password, role or permissions sign it out")
            .takes::<users::UserPatchRequest>()
            .answers::<UserResponse>(200)
            .errors(&[Code::UserNotFound, Code::Duplicate, Code::LastAdmin]),
    ]
}

pub(super) fn stores() -> Vec<Endpoint> {
    vec![
        get("/stores", Access::Admin, stores::list)
            .summary("All stores, newest first")
            .query::<PageQuery>()
            .query::<SortQuery>()
            .lists::<stores::StoreResponse>(),
        post("/stores", Access::Admin, stores::create)
            .summary("Make a store, with its location main")
            .takes::<stores::NewStoreRequest>()
            .answers::<stores::StoreResponse>(201)
            .errors(&[Code::Duplicate]),
        get("/stores/{id}", Access::Public, stores::show)
            .summary("A store, by id or code")
            .answers::<stores::StoreResponse>(200),
        patch("/stores/{id}", Access::Permission(Permission::StoresManage), stores::update)
            .summary("Change the settings of a store")
            .takes::<stores::StorePatchRequest>()
            .answers::<stores::StoreResponse>(200),
    ]
}
