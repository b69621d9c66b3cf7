//! The addresses of a customer.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::audit::{self, Action};
use crate::auth::Ctx;
use crate::customers::create_address::{create_address, entry, owner};
use crate::customers::queries::{self as addresses, Address, AddressText};
use crate::db;
use crate::error::{ApiError, Code};
use crate::http::{Query, SortQuery};
use crate::idempotency::command::NoBody;
use crate::idempotency::{Answer, Command};
use crate::kernel::id::AddressId;
use crate::kernel::page::{NEWEST_FIRST, PageQuery};
use crate::kernel::text;

pub use crate::customers::queries::SORTS;

/// An address to store.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressRequest {
    /// At least one visible character.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    full_name: String,
    /// 5 to 20 digits, `+`, spaces and `-`.
    #[validate(custom(function = "check_phone"))]
    #[schema(pattern = "^[0-9+ -]{5,20}$", min_length = 5, max_length = 20)]
    phone: String,
    /// At least one visible character.
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    line1: String,
    #[validate(length(max = 255, message = "must have at most 255 characters"))]
    #[schema(max_length = 255)]
    line2: Option<String>,
    /// At least one visible character.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    city: String,
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[schema(max_length = 100)]
    state: Option<String>,
    /// At least one visible character.
    #[validate(length(max = 20, message = "must have at most 20 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 20, pattern = r"\S")]
    postal_code: String,
    /// At least one visible character.
    #[validate(length(max = 100, message = "must have at most 100 characters"))]
    #[validate(custom(function = "text::check_visible"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    country: String,
    #[validate(range(min = -90.0, max = 90.0, message = "must be from -90 to 90"))]
    #[schema(minimum = -90, maximum = 90)]
    latitude: Option<f64>,
    #[validate(range(min = -180.0, max = 180.0, message = "must be from -180 to 180"))]
    #[schema(minimum = -180, maximum = 180)]
    longitude: Option<f64>,
}

fn check_phone(phone: &str) -> Result<(), ValidationError> {
    let fits = (5..=20).contains(&phone.len()) && phone.bytes().all(|b| b.is_ascii_digit() || b"+ -".contains(&b));
    if fits {
        Ok(())
    } else {
        Err(ValidationError::new("phone").with_message("must have 5 to 20 digits, +, spaces or -".into()))
    }
}

impl From<AddressRequest> for AddressText {
    fn from(request: AddressRequest) -> Self {
        let AddressRequest { full_name, phone, line1, line2, city, state, postal_code, country, latitude, longitude } =
            request;
        Self { full_name, phone, line1, line2, city, state, postal_code, country, latitude, longitude }
    }
}

/// An address in responses and in orders.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddressResponse {
    id: AddressId,
    #[schema(max_length = 255)]
    full_name: String,
    #[schema(max_length = 20)]
    phone: String,
    #[schema(max_length = 255)]
    line1: String,
    #[schema(max_length = 255)]
    line2: Option<String>,
    #[schema(max_length = 100)]
    city: String,
    #[schema(max_length = 100)]
    state: Option<String>,
    #[schema(max_length = 20)]
    postal_code: String,
    #[schema(max_length = 100)]
    country: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl From<Address> for AddressResponse {
    fn from(address: Address) -> Self {
        let Address { id, text } = address;
        let AddressText { full_name, phone, line1, line2, city, state, postal_code, country, latitude, longitude } =
            text;
        Self { id, full_name, phone, line1, line2, city, state, postal_code, country, latitude, longitude }
    }
}

/// The 404 error for an address, also for one of another customer or store.
pub fn address_not_found(id: impl std::fmt::Display) -> ApiError {
    ApiError::not_found(Code::AddressNotFound, format_args!("Address {id}"))
}

/// `GET /addresses`
pub async fn list(page: Query<PageQuery>, sort: Query<SortQuery>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let sort = sort.0.among(&SORTS, NEWEST_FIRST)?;
    let page = page.0;
    ctx.answer("list_addresses", move |conn, scope| {
        let (found, total) = addresses::list_addresses(conn, owner(scope)?, sort, &page)?;
        Ok(page.list(found, total).map(AddressResponse::from))
    })
    .await
}

/// `GET /addresses/{id}`
pub async fn show(path: Path<String>, ctx: Ctx) -> Result<HttpResponse, ApiError> {
    let id = AddressId::from_path(&path);
    ctx.answer("get_address", move |conn, scope| {
        let address = addresses::find_address(conn, owner(scope)?, id)?;
        Ok(AddressResponse::from(address.ok_or_else(|| address_not_found(&path))?))
    })
    .await
}

/// `POST /addresses`: 422 if the customer has 500 addresses.
pub async fn create(command: Command<AddressRequest>) -> Result<HttpResponse, ApiError> {
    let command = command.try_map(|body| Ok(AddressText::from(body)))?;
    let created = command.run("create_address", |conn, scope, text| {
        Ok(Answer::created(&AddressResponse::from(create_address(conn, scope, text)?))?)
    });
    created.await
}

/// `PUT /addresses/{id}`
pub async fn replace(path: Path<String>, command: Command<AddressRequest>) -> Result<HttpResponse, ApiError> {
    let id = AddressId::from_path(&path);
    let command = command.try_map(|body| Ok(AddressText::from(body)))?;
    let replaced = command.run("update_address", move |conn, scope, text| {
        let at = db::clock(conn)?;
        let address = addresses::update_address(conn, owner(scope)?, id, text, at)?;
        let address = address.ok_or_else(|| address_not_found(&path))?;
        audit::append(conn, scope, &entry(id, Action::Update, "updated"), at)?;
        Ok(Answer::ok(&AddressResponse::from(address))?)
    });
    replaced.await
}

/// `DELETE /addresses/{id}`
pub async fn delete(path: Path<String>, command: Command<NoBody>) -> Result<HttpResponse, ApiError> {
    let id = AddressId::from_path(&path);
    let deleted = command.run("delete_address", move |conn, scope, _| {
        if !addresses::delete_address(conn, owner(scope)?, id)? {
            return Err(address_not_found(&path).into());
        }
        let at = db::clock(conn)?;
        audit::append(conn, scope, &entry(id, Action::Delete, "deleted"), at)?;
        Ok(Answer::no_content())
    });
    deleted.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_has_5_to_20_digits_plus_spaces_and_dashes() {
        for good in ["12345", "+91 98765-43210", "01234567890123456789"] {
            assert!(check_phone(good).is_ok(), "{good}");
        }
        for refused in ["1234", "012345678901234567890", "12345x", "(0)12345", "१२३४५"] {
            assert!(check_phone(refused).is_err(), "{refused}");
        }
    }
}
