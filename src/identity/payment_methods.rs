//! When a store sells, by payment method.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The moment at which stock is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SellAt {
    AtCheckout,
    AtPayment,
}

/// Payment methods by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct PaymentMethods(BTreeMap<String, SellAt>);

/// The method of a checkout that names none.
pub const DEFAULT_METHOD: &str = "cod";

impl Default for PaymentMethods {
    fn default() -> Self {
        let methods = [
            ("cod", SellAt::AtCheckout),
            ("credit_card", SellAt::AtCheckout),
            ("bank_transfer", SellAt::AtCheckout),
            ("upi", SellAt::AtPayment),
            ("online", SellAt::AtPayment),
        ];
        Self(methods.into_iter().map(|(name, sell_at)| (name.to_owned(), sell_at)).collect())
    }
}

impl PaymentMethods {
    #[must_use]
    pub fn sell_at(&self, method: &str) -> Option<SellAt> {
        self.0.get(method).copied()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
