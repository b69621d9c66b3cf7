//! The values of an order and of a shipment for templates. Amounts and times are texts.

use serde_json::{Value, json};

use super::notice::time;
use super::plain_text::{name_in_greeting, without_links};
use crate::kernel::money::Money;
use crate::mail::outbox::Kind;
use crate::orders::order::{Order, OrderItem};
use crate::orders::queries::shipments::Shipment;

/// An amount with the currency of the order.
#[must_use]
pub fn amount_of(order: &Order, money: Money) -> String {
    format!("{} {}", order.currency.amount(money), order.currency.code())
}

/// The order as the mail shows it. A mail about a placed order shows it as it was placed, even if it is paid by now. The
/// texts of the buyer have no links, and the notes are only in mails to the buyer's own account.
#[must_use]
pub fn order_values(order: &Order, items: &[OrderItem], kind: Kind) -> Value {
    let amount = |money| amount_of(order, money);
    let not_zero = |money: Money| (money.0 != 0).then(|| amount(money));
    let was_paid_at_once = order.paid_at == Some(order.created_at);
    let is_paid = if kind == Kind::OrderPlaced { was_paid_at_once } else { order.paid_at.is_some() };
    let item = |item: &OrderItem| {
        json!({
            "sku": item.sku, "name": item.product_name, "size": item.size, "quantity": item.quantity,
            "unit_price": amount(item.unit_price), "total": amount(item.total_price),
        })
    };
    json!({
        "id": order.id,
        "number": order.order_number,
        "customer_name": order.customer_name.as_deref().map(name_in_greeting),
        "currency": order.currency.code(),
        "items": items.iter().map(item).collect::<Vec<_>>(),
        "subtotal": amount(order.subtotal),
        "discount": not_zero(order.discount_amount),
        "shipping": not_zero(order.shipping_amount),
        "tax": not_zero(order.tax_amount),
        "total": amount(order.total_amount),
        "payment_method": order.payment_method,
        "is_paid": is_paid,
        "payment_expires_at": order.payment_expires_at.map(time),
        "is_collected": order.pickup_location_id.is_some(),
        "address": address_of(order),
        "notes": order.notes.as_deref().filter(|_| order.customer_email.is_none()).map(without_links),
        "refund_due": not_zero(order.refund_due_amount()),
    })
}

/// The lines of the address of the delivery. None for an order that is collected.
fn address_of(order: &Order) -> Option<Vec<String>> {
    let Some(address) = &order.shipping_address else {
        return order.delivery_address.as_ref().map(|address| address.lines().map(without_links).collect());
    };
    let text = |name: &str| without_links(address.get(name).and_then(Value::as_str).unwrap_or_default().trim());
    let town = format!("{} {}", text("postal_code"), text("city"));
    let lines =
        [text("full_name"), text("line1"), text("line2"), town.trim().to_owned(), text("state"), text("country")];
    Some(lines.into_iter().filter(|line| !line.is_empty()).collect())
}

/// The shipment as the mail shows it. Only an address of the web becomes a link.
#[must_use]
pub fn shipment_values(shipment: &Shipment, items: &[OrderItem]) -> Value {
    let is_of_web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
    let lines = items.iter().filter_map(|item| {
        let of_item = shipment.lines.iter().filter(|line| line.variant == item.variant_id);
        let quantity = of_item.fold(0_i64, |sum, line| sum.saturating_add(line.quantity));
        let line = json!({"sku": item.sku, "name": item.product_name, "size": item.size, "quantity": quantity});
        (quantity > 0).then_some(line)
    });
    json!({
        "number": shipment.shipment_number,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "tracking_url": shipment.tracking_url.as_ref().filter(is_of_web),
        "items": lines.collect::<Vec<_>>(),
    })
}
