//! A request to place an order, parsed and checked as far as possible without the database.

use serde_json::Value;

use crate::batching::AVERAGE_WEIGHT;
use crate::kernel::id::{AddressId, LocationId, OrderId, ProductRef, UserId, VariantId};
use crate::kernel::money::AmountInput;
use crate::kernel::quantity::Quantity;

#[derive(Clone, Debug)]
pub struct Placement {
    /// The actor in the order's history and in the ledger.
    pub actor: String,
    pub buyer: Buyer,
    pub contact: Contact,
    pub source: Source,
    pub shipping_address: Option<AddressId>,
    pub billing_address: Option<AddressId>,
    /// The place where the buyer collects the order. All units come from it.
    pub pickup: Option<LocationId>,
    pub payment_method: String,
    pub notes: Option<String>,
    pub expected_total: Option<AmountInput>,
    /// The discount that staff give.
    pub discount: Option<AmountInput>,
    /// Leaves out what is short, instead of refusing the order.
    pub allow_partial: bool,
    /// The time within which an order that is sold at payment must be paid.
    pub payment_window_seconds: i64,
    /// Set for the order of an exchange.
    pub exchange: Option<Exchange>,
}

/// The order whose goods an exchange replaces. The new order has the same customer and addresses, and it is sold at
/// checkout whatever its payment method.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub order: OrderId,
    pub customer: Option<UserId>,
    /// The token of a guest gives access to both orders.
    pub guest_token_hash: Option<Vec<u8>>,
    pub shipping_address: Option<Value>,
    pub billing_address: Option<Value>,
}

/// The buyer of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buyer {
    /// A customer with an account.
    Account(UserId),
    /// A staff member who orders for a customer named in the request.
    Staff(UserId),
    /// A customer without an account.
    Guest,
}

/// Name, phone and addresses of a customer, as in the request.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    pub customer_name: Option<String>,
    pub customer_phone: Option<String>,
    /// The address for mails about the order.
    pub customer_email: Option<String>,
    pub delivery_address: Option<String>,
}

/// The source of an order's lines.
#[derive(Clone, Debug)]
pub enum Source {
    /// All lines of a customer's cart.
    Cart(UserId),
    /// The items that the request lists.
    Items(Vec<RequestedItem>),
}

#[derive(Clone, Debug)]
pub struct RequestedItem {
    pub product: ProductRef,
    pub size: Option<String>,
    pub quantity: Quantity,
    /// The price that the buyer expects. If the price differs, the order is refused.
    pub unit_price: Option<AmountInput>,
}

/// A requested line of a variant that exists.
#[derive(Clone, Debug)]
pub struct RequestedLine {
    pub variant: VariantId,
    pub quantity: i64,
    pub unit_prices: Vec<AmountInput>,
}

impl Placement {
    /// The number of its lines. The lines of a cart are known only in the transaction, which reads a cart once for all
    /// checkouts in the batch. So the number of carts limits their work, and each has the average weight.
    #[must_use]
    pub fn weight(&self) -> usize {
        match &self.source {
            Source::Cart(_) => AVERAGE_WEIGHT,
            Source::Items(items) => items.len(),
        }
    }
}

impl Buyer {
    /// The account whose addresses the order may use.
    #[must_use]
    pub fn account(self) -> Option<UserId> {
        match self {
            Self::Account(user) | Self::Staff(user) => Some(user),
            Self::Guest => None,
        }
    }
}
