//! Every act is an event once, with what a listener needs.

use super::{follow, titles};
use crate::common::{TestApp, Value, json};

#[test]
fn an_order_from_its_cart_to_its_refund_is_in_the_feed() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let mug = app.product("mug", 10.0, 20);
    app.relay_feed();
    let (before, mut cursor) = follow(&admin, "0".to_owned(), 100);
    let of_product = format!("product:{}", mug.id);
    assert_eq!(titles(&before), [format!("product.created {of_product}"), format!("stock.changed {of_product}")]);
    assert_eq!(before[0]["data"], json!({"sku": "mug", "name": "Mug"}));
    let mut next = || {
        app.relay_feed();
        let (events, behind) = follow(&admin, cursor.clone(), 100);
        cursor = behind;
        events
    };

    let order = mara.buy(&mug, 5);
    let (id, of_order) = (order["id"].clone(), format!("order:{}", order["id"]));
    let placed = next();
    assert_eq!(titles(&placed), [format!("order.placed {of_order}"), format!("stock.changed {of_product}")]);
    assert_eq!(placed[0]["subject"]["number"], order["order_number"]);
    assert_eq!(placed[0]["actor"], format!("user:{}", mara.user.unwrap()));
    let movement = &placed[1]["data"];
    assert_eq!((&movement["kind"], &movement["stock_after"]), (&json!("fulfil"), &json!(15)));
    assert_eq!(movement["reference_id"], order["order_number"]);

    let paid = json!({"payment_reference": "pi_1"});
    admin.post(&format!("/orders/{id}/payment/confirm"), &paid).expect(200);
    let events = next();
    assert_eq!(titles(&events), [format!("order.paid {of_order}")]);
    assert_eq!(events[0]["data"]["payment_reference"], "pi_1");
    assert_eq!(events[0]["data"]["total_amount"], order["total_amount"]);

    let item = order["items"][0]["id"].clone();
    let ship = |quantity: i64| {
        let body = json!({"lines": [{"item_id": item, "quantity": quantity}], "tracking_number": "T-1"});
        admin.post(&format!("/orders/{id}/shipments"), &body).expect(201).json()
    };
    let shipment = ship(2);
    let of_shipment = format!("shipment:{}", shipment["id"]);
    let events = next();
    assert_eq!(titles(&events)[0], format!("shipment.created {of_shipment}"));
    assert_eq!(events[0]["data"]["tracking_number"], "T-1");
    assert_eq!(events[0]["data"]["lines"][0]["quantity"], 2);
    assert_eq!(titles(&events).last().unwrap(), &format!("stock.changed {of_product}"));

    let cancelled = json!({"lines": [{"item_id": item, "quantity": 1}], "reason": "too many"});
    admin.post(&format!("/orders/{id}/cancel-lines"), &cancelled).expect(200);
    let events = next();
    assert_eq!(titles(&events), [format!("order.lines_cancelled {of_order}"), format!("stock.changed {of_product}")]);
    assert_eq!(events[0]["data"]["credit"]["lines"][0]["quantity"], 1);
    ship(2);
    let shipped = titles(&next());
    assert!(shipped.contains(&format!("order.status_changed {of_order}")), "{shipped:?}");

    let body = json!({});
    admin.post(&format!("/shipments/{}/delivered", shipment["id"]), &body).expect(200);
    assert_eq!(titles(&next()), [format!("shipment.delivered {of_shipment}")]);

    let refund = json!({"refund_reference": "re_1", "amount": 10.0});
    admin.post(&format!("/orders/{id}/refund"), &refund).expect(200);
    let events = next();
    assert_eq!(titles(&events)[0], format!("order.refund_recorded {of_order}"));
    assert_eq!(events[0]["data"]["refund"]["reference"], "re_1");

    // The first event still shows the order as it was placed.
    let again = admin.get(&format!("/events?type=order.placed&subject={of_order}")).expect(200).json();
    assert_eq!(again["items"], json!([placed[0]]));
    for name in ["status", "payment_status", "received_amount", "credited_amount", "total_amount", "tracking_number"] {
        assert_eq!(again["items"][0]["data"][name], order[name], "{name}");
    }
    let by_number = admin.get(&format!("/events?subject={}", order["order_number"].as_str().unwrap())).expect(200);
    let of_number = titles(by_number.json()["items"].as_array().unwrap());
    assert!(of_number.len() >= 5 && of_number.iter().all(|title| title.ends_with(&of_order)), "{of_number:?}");
}

