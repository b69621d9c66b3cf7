//! The client address of a request to sign in.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::error::ApiError;
use crate::http::client_address::client_address;
use crate::http::limits;
use crate::kernel::current_request::Caller;
use crate::kernel::id::UserId;
use crate::kernel::keyed_hash::{KeyedHash, Purpose};

/// The address of the client, and the hash of it that is stored.
#[derive(Clone)]
pub struct ClientAddress {
    pub ip: Option<IpAddr>,
    /// The address as it is counted: the whole /64 network of IPv6.
    pub address: String,
    keyed: Data<KeyedHash>,
}

impl ClientAddress {
    /// The network of the client, as a caller in the waiting lists for hashing.
    pub fn network(&self) -> Caller {
        Caller::Address(limits::network_key(self.ip).into())
    }

    /// The hash of the client's network that is stored with a stock notice.
    pub fn hash_of_network(&self) -> [u8; 32] {
        self.keyed.hash(Purpose::StockNoticeNetwork, &[&limits::network_key(self.ip)])
    }

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
        let ip = client_address(request);
        ready(keyed.map(|keyed| Self { ip, address: limits::address_key(ip), keyed }))
    }
}
