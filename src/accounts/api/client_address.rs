//! The client address of a request to sign in.

use std::future::{Ready, ready};

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::error::ApiError;
use crate::http::limits;
use crate::kernel::id::UserId;
use crate::kernel::keyed_hash::{KeyedHash, Purpose};

/// The address of the client, and the hash of it that is stored.
#[derive(Clone)]
pub struct ClientAddress {
    /// The address as rate limits count it.
    pub address: String,
    keyed: Data<KeyedHash>,
}

impl ClientAddress {
    /// The hash of the address that is stored. It differs for each account, so that the rows of two accounts do not
    /// show that they share an address.
    pub fn hash_for(&self, user: UserId) -> [u8; 32] {
        self.keyed.hash(Purpose::SignInAddress, &[&user.to_string(), &self.address])
    }
}

impl FromRequest for ClientAddress {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let keyed = request.app_data::<Data<KeyedHash>>().cloned().ok_or_else(ApiError::internal);
        ready(keyed.map(|keyed| Self { address: limits::address(request), keyed }))
    }
}
