//! The orders of the history.

/// The kind of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sale {
    Usual,
    /// It waits for its shipment in the end.
    ToShip,
    /// It waits for its payment in the end.
    Unpaid {
        window_seconds: i64,
    },
    /// It is paid and cancelled, and its refund is due in the end.
    Regretted,
}

/// An order, as far as later tasks need it.
#[derive(Clone, Copy, Debug)]
pub(super) struct SoldOrder {
    pub sale: Sale,
    pub is_collected: bool,
    /// The number of the customer, if the buyer has an account.
    pub customer: Option<usize>,
    pub is_paid: bool,
}

/// A payment method and its share of the orders.
pub(super) const METHODS: [(Method, i64); 5] =
    [(Method::Cod, 38), (Method::Upi, 34), (Method::CreditCard, 13), (Method::Online, 9), (Method::BankTransfer, 6)];

/// The payment methods of every new store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Cod,
    Upi,
    CreditCard,
    Online,
    BankTransfer,
}

impl Method {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cod => "cod",
            Self::Upi => "upi",
            Self::CreditCard => "credit_card",
            Self::Online => "online",
            Self::BankTransfer => "bank_transfer",
        }
    }

    pub const fn is_sold_at_payment(self) -> bool {
        matches!(self, Self::Upi | Self::Online)
    }
}
