//! Why an order is not placed. A refusal leaves no trace.

use crate::cart::response::{CART_EMPTY, unavailable};
use crate::error::{ApiError, Code, FieldError, StockError};
use crate::idempotency::claims::Conflict;
use crate::inventory::shortage;
use crate::kernel::id::{AddressId, VariantId};
use crate::kernel::money::Amount;

/// The variants stand in the order in which they are decided.
#[derive(Clone, Debug)]
pub enum Refusal {
    Key(Conflict),
    SignInFirst,
    UnknownPaymentMethod {
        method: String,
        known: Vec<String>,
    },
    Fields(Vec<FieldError>),
    /// Lines that add up to too much, or name what is not there.
    Lines(ApiError),
    AddressNotFound(AddressId),
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
    /// With the short variants, and those of them on which holds are past their deadline: a second try,
    /// after these have been ended, may go through.
    InsufficientStock {
        short: Vec<StockError>,
        variants: Vec<VariantId>,
        overdue: Vec<VariantId>,
    },
}

impl From<Conflict> for Refusal {
    fn from(conflict: Conflict) -> Self {
        Self::Key(conflict)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Key(conflict) => conflict.into(),
            Refusal::SignInFirst => {
                Self::new(Code::Unauthenticated, "This store takes orders of signed-in customers only.")
            }
            Refusal::UnknownPaymentMethod { method, known } => Self::field(
                "payment_method",
                format!("'{method}' is not a payment method of this store; it takes {}", known.join(", ")),
            ),
            Refusal::Fields(errors) => Self::validation(errors),
            Refusal::Lines(refusal) => refusal,
            Refusal::AddressNotFound(id) => Self::not_found(Code::AddressNotFound, format_args!("Address {id}")),
            Refusal::CartEmpty => Self::new(Code::CartEmpty, CART_EMPTY),
            Refusal::ProductUnavailable { product_name } => {
                Self::new(Code::ProductUnavailable, unavailable(&product_name))
            }
            Refusal::UnitPriceChanged { product_name, now } => {
                Self::new(Code::PriceChanged, format!("The price of '{product_name}' is {now} now."))
            }
            Refusal::TotalChanged { now } => Self::new(Code::PriceChanged, format!("The total is {now} now.")),
            Refusal::InsufficientStock { short, .. } => shortage::refuse(short),
        }
    }
}
