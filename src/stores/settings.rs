//! The settings of a store, and the rules for changing them.

use super::code::StoreCode;
use super::count_tolerance::{COUNT_TOLERANCE, CountTolerance, CountToleranceInput};
use super::payment_methods::PaymentMethods;
use super::queries::Store;
use crate::error::ApiError;
use crate::kernel::language::Language;
use crate::kernel::money::{AmountInput, Currency, Money};
use crate::kernel::rate::Rate;
use crate::stores::tax_rates::ShippingTax;
use crate::stores::time_zone::{TIME_ZONE, TimeZone};

/// A new store.
#[derive(Clone, Debug)]
pub struct NewStore {
    pub code: StoreCode,
    pub name: String,
    pub currency: Currency,
    pub tax_rate: Rate,
    pub shipping_flat_rate: Money,
    pub guest_orders: bool,
    pub hold_cart_items: bool,
    pub payment_methods: PaymentMethods,
    pub count_tolerance: CountTolerance,
    pub over_receipt_percent: i64,
    pub prices_include_tax: bool,
    pub shipping_tax: ShippingTax,
    pub return_window_days: Option<i64>,
    pub time_zone: TimeZone,
    pub language: Language,
    pub order_mails: bool,
    pub service_level: i64,
}

/// The changes to a store. Fields that are `None` stay unchanged.
#[derive(Clone, Debug, Default)]
pub struct StoreChange {
    pub name: Option<String>,
    pub currency: Option<Currency>,
    pub tax_rate: Option<Rate>,
    pub shipping_flat_rate: Option<AmountInput>,
    pub guest_orders: Option<bool>,
    pub hold_cart_items: Option<bool>,
    pub payment_methods: Option<PaymentMethods>,
    pub count_tolerance: Option<CountToleranceInput>,
    pub over_receipt_percent: Option<i64>,
    pub prices_include_tax: Option<bool>,
    pub shipping_tax: Option<ShippingTax>,
    /// `Some(None)` is a window without an end.
    pub return_window_days: Option<Option<i64>>,
    pub time_zone: Option<TimeZone>,
    pub language: Option<Language>,
    pub order_mails: Option<bool>,
    pub service_level: Option<i64>,
}

/// The days after a delivery within which customers may return its units, unless the store has another window.
pub const DEFAULT_RETURN_WINDOW_DAYS: i64 = 30;

/// The field that can only change while the store has no prices.
pub const CURRENCY: &str = "currency";

impl Store {
    /// Changes the store in memory and returns the names of the changed fields.
    pub fn apply(&mut self, change: &StoreChange) -> Result<Vec<&'static str>, ApiError> {
        let before = self.clone();
        let StoreChange {
            name,
            currency,
            tax_rate,
            shipping_flat_rate,
            guest_orders,
            hold_cart_items,
            payment_methods,
            count_tolerance,
            over_receipt_percent,
            prices_include_tax,
            shipping_tax,
            return_window_days,
            time_zone,
            language,
            order_mails,
            service_level,
        } = change;
        if let Some(name) = name {
            self.name.clone_from(name);
        }
        if let Some(currency) = currency {
            self.currency = currency.clone();
        }
        if let Some(amount) = shipping_flat_rate {
            self.shipping_flat_rate = shipping(*amount, &self.currency)?;
        } else if self.currency != before.currency && self.shipping_flat_rate != Money(0) {
            return Err(ApiError::field("shipping_flat_rate", "must be given in the new currency"));
        }
        if let Some(tolerance) = count_tolerance {
            self.set_count_tolerance(tolerance.in_currency(&self.currency)?);
        } else if self.currency != before.currency && self.count_tolerance_value != Money(0) {
            return Err(ApiError::field(COUNT_TOLERANCE, "must be given in the new currency"));
        }
        self.tax_rate = tax_rate.unwrap_or(self.tax_rate);
        self.guest_orders = guest_orders.unwrap_or(self.guest_orders);
        self.hold_cart_items = hold_cart_items.unwrap_or(self.hold_cart_items);
        if let Some(methods) = payment_methods {
            self.payment_methods = methods.clone();
        }
        self.over_receipt_percent = over_receipt_percent.unwrap_or(self.over_receipt_percent);
        self.prices_include_tax = prices_include_tax.unwrap_or(self.prices_include_tax);
        self.shipping_tax = shipping_tax.unwrap_or(self.shipping_tax);
        self.return_window_days = return_window_days.unwrap_or(self.return_window_days);
        if let Some(zone) = time_zone {
            zone.as_str().clone_into(&mut self.time_zone);
        }
        if let Some(language) = language {
            self.language = language.clone();
        }
        self.order_mails = order_mails.unwrap_or(self.order_mails);
        self.service_level = service_level.unwrap_or(self.service_level);
        Ok(self.since(&before))
    }

    fn since(&self, before: &Self) -> Vec<&'static str> {
        let fields = [
            ("name", self.name != before.name),
            (CURRENCY, self.currency != before.currency),
            ("tax_rate", self.tax_rate != before.tax_rate),
            ("shipping_flat_rate", self.shipping_flat_rate != before.shipping_flat_rate),
            ("guest_orders", self.guest_orders != before.guest_orders),
            ("hold_cart_items", self.hold_cart_items != before.hold_cart_items),
            ("payment_methods", self.payment_methods != before.payment_methods),
            (COUNT_TOLERANCE, self.count_tolerance() != before.count_tolerance()),
            ("over_receipt_percent", self.over_receipt_percent != before.over_receipt_percent),
            ("prices_include_tax", self.prices_include_tax != before.prices_include_tax),
            ("shipping_tax", self.shipping_tax != before.shipping_tax),
            ("return_window_days", self.return_window_days != before.return_window_days),
            (TIME_ZONE, self.time_zone != before.time_zone),
            ("language", self.language != before.language),
            ("order_mails", self.order_mails != before.order_mails),
            ("service_level", self.service_level != before.service_level),
        ];
        fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
    }
}

