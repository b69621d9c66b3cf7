//! A request to place an order, read and checked as far as that goes without the database.

use crate::idempotency::queries::Claim;
use crate::kernel::id::{AddressId, ProductRef, UserId, VariantId};
use crate::kernel::money::AmountInput;
use crate::kernel::quantity::Quantity;

#[derive(Clone, Debug)]
pub struct Placement {
    pub claim: Claim,
    /// As it is written into history and ledger.
    pub actor: String,
    pub buyer: Buyer,
    pub contact: Contact,
    pub source: Source,
    pub shipping_address: Option<AddressId>,
    pub billing_address: Option<AddressId>,
    pub payment_method: String,
    pub notes: Option<String>,
    pub expected_total: Option<AmountInput>,
    /// How long stock is kept for an order that is sold at payment.
    pub payment_window_seconds: i64,
}

/// For whom an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buyer {
    /// A customer for themself.
    Account(UserId),
    /// Staff for a customer whose name they were told.
    Staff(UserId),
    /// Somebody without an account.
    Guest,
}

/// Who a customer is, in words.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    pub customer_name: Option<String>,
    pub customer_phone: Option<String>,
    pub delivery_address: Option<String>,
}

/// What is bought.
#[derive(Clone, Debug)]
pub enum Source {
    /// All that is in a customer's cart.
    Cart(UserId),
    /// What the request lists.
    Items(Vec<RequestedItem>),
}

#[derive(Clone, Debug)]
pub struct RequestedItem {
    pub product: ProductRef,
    pub size: Option<String>,
    pub quantity: Quantity,
    /// A guard: unlike the catalogue's price, the order is refused.
    pub unit_price: Option<AmountInput>,
}

/// A line that is wanted, of a variant that exists.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub variant: VariantId,
    pub quantity: i64,
    pub unit_prices: Vec<AmountInput>,
}

impl Buyer {
    /// The account whose addresses may be used.
    #[must_use]
    pub fn account(self) -> Option<UserId> {
        match self {
            Self::Account(user) | Self::Staff(user) => Some(user),
            Self::Guest => None,
        }
    }
}
