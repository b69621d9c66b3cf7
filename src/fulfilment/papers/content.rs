//! All that an invoice shows. It is stored when the invoice is issued, and never changes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fulfilment::credits::queries::StoredCredit;
use crate::kernel::json_column::json_column;
use crate::kernel::money::{Money, minor_units};
use crate::orders::order::{Order, OrderItem};
use crate::orders::tax_line::TaxLine;
use crate::stores::queries::Store;

json_column! {
    /// Amounts are in minor units.
    pub struct InvoiceContent {
        pub seller_name: String,
        pub order_number: String,
        pub ordered_at: DateTime<Utc>,
        pub currency: String,
        pub customer_name: Option<String>,
        pub customer_phone: Option<String>,
        pub delivery_address: Option<String>,
        pub billing_address: Option<Value>,
        pub shipping_address: Option<Value>,
        pub payment_method: String,
        pub items: Vec<InvoiceItem>,
        #[serde(with = "minor_units")]
        pub subtotal: Money,
        #[serde(with = "minor_units")]
        pub discount_amount: Money,
        #[serde(with = "minor_units")]
        pub shipping_amount: Money,
        #[serde(with = "minor_units")]
        pub tax_amount: Money,
        #[serde(with = "minor_units")]
        pub included_tax_amount: Money,
        pub tax_lines: Vec<TaxLine>,
        #[serde(with = "minor_units")]
        pub total_amount: Money,
        pub credits: Vec<InvoiceCredit>,
        #[serde(with = "minor_units")]
        pub net_total: Money,
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceItem {
    pub sku: String,
    pub product_name: String,
    pub size: Option<String>,
    pub quantity: i64,
    #[serde(with = "minor_units")]
    pub unit_price: Money,
    #[serde(with = "minor_units")]
    pub total_price: Money,
    #[serde(with = "minor_units")]
    pub discount_amount: Money,
    #[serde(with = "minor_units")]
    pub tax_amount: Money,
    #[serde(with = "minor_units")]
    pub included_tax_amount: Money,
}

/// A credit that was given before the invoice was issued. Later credits have papers of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceCredit {
    pub number: String,
    #[serde(with = "minor_units")]
    pub tax_amount: Money,
    #[serde(with = "minor_units")]
    pub included_tax_amount: Money,
    #[serde(with = "minor_units")]
    pub total: Money,
    pub created_at: DateTime<Utc>,
}

impl InvoiceContent {
    #[must_use]
    pub fn new(store: &Store, order: &Order, items: &[OrderItem], credits: &[StoredCredit]) -> Self {
        let tax_lines = order.tax_lines.iter().flat_map(|lines| lines.0.iter().cloned());
        Self {
            seller_name: store.name.clone(),
            order_number: order.order_number.clone(),
            ordered_at: order.created_at,
            currency: order.currency.code().to_owned(),
            customer_name: order.customer_name.clone(),
            customer_phone: order.customer_phone.clone(),
            delivery_address: order.delivery_address.clone(),
            billing_address: order.billing_address.clone(),
            shipping_address: order.shipping_address.clone(),
            payment_method: order.payment_method.clone(),
            items: items.iter().map(InvoiceItem::from).collect(),
            subtotal: order.subtotal,
            discount_amount: order.discount_amount,
            shipping_amount: order.shipping_amount,
            tax_amount: order.tax_amount,
            included_tax_amount: order.included_tax_amount,
            tax_lines: tax_lines.collect(),
            total_amount: order.total_amount,
            credits: credits.iter().map(InvoiceCredit::from).collect(),
            net_total: order.net_total(),
        }
    }
}

impl From<&OrderItem> for InvoiceItem {
    fn from(item: &OrderItem) -> Self {
        Self {
            sku: item.sku.clone(),
            product_name: item.product_name.clone(),
            size: item.size.clone(),
            quantity: item.quantity,
            unit_price: item.unit_price,
            total_price: item.total_price,
            discount_amount: item.discount_amount,
            tax_amount: item.tax_amount,
            included_tax_amount: item.included_tax_amount,
        }
    }
}

impl From<&StoredCredit> for InvoiceCredit {
    fn from(credit: &StoredCredit) -> Self {
        Self {
            number: credit.credit_number.clone(),
            tax_amount: credit.tax_amount,
            included_tax_amount: credit.included_tax_amount,
            total: credit.total_amount,
            created_at: credit.created_at,
        }
    }
}
