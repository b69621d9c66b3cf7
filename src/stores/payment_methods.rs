//! The time of sale for each payment method of a store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::json_column::json_column;

/// The time at which stock is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SellAt {
    AtCheckout,
    AtPayment,
}

json_column! {
    /// Payment methods by name: at least one. Each name must be usable as the name of a column in a report.
    #[derive(ToSchema)]
    #[schema(value_type = BTreeMap<String, SellAt>)]
    #[serde(try_from = "BTreeMap<String, SellAt>")]
    pub struct PaymentMethods(BTreeMap<String, SellAt>);
}

/// The default payment method of a checkout.
pub const DEFAULT_METHOD: &str = "cod";

const MAX_METHODS: usize = 50;

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

impl TryFrom<BTreeMap<String, SellAt>> for PaymentMethods {
    type Error = &'static str;

    fn try_from(methods: BTreeMap<String, SellAt>) -> Result<Self, &'static str> {
        if !(1..=MAX_METHODS).contains(&methods.len()) {
            return Err("must name 1 to 50 payment methods");
        }
        if !methods.keys().all(|name| is_method_name(name)) {
            return Err("names must have 1 to 50 small letters, digits or _, and start with a letter");
        }
        Ok(Self(methods))
    }
}

fn is_method_name(name: &str) -> bool {
    name.len() <= 50
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_named_and_there_is_one_at_least() {
        let read = serde_json::from_str::<PaymentMethods>;
        let methods = read(r#"{"cod":"at_checkout","pay_2":"at_payment"}"#).unwrap();
        assert_eq!(methods.sell_at("pay_2"), Some(SellAt::AtPayment));
        assert_eq!(serde_json::to_string(&methods).unwrap(), r#"{"cod":"at_checkout","pay_2":"at_payment"}"#);
        for refused in ["{}", r#"{"COD":"at_checkout"}"#, r#"{"2x":"at_checkout"}"#, r#"{"cod":"later"}"#, "[]"] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }
}
