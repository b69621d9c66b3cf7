//! The papers as pages to print. Values are escaped, because names and addresses are texts of customers.

use chrono::{DateTime, Utc};
use minijinja::{Environment, Error, Value, context};
use serde_json::Value as Json;

use super::content::{InvoiceContent, InvoiceCredit, InvoiceItem};
use super::packing_slip::PackingSlip;
use super::queries::Invoice;
use crate::db::Failure;
use crate::kernel::money::{Currency, Money};
use crate::orders::tax_line::TaxLine;

/// The common frame of the papers, and the papers. The suffix of a name decides whether values are escaped.
const TEMPLATES: [(&str, &str); 3] = [
    ("paper.html", include_str!("templates/paper.html")),
    ("invoice.html", include_str!("templates/invoice.html")),
    ("packing_slip.html", include_str!("templates/packing_slip.html")),
];

/// The page of an invoice. It depends on the stored invoice only.
pub fn invoice(invoice: &Invoice) -> Result<String, Failure> {
    let content = &invoice.content;
    let currency = Currency::from_stored(&content.currency);
    let amount = |money| currency.amount(money).to_string();
    let not_zero = |money: Money| (money.0 != 0).then(|| amount(money));
    let page = context! {
        number => &invoice.invoice_number,
        issued_on => day(invoice.created_at),
        seller => &content.seller_name,
        order_number => &content.order_number,
        ordered_on => day(content.ordered_at),
        buyer => buyer_of(content),
        shipping => content.shipping_address.as_ref().map(address_lines),
        payment_method => &content.payment_method,
        currency => &content.currency,
        items => content.items.iter().map(|item| item_row(item, &currency)).collect::<Vec<_>>(),
        subtotal => amount(content.subtotal),
        discount => not_zero(content.discount_amount),
        delivery => not_zero(content.shipping_amount),
        tax => not_zero(content.tax_amount),
        tax_lines => content.tax_lines.iter().map(|line| tax_row(line, &currency)).collect::<Vec<_>>(),
        total => amount(content.total_amount),
        credits => content.credits.iter().map(|credit| credit_row(credit, &currency)).collect::<Vec<_>>(),
        net_total => amount(content.net_total),
    };
    render("invoice.html", page)
}

/// The page of a packing slip.
pub fn packing_slip(slip: &PackingSlip) -> Result<String, Failure> {
    let (order, shipment) = (&slip.order, &slip.shipment);
    let lines = slip.lines.iter().map(|line| {
        context! { sku => &line.sku, name => &line.product_name, size => &line.size, quantity => line.quantity }
    });
    let to = match &order.shipping_address {
        Some(address) => address_lines(address),
        None => texts([&order.customer_name, &order.delivery_address, &order.customer_phone]),
    };
    let page = context! {
        number => &shipment.shipment_number,
        packed_on => day(shipment.created_at),
        seller => &slip.seller_name,
        order_number => &order.order_number,
        ordered_on => day(order.created_at),
        is_collected => order.pickup_location_id.is_some(),
        to => to,
        carrier => &shipment.carrier,
        tracking_number => &shipment.tracking_number,
        notes => &order.notes,
        lines => lines.collect::<Vec<_>>(),
        units => slip.lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.quantity)),
    };
    render("packing_slip.html", page)
}

/// The templates are part of the program, so an error is a bug.
fn render(name: &str, page: Value) -> Result<String, Failure> {
    let fill = || -> Result<String, Error> {
        let mut environment = Environment::new();
        for (name, source) in TEMPLATES {
            environment.add_template(name, source)?;
        }
        environment.get_template(name)?.render(page)
    };
    fill().map_err(|error| Failure::Internal(format!("{name}: {error}")))
}

fn item_row(item: &InvoiceItem, currency: &Currency) -> Value {
    context! {
        sku => &item.sku,
        name => &item.product_name,
        size => &item.size,
        quantity => item.quantity,
        unit_price => currency.amount(item.unit_price).to_string(),
        total => currency.amount(item.total_price).to_string(),
    }
}

fn tax_row(line: &TaxLine, currency: &Currency) -> Value {
    context! {
        name => &line.name,
        percent => line.percent.to_string(),
        base => currency.amount(line.base).to_string(),
        tax => currency.amount(line.tax).to_string(),
        included => line.included,
    }
}

fn credit_row(credit: &InvoiceCredit, currency: &Currency) -> Value {
    context! {
        number => &credit.number,
        given_on => day(credit.created_at),
        total => currency.amount(credit.total).to_string(),
    }
}

fn buyer_of(content: &InvoiceContent) -> Vec<String> {
    match content.billing_address.as_ref().or(content.shipping_address.as_ref()) {
        Some(address) => address_lines(address),
        None => texts([&content.customer_name, &content.delivery_address, &content.customer_phone]),
    }
}

fn texts<const N: usize>(texts: [&Option<String>; N]) -> Vec<String> {
    texts.into_iter().flatten().cloned().collect()
}

/// The lines of a stored address, from the name to the phone.
fn address_lines(address: &Json) -> Vec<String> {
    let text = |name: &str| address.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let town = [text("postal_code"), text("city")].join(" ");
    let lines = [
        text("full_name"),
        text("line1"),
        text("line2"),
        town.trim().to_owned(),
        text("state"),
        text("country"),
        text("phone"),
    ];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests;