/// The types of the events of an act, without the movements.
fn types_of(app: &TestApp, act: impl FnOnce()) -> Vec<String> {
    app.relay_feed();
    let admin = app.admin();
    let (_, cursor) = follow(&admin, "0".to_owned(), 100);
    act();
    app.relay_feed();
    let (events, _) = follow(&admin, cursor, 100);
    let types = events.iter().map(|event| event["type"].as_str().unwrap().to_owned());
    types.filter(|name| name != "stock.changed").collect()
}

#[test]
fn each_end_of_an_order_is_one_event() {
    let app = TestApp::start();
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let mug = app.product("mug", 10.0, 20);
    let placed = mara.buy(&mug, 1);
    let cancelled = types_of(&app, || drop(mara.post_nothing(&format!("/orders/{}/cancel", placed["id"])).expect(200)));
    assert_eq!(cancelled, ["order.cancelled"]);
    let failed = mara.order_upi(&mug, 1);
    let fail = || drop(admin.post_nothing(&format!("/orders/{}/payment/fail", failed["id"])).expect(200));
    assert_eq!(types_of(&app, fail), ["order.payment_failed"]);
    mara.order_upi(&mug, 1);
    app.advance(3600);
    let expire = || assert!(app.expire_holds() > 0);
    assert_eq!(types_of(&app, expire), ["order.payment_expired"]);
    let free = app.product("free", 0.0, 5);
    assert_eq!(types_of(&app, || drop(mara.buy(&free, 1))), ["order.placed", "order.paid"]);
}

#[test]
fn products_prices_and_reservations_have_events() {
    let app = TestApp::start();
    let admin = app.admin();
    let tee = app.sized_product("tee", 10.0, &[("S", 5), ("M", 5)]);
    let change = |changes: Value| types_of(&app, || app.set_product(&tee, &changes));
    assert_eq!(change(json!({"price": 12.0})), ["price.changed"]);
    assert_eq!(change(json!({"name": "Shirt"})), ["product.updated"]);
    assert_eq!(
        change(json!({"name": "Tee", "sizes": [{"size": "S", "price": 9.0}]})),
        ["price.changed", "product.updated"]
    );
    assert_eq!(change(json!({"status": "archived"})), ["product.archived"]);
    assert_eq!(change(json!({"status": "archived"})), Vec::<String>::new());
    let prices = admin.get("/events?type=price.changed").expect(200).json();
    let of_small = &prices["items"][1]["data"]["prices"];
    assert_eq!((of_small[0]["size"].clone(), of_small.as_array().unwrap().len()), (json!("S"), 1));
    assert_eq!((&of_small[0]["old_price"], &of_small[0]["new_price"]), (&json!(12.0), &json!(9.0)));

    let mug = app.product("mug", 10.0, 20);
    let reserve = || {
        let body =
            json!({"reference_id": "quote-1", "ttl_seconds": 60, "items": [{"product_id": mug.id, "quantity": 2}]});
        admin.post("/reservations", &body).expect(201).json()["id"].clone()
    };
    assert_eq!(types_of(&app, || drop(reserve())), ["reservation.created"]);
    let kept = reserve();
    let confirm = || drop(admin.post_nothing(&format!("/reservations/{kept}/confirm")).expect(200));
    assert_eq!(types_of(&app, confirm), ["reservation.confirmed"]);
    let dropped = reserve();
    let release = || drop(admin.post_nothing(&format!("/reservations/{dropped}/release")).expect(200));
    assert_eq!(types_of(&app, release), ["reservation.released"]);
    app.advance(120);
    assert_eq!(types_of(&app, || assert!(app.expire_holds() > 0)), ["reservation.expired"]);
    let created = admin.get("/events?type=reservation.created&limit=1").expect(200).json();
    assert_eq!(created["items"][0]["data"]["reference_id"], "quote-1");
    assert_eq!(created["items"][0]["data"]["items"][0]["quantity"], 2);
}
