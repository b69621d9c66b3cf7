//! Orders in the audit log.

use super::Shop;
use crate::common::{Value, json};

#[test]
fn the_audit_has_every_write_once_in_the_words_of_the_contract() {
    let shop = Shop::open();
    shop.app.set_stock(&shop.rice, 100);
    let order = shop.order(5);
    let number = order["order_number"].as_str().unwrap();
    let auditor = shop.app.staff(&["audit:read"]);
    let entries = |query: &str| -> Vec<Value> {
        let list = auditor.get(&format!("/audit?limit=100&{query}")).expect(200).json();
        list["items"].as_array().unwrap().clone()
    };
    let shown = |entries: &[Value]| -> Vec<(String, String)> {
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        entries
            .iter()
            .map(|entry| (format!("{} {}", text(entry, "action"), text(entry, "entity")), text(entry, "detail")))
            .collect()
    };
    let of_order = shown(&entries(&format!("entity=Order&entity_id={}", order["id"])));
    assert_eq!(of_order, [("CREATE Order".to_owned(), format!("Order {number} created with 5 items"))]);
    let fulfilled = entries("action=ORDER_FULFILLED");
    assert_eq!(
        shown(&fulfilled),
        [(
            "ORDER_FULFILLED Inventory".to_owned(),
            format!("Fulfilled 5 units for order {number}. Stock: 95, Reserved: 0")
        )]
    );
    assert_eq!(fulfilled[0]["entity_id"], shop.rice.id);
    assert_eq!(fulfilled[0]["actor"], format!("user:{}", shop.mara.user.unwrap()));
    shop.confirm(&order, "pay_1").expect(200);
    shop.put(&order, &json!({"notes": "Fragile"})).expect(200);
    shop.cancel(&order).expect(200);
    shop.refund(&order, "back_1", None).expect(200);
    let restored = shown(&entries("action=STOCK_RESTORED"));
    assert_eq!(
        restored,
        [("STOCK_RESTORED Inventory".to_owned(), format!("Restored 5 units from cancelled order {number}"))]
    );
    // Creation, payment, notes, cancel, refund: one entry each.
    assert_eq!(entries(&format!("entity=Order&entity_id={}", order["id"])).len(), 5);
    assert_eq!(entries("entity=Address").len(), 1);
    assert_eq!(entries("entity=Product&action=CREATE").len(), 1);
    let mine = entries(&format!("actor={}", shop.mara.user.unwrap()));
    let mut actions: Vec<String> = shown(&mine).into_iter().map(|(action, _)| action).collect();
    actions.sort();
    let expected =
        ["CANCEL Order", "CREATE Address", "CREATE Order", "ORDER_FULFILLED Inventory", "STOCK_RESTORED Inventory"];
    assert_eq!(actions, expected);
    // A refused request writes nothing, and a cart line is not audited.
    let count = auditor.get("/audit").expect(200).json()["total"].clone();
    shop.cancel(&order).refused(409, "ORDER_NOT_CANCELLABLE");
    shop.mara.add_to_cart(&shop.rice, 1);
    assert_eq!(auditor.get("/audit").expect(200).json()["total"], count);
    shop.mara.get("/audit").refused(403, "FORBIDDEN");
}
