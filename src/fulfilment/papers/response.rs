//! An invoice in responses.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::content::{InvoiceCredit, InvoiceItem};
use super::queries::Invoice;
use crate::cart::response::TaxLineResponse;
use crate::kernel::id::OrderId;
use crate::kernel::money::{Amount, Currency};
use crate::orders::response::tax_line;

/// An invoice as it was issued. It never changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceResponse {
    /// The numbers of a store have no gaps.
    #[schema(pattern = "^INV-[0-9]{6,}$", max_length = 50)]
    pub invoice_number: String,
    pub issued_at: DateTime<Utc>,
    /// `user:<id>`
    #[schema(max_length = 100)]
    pub actor: String,
    #[schema(max_length = 255)]
    pub seller_name: String,
    pub order_id: OrderId,
    #[schema(pattern = "^ORD-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub order_number: String,
    pub ordered_at: DateTime<Utc>,
    #[schema(max_length = 255)]
    pub customer_name: Option<String>,
    #[schema(max_length = 50)]
    pub customer_phone: Option<String>,
    #[schema(max_length = 1000)]
    pub delivery_address: Option<String>,
    #[schema(value_type = Option<crate::customers::api::AddressResponse>)]
    pub billing_address: Option<Value>,
    #[schema(value_type = Option<crate::customers::api::AddressResponse>)]
    pub shipping_address: Option<Value>,
    #[schema(max_length = 50)]
    pub payment_method: String,
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    pub items: Vec<InvoiceItemResponse>,
    pub subtotal: Amount,
    pub discount_amount: Amount,
    pub shipping_amount: Amount,
    /// The tax that is added to the prices.
    pub tax_amount: Amount,
    /// The tax that the prices contain.
    pub included_tax_amount: Amount,
    pub tax_lines: Vec<TaxLineResponse>,
    pub total_amount: Amount,
    /// The credits that were given before the invoice was issued.
    pub credits: Vec<InvoiceCreditResponse>,
    /// `total_amount` without these credits.
    pub net_total: Amount,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceItemResponse {
    #[schema(max_length = 151)]
    pub sku: String,
    #[schema(max_length = 255)]
    pub product_name: String,
    #[schema(max_length = 50)]
    pub size: Option<String>,
    pub quantity: i64,
    pub unit_price: Amount,
    pub total_price: Amount,
    pub discount_amount: Amount,
    pub tax_amount: Amount,
    pub included_tax_amount: Amount,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceCreditResponse {
    #[schema(pattern = "^CRN-[0-9]{8}-[0-9A-Z]+$", max_length = 50)]
    pub number: String,
    pub tax_amount: Amount,
    pub included_tax_amount: Amount,
    pub total: Amount,
    pub created_at: DateTime<Utc>,
}

impl From<&Invoice> for InvoiceResponse {
    fn from(invoice: &Invoice) -> Self {
        let content = &invoice.content;
        let currency = Currency::from_stored(&content.currency);
        let amount = |money| currency.amount(money);
        Self {
            invoice_number: invoice.invoice_number.clone(),
            issued_at: invoice.created_at,
            actor: invoice.actor.clone(),
            seller_name: content.seller_name.clone(),
            order_id: invoice.order_id,
            order_number: content.order_number.clone(),
            ordered_at: content.ordered_at,
            customer_name: content.customer_name.clone(),
            customer_phone: content.customer_phone.clone(),
            delivery_address: content.delivery_address.clone(),
            billing_address: content.billing_address.clone(),
            shipping_address: content.shipping_address.clone(),
            payment_method: content.payment_method.clone(),
            currency: content.currency.clone(),
            items: content.items.iter().map(|item| InvoiceItemResponse::new(item, &currency)).collect(),
            subtotal: amount(content.subtotal),
            discount_amount: amount(content.discount_amount),
            shipping_amount: amount(content.shipping_amount),
            tax_amount: amount(content.tax_amount),
            included_tax_amount: amount(content.included_tax_amount),
            tax_lines: content.tax_lines.iter().map(|line| tax_line(line, &currency)).collect(),
            total_amount: amount(content.total_amount),
            credits: content.credits.iter().map(|credit| InvoiceCreditResponse::new(credit, &currency)).collect(),
            net_total: amount(content.net_total),
        }
    }
}

impl InvoiceItemResponse {
    fn new(item: &InvoiceItem, currency: &Currency) -> Self {
        Self {
            sku: item.sku.clone(),
            product_name: item.product_name.clone(),
            size: item.size.clone(),
            quantity: item.quantity,
            unit_price: currency.amount(item.unit_price),
            total_price: currency.amount(item.total_price),
            discount_amount: currency.amount(item.discount_amount),
            tax_amount: currency.amount(item.tax_amount),
            included_tax_amount: currency.amount(item.included_tax_amount),
        }
    }
}

impl InvoiceCreditResponse {
    fn new(credit: &InvoiceCredit, currency: &Currency) -> Self {
        Self {
            number: credit.number.clone(),
            tax_amount: currency.amount(credit.tax_amount),
            included_tax_amount: currency.amount(credit.included_tax_amount),
            total: currency.amount(credit.total),
            created_at: credit.created_at,
        }
    }
}
