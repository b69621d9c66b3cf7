//! Changes of stock statuses, computed from the movements of the feed alone.

use std::collections::BTreeMap;

use serde_json::Value;

/// True for `stock.low`, `stock.out` and `stock.back`.
pub fn is_status_change(event: &Value) -> bool {
    ["stock.low", "stock.out", "stock.back"].contains(&event["type"].as_str().unwrap())
}

/// The position in the feed, the variant and the status of each change, in the order of the feed.
pub type StatusChanges = Vec<(i64, i64, String)>;

/// The changes of which the feed has events.
pub fn status_changes_in(events: &[Value]) -> StatusChanges {
    let of_event = |event: &Value| {
        let data = &event["data"];
        (position(event), number(&data["variant_id"]), data["stock_status"].as_str().unwrap().to_owned())
    };
    events.iter().filter(|event| is_status_change(event)).map(of_event).collect()
}

/// The changes that follow from the movements. All variants have this minimum, and all of their places sell.
pub fn status_changes_of_movements(events: &[Value], minimum: i64) -> StatusChanges {
    let mut rows: BTreeMap<i64, Vec<&Value>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["type"] == "stock.changed") {
        rows.entry(position(event)).or_default().push(&event["data"]);
    }
    let mut levels: BTreeMap<i64, BTreeMap<i64, i64>> = BTreeMap::new();
    let mut statuses: BTreeMap<i64, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for (position, row) in rows {
        let mut changed = BTreeMap::new();
        for data in row {
            let (variant, free) =
                (number(&data["variant_id"]), number(&data["stock_after"]) - number(&data["reserved_after"]));
            let of_variant = levels.entry(variant).or_default();
            of_variant.insert(number(&data["location_id"]), free);
            changed.insert(variant, of_variant.values().sum::<i64>());
        }
        for (variant, units) in changed {
            let now = match units {
                0 => "out_of_stock",
                units if units <= minimum => "low_stock",
                _ => "in_stock",
            };
            if statuses.insert(variant, now).unwrap_or("in_stock") != now {
                found.push((position, variant, now.to_owned()));
            }
        }
    }
    found
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

fn position(event: &Value) -> i64 {
    event["id"].as_str().unwrap().split('.').next().unwrap().parse().unwrap()
}
