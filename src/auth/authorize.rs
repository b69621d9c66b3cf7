//! Authorizes every route: 401, then 403, before the request is read further.

use std::sync::Arc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::SET_COOKIE;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web::Data};

use super::cookie_sessions;
use super::permission::{Access, Permission};
use super::principal::{Account, Principal, Role};
use super::queries;
use super::token::{Bearer, Tokens};
use super::token_versions::TokenVersions;
use crate::db::{Database, Failure};
use crate::error::{ApiError, Code};
use crate::http::access_log::Subject;
use crate::http::headers;
use crate::kernel::current_request::{self, HasEnded};

/// The header with which a guest proves access to an order.
pub const ORDER_TOKEN: &str = "X-Order-Token";

/// Passes the request on with its principal in the extensions, or refuses it. A refusal is a response and not an
/// error, because only a response still knows its route.
pub async fn authorize<B: MessageBody>(
    access: Access,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match admit(access, &request).await {
        Ok(principal) => {
            if let (Principal::User(account), Some(subject)) = (&principal, request.extensions().get::<Subject>()) {
                subject.set_account(account.id.0);
            }
            request.extensions_mut().insert(principal);
            next.call(request).await.map(ServiceResponse::map_into_left_body)
        }
        Err(refusal) => {
            let removal = cookie_sessions::removal(&request, &refusal);
            let mut response = request.error_response(refusal).map_into_right_body();
            if let Some(removal) = removal {
                response.headers_mut().insert(SET_COOKIE, removal);
            }
            Ok(response)
        }
    }
}

async fn admit(access: Access, request: &ServiceRequest) -> Result<Principal, ApiError> {
    if access == Access::Anonymous {
        return Ok(Principal::Guest);
    }
    let principal = identify(request).await?;
    match (access, &principal) {
        (Access::Anonymous | Access::Public, _) | (Access::Buyer, Principal::Guest) => Ok(principal),
        (Access::Buyer, Principal::User(account)) if account.role == Role::Customer => Ok(principal),
        (Access::Buyer, _) => permit(principal, Permission::OrdersCreate),
        (Access::Holder(_), Principal::Guest) if request.headers().contains_key(ORDER_TOKEN) => Ok(principal),
        (Access::Holder(_), Principal::Guest) => {
            Err(ApiError::new(Code::Unauthenticated, "This call needs an access token, or the order's X-Order-Token."))
        }
        (_, Principal::Guest) => {
            Err(ApiError::new(Code::Unauthenticated, "This call needs an access token: Authorization: Bearer …"))
        }
        (Access::User | Access::Holder(_), _) => Ok(principal),
        (Access::OwnOr(_), Principal::User(account)) if account.role == Role::Customer => Ok(principal),
        (Access::OwnOr(permission) | Access::Permission(permission), _) => permit(principal, permission),
        (Access::Either(_, other), principal) if principal.can(other) => Ok(principal.clone()),
        (Access::Either(permission, _), _) => permit(principal, permission),
        (Access::Any(permissions), principal) if permissions.iter().any(|one| principal.can(*one)) => {
            Ok(principal.clone())
        }
        (Access::Any(permissions), _) => {
            let names: Vec<&str> = permissions.iter().map(|permission| permission.as_str()).collect();
            Err(ApiError::new(Code::Forbidden, format!("One of the permissions {} is missing.", names.join(", "))))
        }
        (Access::Admin, _) if principal.is_admin() => Ok(principal),
        (Access::Admin, _) => Err(ApiError::new(Code::Forbidden, "This call needs the role admin.")),
    }
}

fn permit(principal: Principal, permission: Permission) -> Result<Principal, ApiError> {
    if principal.can(permission) { Ok(principal) } else { Err(permission.missing()) }
}

async fn identify(request: &ServiceRequest) -> Result<Principal, ApiError> {
    let Some(header) = headers::single(request.headers(), "Authorization")? else {
        return cookie_sessions::identify(request).await;
    };
    let refuse = || ApiError::new(Code::Unauthenticated, "The Authorization header is not a Bearer token.");
    let token = headers::bearer_token(header).ok_or_else(refuse)?;
    let parts = (
        request.app_data::<Data<Tokens>>(),
        request.app_data::<Data<TokenVersions>>(),
        request.app_data::<Data<Database>>(),
    );
    let (Some(tokens), Some(versions), Some(database)) = parts else {
        return Err(ApiError::internal());
    };
    let bearer = tokens.check(token)?;
    if versions.is_revoked(&bearer) {
        return Err(ended());
    }
    current_request::set_account(bearer.user, has_ended(versions.clone(), bearer));
    request.extensions_mut().insert(bearer);
    if bearer.role == Role::Customer && versions.is_recent() {
        // A customer acts only for their own account, so a token that has not been revoked is enough.
        return Ok(Principal::User(Account {
            id: bearer.user,
            role: Role::Customer,
            permissions: super::Permissions::default(),
            store: None,
        }));
    }
    // The permissions of staff are read for every request, so that a revoked permission ends at once.
    let Bearer { user, version, .. } = bearer;
    let find = move |conn: &mut _| Ok(queries::find_active_account(conn, user, version)?);
    let account = database.read("find_account", find).await?;
    account.map(Principal::User).ok_or_else(ended)
}

/// The check for the time when the work begins. A server that has not read the ended tokens recently reads the account.
fn has_ended(versions: Data<TokenVersions>, bearer: Bearer) -> HasEnded {
    Arc::new(move |conn| {
        if versions.is_revoked(&bearer) || versions.is_recent() {
            return Ok(versions.is_revoked(&bearer));
        }
        Ok(queries::find_active_account(conn, bearer.user, bearer.version)?.is_none())
    })
}

fn ended() -> ApiError {
    ApiError::from(Failure::TokenEnded)
}
