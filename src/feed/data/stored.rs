//! The data that is stored with its event, because no row keeps it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::schema::ArrayBuilder;

use super::to_raw;
use crate::db::Failure;
use crate::events::{EventType, RecordedEvent};
use crate::inventory::product_with_stock::StockStatus;
use crate::kernel::id::{OrderId, ProductId, VariantId};
use crate::kernel::money::{Amount, Currency, Money};
use crate::kernel::schema;

/// `stock.low`, `stock.out` and `stock.back`
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct StockStatusData {
    product_id: ProductId,
    variant_id: VariantId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 255)]
    product_name: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    /// The units that buyers can get.
    available_quantity: i64,
    /// The size's own minimum, or the product's minimum.
    min_stock_level: i64,
    stock_status: StockStatus,
    previous_stock_status: StockStatus,
}

/// `price.changed`
#[derive(Debug, Serialize, ToSchema)]
pub struct PriceChangedData {
    #[schema(max_length = 100)]
    sku: String,
    #[schema(max_length = 255)]
    name: String,
    #[schema(pattern = "^[A-Z]{3}$")]
    currency: String,
    prices: Vec<ChangedPrice>,
}

/// The price of a size, or of a product without sizes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedPrice {
    variant_id: VariantId,
    #[schema(max_length = 151)]
    sku: String,
    #[schema(max_length = 50)]
    size: Option<String>,
    old_price: Amount,
    new_price: Amount,
}

/// The prices as they are stored, in minor units.
#[derive(Deserialize)]
struct StoredPrices {
    sku: String,
    name: String,
    currency: String,
    prices: Vec<StoredPrice>,
}

#[derive(Deserialize)]
struct StoredPrice {
    variant_id: VariantId,
    sku: String,
    size: Option<String>,
    old_price: i64,
    new_price: i64,
}

impl From<StoredPrices> for PriceChangedData {
    fn from(stored: StoredPrices) -> Self {
        let StoredPrices { sku, name, currency, prices } = stored;
        let decimals = Currency::from_stored(&currency);
        let price = |StoredPrice { variant_id, sku, size, old_price, new_price }| ChangedPrice {
            variant_id,
            sku,
            size,
            old_price: decimals.amount(Money(old_price)),
            new_price: decimals.amount(Money(new_price)),
        };
        Self { sku, name, currency, prices: prices.into_iter().map(price).collect() }
    }
}

/// `product.created`, `product.updated` and `product.archived`
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProductEventData {
    #[schema(max_length = 100)]
    sku: String,
    #[schema(max_length = 255)]
    name: String,
    /// `active` or `archived`. Absent when the product was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20, required = false, nullable = false)]
    status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = changed_fields, required = false)]
    changed: Option<Vec<String>>,
}

fn changed_fields() -> ArrayBuilder {
    schema::texts("The names of the changed fields. Absent when the product was created.", 50)
}

/// The stored data of an event on the wire.
pub fn to_wire(event_type: EventType, stored: &Value) -> Result<Box<RawValue>, Failure> {
    match event_type {
        EventType::PriceChanged => match serde_json::from_value::<StoredPrices>(stored.clone()) {
            Ok(prices) => to_raw(&PriceChangedData::from(prices)),
            Err(_older) => to_raw(stored),
        },
        _ => to_raw(stored),
    }
}

/// The number of a document, which each kind of document stores under its own name.
pub fn number(stored: &Value) -> Option<String> {
    let names = ["number", "return_number", "count_number"];
    names.iter().find_map(|name| stored.get(name)?.as_str()).map(ToOwned::to_owned)
}

/// The order of a return.
pub fn order(event: &RecordedEvent) -> Option<OrderId> {
    event.data.as_ref()?.get("order_id")?.as_i64().map(OrderId)
}

/// Data that an event of an order stores beside its rows.
#[derive(Default, Deserialize)]
pub struct OrderExtra {
    /// In minor units.
    pub received_amount: Option<i64>,
    pub credit_id: Option<i64>,
}

impl OrderExtra {
    pub fn new(stored: Option<&Value>) -> Self {
        let stored = stored.cloned().unwrap_or_else(|| json!({}));
        serde_json::from_value(stored).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_keep_the_decimals_of_their_currency() {
        let stored = |currency: &str| {
            json!({"sku": "mug", "name": "Mug", "currency": currency,
                   "prices": [{"variant_id": 1, "sku": "mug", "size": null, "old_price": 15000, "new_price": 50}]})
        };
        for (currency, prices) in
            [("EUR", r#""old_price":150.00,"new_price":0.50"#), ("JPY", r#""old_price":15000,"new_price":50"#)]
        {
            let data = to_wire(EventType::PriceChanged, &stored(currency)).unwrap();
            assert!(data.get().contains(prices), "{data}");
        }
    }

    #[test]
    fn each_kind_of_document_has_a_number() {
        for name in ["number", "return_number", "count_number"] {
            assert_eq!(number(&json!({(name): "X-1", "reason": null})), Some("X-1".to_owned()));
        }
        assert_eq!(number(&json!({"reason": null})), None);
    }
}