/// The amount of `shipping_flat_rate` in a store's currency.
pub fn shipping(amount: AmountInput, currency: &Currency) -> Result<Money, ApiError> {
    amount.in_currency(currency).map_err(|message| ApiError::field("shipping_flat_rate", message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::id::StoreId;
    use crate::stores::routing_policy::RoutingPolicy;
    use chrono::DateTime;

    fn store() -> Store {
        Store {
            id: StoreId(1),
            code: "S".into(),
            name: "Shop".into(),
            currency: Currency::parse("INR").unwrap(),
            tax_rate: Rate(0),
            shipping_flat_rate: Money(2_000),
            guest_orders: false,
            hold_cart_items: false,
            payment_methods: PaymentMethods::default(),
            routing: RoutingPolicy::default(),
            count_tolerance_units: 0,
            count_tolerance_value: Money(0),
            over_receipt_percent: 0,
            prices_include_tax: false,
            shipping_tax: ShippingTax::None,
            return_window_days: Some(30),
            time_zone: "UTC".into(),
            language: Language::default(),
            order_mails: true,
            service_level: 95,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn absent_fields_stay_unchanged() {
        let mut store = store();
        let change = StoreChange { tax_rate: Some(Rate(50_000)), name: Some("Shop".into()), ..StoreChange::default() };
        assert_eq!(store.apply(&change).unwrap(), ["tax_rate"]);
        assert_eq!((store.tax_rate, store.shipping_flat_rate), (Rate(50_000), Money(2_000)));
    }

    #[test]
    fn a_new_currency_needs_its_shipping_rate() {
        let yen = StoreChange { currency: Some(Currency::parse("JPY").unwrap()), ..StoreChange::default() };
        assert!(store().apply(&yen).is_err());
        let with_rate =
            |text| StoreChange { shipping_flat_rate: Some(serde_json::from_str(text).unwrap()), ..yen.clone() };
        assert!(store().apply(&with_rate("1.5")).is_err());
        let mut store = store();
        assert_eq!(store.apply(&with_rate("300")).unwrap(), [CURRENCY, "shipping_flat_rate"]);
        assert_eq!(store.shipping_flat_rate, Money(300));
        store.count_tolerance_value = Money(500);
        let back = StoreChange {
            currency: Some(Currency::parse("INR").unwrap()),
            shipping_flat_rate: Some(serde_json::from_str("0").unwrap()),
            ..StoreChange::default()
        };
        assert!(store.clone().apply(&back).is_err());
        let value = Some(serde_json::from_str("2.50").unwrap());
        let with_tolerance = StoreChange { count_tolerance: Some(CountToleranceInput { units: 3, value }), ..back };
        store.apply(&with_tolerance).unwrap();
        assert_eq!(store.count_tolerance(), CountTolerance { units: 3, value: Money(250) });
    }
}
