//! The status of orders.

use super::Shop;
use crate::common::{Value, json};

#[test]
fn an_order_goes_the_legal_ways_and_no_other() {
    let shop = Shop::open();
    let statuses = ["under_paying", "pending", "processing", "shipped", "delivered", "cancelled"];
    let next = |from: &str| -> &[&str] {
        match from {
            "pending" => &["processing", "cancelled"],
            "processing" => &["shipped", "cancelled"],
            "shipped" => &["delivered"],
            _ => &[],
        }
    };
    for from in &statuses[1..] {
        for to in statuses {
            let order = shop.order_at(from);
            if next(from).contains(&to) {
                let now = shop.set_status(&order, to).expect(200).json();
                assert_eq!((&now["status"], &now["next_statuses"]), (&json!(to), &json!(next(to))));
                continue;
            }
            let reply = shop.app.without_effect(|| shop.set_status(&order, to));
            if to == "cancelled" {
                let shown = reply.refused(409, "ORDER_NOT_CANCELLABLE");
                let words = "cannot be cancelled. Only pending or processing orders can be cancelled.";
                assert_eq!(shown["detail"], format!("Order with status '{from}' {words}"));
                continue;
            }
            let shown = reply.refused(409, "INVALID_TRANSITION");
            let detail = shown["detail"].as_str().unwrap();
            for legal in next(from) {
                assert!(detail.contains(legal), "{from} to {to}: {detail}");
            }
            assert_eq!(detail.ends_with("; this status is final."), next(from).is_empty(), "{from} to {to}: {detail}");
        }
    }
    let units_out = 1_000 - shop.app.stock(&shop.rice).0;
    assert_eq!(units_out, shop.app.stock(&shop.rice).2);
}

#[test]
fn a_cancel_returns_the_stock_where_it_came_from_and_only_open_orders_are_cancelled() {
    let shop = Shop::open();
    let tee = shop.app.sized_product("tee-red", 30.0, &[("S", 5), ("M", 5)]);
    shop.mara.add_size_to_cart(&tee, "S", 2);
    shop.mara.add_size_to_cart(&tee, "M", 1);
    let order = shop.order(4);
    let (held, other) = (shop.order(7), shop.order_at("processing"));
    assert_eq!((shop.app.stock(&shop.rice), shop.app.stock(&tee)), ((988, 0, 12), (7, 0, 3)));
    let cancelled = shop.cancel(&order).expect(200).json();
    assert_eq!((&cancelled["status"], &cancelled["payment_status"]), (&json!("cancelled"), &json!("pending")));
    assert_eq!((&cancelled["refund_due"], &cancelled["next_statuses"]), (&json!(false), &json!([])));
    assert_eq!(cancelled["stock_reductions"], order["stock_reductions"]);
    assert_eq!((shop.app.stock(&shop.rice), shop.app.stock(&tee)), ((992, 0, 8), (10, 0, 0)));
    let size = shop.app.admin().get(&format!("/inventory/products/{}/stock?size=S", tee.id)).expect(200).json();
    assert_eq!((&size["stock_quantity"], &size["sold_quantity"]), (&json!(5), &json!(0)));
    shop.cancel(&other).expect(200);
    assert_eq!(shop.mara.get(&format!("/orders/{}", held["id"])).expect(200).json()["status"], "pending");
    for status in ["shipped", "delivered", "cancelled"] {
        let order = shop.order_at(status);
        let shown = shop.app.without_effect(|| shop.cancel(&order)).refused(409, "ORDER_NOT_CANCELLABLE");
        let words = "cannot be cancelled. Only pending or processing orders can be cancelled.";
        assert_eq!(shown["detail"], format!("Order with status '{status}' {words}"));
    }
}

#[test]
fn staff_set_payment_notes_and_tracking_number() {
    let shop = Shop::open();
    let order = shop.order(1);
    let body = json!({"status": "processing", "payment_status": "paid", "notes": "Fragile", "tracking_number": "T-1"});
    let now = shop.put(&order, &body).expect(200).json();
    for name in ["status", "payment_status", "notes", "tracking_number"] {
        assert_eq!(now[name], body[name], "{name}");
    }
    assert!(now["paid_at"].is_string());
    // An absent field stays as it is, and null empties it.
    let now = shop.put(&order, &json!({"notes": null})).expect(200).json();
    assert_eq!((&now["notes"], &now["tracking_number"]), (&Value::Null, &json!("T-1")));
    for to in ["paid", "pending", "refunded", "failed", "expired"] {
        let reply = shop.app.without_effect(|| shop.put(&order, &json!({"payment_status": to})));
        let detail = format!("A payment that is 'paid' can't be set to '{to}'; this call can't change it.");
        assert_eq!(reply.refused(409, "INVALID_TRANSITION")["detail"], detail);
    }
    let dead = shop.order_at("cancelled");
    let reply = shop.app.without_effect(|| shop.put(&dead, &json!({"payment_status": "paid"})));
    reply.refused(409, "INVALID_TRANSITION");
    let unpaid = shop.order(1);
    let reply = shop.app.without_effect(|| shop.put(&unpaid, &json!({"payment_status": "refunded"})));
    assert!(reply.refused(409, "INVALID_TRANSITION")["detail"].as_str().unwrap().contains("paid"));
    // One illegal step refuses the whole request.
    let both = json!({"status": "processing", "payment_status": "failed", "notes": "x"});
    shop.app.without_effect(|| shop.put(&unpaid, &both)).refused(409, "INVALID_TRANSITION");
    shop.mara.put(&format!("/orders/{}", unpaid["id"]), &json!({"notes": "x"})).refused(403, "FORBIDDEN");
}
