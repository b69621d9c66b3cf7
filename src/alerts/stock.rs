//! Alerts about stock: each event is an entry into a state, so each leads to one alert of a rule.

use std::collections::{BTreeSet, HashMap};

use diesel::PgConnection;
use serde_json::{Value, json};

use super::notice::{Batch, Notice};
use super::rule::AlertKind;
use crate::catalogue::queries::products;
use crate::db::Failure;
use crate::events::{EventType, RecordedEvent};
use crate::inventory::product_with_stock::{ProductWithStock, StockStatus, VariantWithStock};
use crate::inventory::queries::stock_by_variant;
use crate::kernel::cursor::Cursor;
use crate::kernel::id::{ProductId, VariantId};

/// The alerts about the stock, and the variants that are back in stock.
#[derive(Default)]
pub struct StockFacts {
    pub notices: Vec<Notice>,
    pub back: BTreeSet<VariantId>,
}

const fn kind_of(event_type: EventType) -> Option<AlertKind> {
    match event_type {
        EventType::StockLow => Some(AlertKind::LowStock),
        EventType::StockOut => Some(AlertKind::OutOfStock),
        EventType::StockBack => Some(AlertKind::BackInStock),
        _ => None,
    }
}

pub fn find(conn: &mut PgConnection, batch: &Batch<'_>) -> Result<StockFacts, Failure> {
    let wanted = |(_, event): &&(Cursor, RecordedEvent)| {
        let has_rules = |kind| kind == AlertKind::BackInStock || batch.has_rules(kind);
        kind_of(event.event_type).is_some_and(has_rules)
    };
    let events: Vec<&(Cursor, RecordedEvent)> = batch.events.iter().filter(wanted).collect();
    if events.is_empty() {
        return Ok(StockFacts::default());
    }
    let ids: BTreeSet<ProductId> = events.iter().map(|(_, event)| ProductId(event.subject)).collect();
    let found = products::list(conn, batch.store, &ids)?;
    let found = stock_by_variant::with_stock(conn, batch.store, found)?;
    let found: HashMap<i64, ProductWithStock> = found.into_iter().map(|found| (found.product.id.0, found)).collect();
    let mut facts = StockFacts::default();
    for (cursor, event) in events {
        let Some(product) = found.get(&event.subject) else { continue };
        facts.add(batch, *cursor, event, product);
    }
    Ok(facts)
}

impl StockFacts {
    fn add(&mut self, batch: &Batch<'_>, cursor: Cursor, event: &RecordedEvent, product: &ProductWithStock) {
        let Some(kind) = kind_of(event.event_type) else { return };
        let none = Value::Null;
        let data = event.data.as_ref().unwrap_or(&none);
        let variants = variants_of(data, product);
        if kind == AlertKind::BackInStock {
            self.back.extend(variants.iter().map(|variant| variant.id));
            // It was low and not out of stock, so it has been in stock all the time.
            if data["previous_stock_status"].as_str() == Some(StockStatus::LowStock.as_str()) {
                return;
            }
        }
        let category = product.product.category.as_deref();
        for rule in batch.rules_of(kind) {
            let filter = &rule.settings.filter;
            // The event counts all places together.
            if filter.location.is_none() && filter.matches_product(product.product.id, category) {
                let data = describe(product, only(&variants), alerted_stock(data, product, &variants));
                self.notices.push(Notice { alert: rule.id, about: format!("{cursor}:{}", rule.id), data });
            }
        }
    }
}

/// The variants that an event is about: the one that its data names, or all of the product.
fn variants_of<'a>(data: &Value, product: &'a ProductWithStock) -> Vec<&'a VariantWithStock> {
    let (id, size) = (data["variant_id"].as_i64(), data["size"].as_str());
    let is_meant = |variant: &&VariantWithStock| match (id, size) {
        (Some(id), _) => variant.id.0 == id,
        (None, Some(size)) => variant.size.as_deref() == Some(size),
        (None, None) => true,
    };
    product.variants.iter().filter(is_meant).collect()
}

/// The stock that an alert is about.
pub struct AlertedStock<'a> {
    pub available: i64,
    pub minimum: i64,
    /// The place, if the alert is about one.
    pub location: Option<&'a str>,
}

/// The figures are those of the event, or today's ones if it has none.
fn alerted_stock(data: &Value, product: &ProductWithStock, variants: &[&VariantWithStock]) -> AlertedStock<'static> {
    let available = variants.iter().fold(0_i64, |sum, variant| sum.saturating_add(variant.available));
    let minimum = only(variants).and_then(|variant| variant.min_stock_level).unwrap_or(product.product.min_stock_level);
    AlertedStock {
        available: data["available_quantity"].as_i64().unwrap_or(available),
        minimum: data["min_stock_level"].as_i64().unwrap_or(minimum),
        location: None,
    }
}

fn only<'a>(variants: &[&'a VariantWithStock]) -> Option<&'a VariantWithStock> {
    match variants {
        [variant] => Some(*variant),
        _ => None,
    }
}

/// The values of an alert about a product, or about one of its variants.
pub fn describe(product: &ProductWithStock, variant: Option<&VariantWithStock>, stock: AlertedStock<'_>) -> Value {
    json!({
        "product_id": product.product.id,
        "variant_id": variant.map(|variant| variant.id),
        "sku": variant.map_or(&product.product.sku, |variant| &variant.sku),
        "product_name": product.product.name,
        "size": variant.and_then(|variant| variant.size.as_deref()),
        "location": stock.location,
        "available_quantity": stock.available,
        "min_stock_level": stock.minimum,
        "reorder_quantity": null,
        "supplier": null,
    })
}
