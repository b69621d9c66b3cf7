//! The reasons not to place an order. A refusal changes nothing.

use crate::cart::response::{CART_EMPTY, unavailable};
use crate::db::Failure;
use crate::error::{Abort, ApiError, Code, FieldError, Overdue, StockError};
use crate::inventory::shortage;
use crate::kernel::id::{AddressId, LocationId, VariantId};
use crate::kernel::money::Amount;
use crate::stores::change_location;

/// After `Failed`, the variants are listed in the order of the checks. An order with `allow_partial` is checked for
/// stock before its total.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Not a refusal, but a fault of the server. It ends the whole batch.
    Failed(Failure),
    SignInFirst,
    UnknownPaymentMethod {
        method: String,
        known: Vec<String>,
    },
    Fields(Vec<FieldError>),
    /// The buyer cannot collect an order there.
    NoPickup,
    /// Lines with a total quantity that is too large, or with an unknown product.
    Lines(ApiError),
    AddressNotFound(AddressId),
    LocationNotFound(LocationId),
    CartEmpty,
    ProductUnavailable {
        product_name: String,
    },
    UnitPriceChanged {
        product_name: String,
        now: Amount,
    },
    TotalChanged {
        now: Amount,
    },
    InsufficientStock {
        short: Vec<StockError>,
        variants: Vec<VariantId>,
    },
}

impl Refusal {
    /// Converts the refusal. If these overdue holds cause a shortage, the result asks for a second attempt.
    #[must_use]
    pub fn into_abort(self, overdue: &Overdue) -> Abort {
        let variants: Vec<VariantId> = match &self {
            Self::InsufficientStock { variants, .. } => {
                variants.iter().copied().filter(|variant| overdue.variants.contains(variant)).collect()
            }
            _ => Vec::new(),
        };
        if let Self::Failed(failure) = self {
            return Abort::Failed(failure);
        }
        let refusal = ApiError::from(self);
        if variants.is_empty() {
            Abort::Refused(refusal)
        } else {
            Abort::Overdue(refusal, Overdue { store: overdue.store, variants })
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed(failure) => failure.into(),
            Refusal::SignInFirst => {
                Self::new(Code::Unauthenticated, "This store takes orders of signed-in customers only.")
            }
            Refusal::UnknownPaymentMethod { method, known } => Self::field(
                "payment_method",
                format!("'{method}' is not a payment method of this store; it takes {}", known.join(", ")),
            ),
            Refusal::NoPickup => Self::field("pickup_location_id", "orders cannot be collected at this location"),
            Refusal::Fields(errors) => Self::validation(errors),
            Refusal::Lines(refusal) => refusal,
            Refusal::AddressNotFound(id) => Self::not_found(Code::AddressNotFound, format_args!("Address {id}")),
            Refusal::LocationNotFound(id) => change_location::not_found(id),
            Refusal::CartEmpty => Self::new(Code::CartEmpty, CART_EMPTY),
            Refusal::ProductUnavailable { product_name } => {
                Self::new(Code::ProductUnavailable, unavailable(&product_name))
            }
            Refusal::UnitPriceChanged { product_name, now } => {
                Self::new(Code::PriceChanged, format!("The price of '{product_name}' is {now} now."))
            }
            Refusal::TotalChanged { now } => Self::new(Code::PriceChanged, format!("The total is {now} now.")),
            Refusal::InsufficientStock { short, .. } => shortage::insufficient_stock(short),
        }
    }
}
