//! Refused changes of shipments.

use super::Shop;
use crate::common::{Value, json};

#[test]
fn a_parcel_arrives_or_is_lost_once() {
    let shop = Shop::open();
    let order = shop.order(2);
    let (arrived, lost) = (shop.ship(&order, 1), shop.ship(&order, 1));
    shop.deliver(&arrived);
    shop.lose(&lost);
    let reason = json!({"reason": "r"});
    for shipment in [&arrived, &lost] {
        let again = shop.app.without_effect(|| shop.act(shipment, "delivered", &json!({})));
        again.refused(409, "INVALID_TRANSITION");
        shop.app.without_effect(|| shop.act(shipment, "lost", &reason)).refused(409, "INVALID_TRANSITION");
    }
}

#[test]
fn an_outdated_version_is_refused() {
    let shop = Shop::open();
    let shipment = shop.ship(&shop.order(1), 1);
    shop.patch(&shipment, &json!({"carrier": "DHL", "expected_version": 1})).expect(200);
    let old = json!({"expected_version": 1});
    shop.app.without_effect(|| shop.act(&shipment, "delivered", &old)).refused(409, "STALE_DOCUMENT");
    let lost = json!({"reason": "r", "expected_version": 3});
    shop.app.without_effect(|| shop.act(&shipment, "lost", &lost)).refused(409, "STALE_DOCUMENT");
    let patch = json!({"carrier": null, "expected_version": 1});
    shop.app.without_effect(|| shop.patch(&shipment, &patch)).refused(409, "STALE_DOCUMENT");
    shop.act(&shipment, "delivered", &json!({"expected_version": 2})).expect(200);
}

#[test]
fn a_repeated_key_changes_a_parcel_once() {
    let shop = Shop::open();
    let shipment = shop.ship(&shop.order(1), 1);
    let (keyed, path) = (shop.clerk.clone().with_key("d-1"), format!("/shipments/{}/delivered", shipment["id"]));
    let (first, second) = (keyed.post_nothing(&path).expect(200), keyed.post_nothing(&path).expect(200));
    assert_eq!((first.text(), second.header("idempotent-replayed")), (second.text(), "true"));
}

#[test]
fn invalid_changes_are_refused_by_their_field() {
    let shop = Shop::open();
    let shipment = shop.ship(&shop.order(1), 1);
    for (act, body, field) in [
        ("lost", json!({}), "reason"),
        ("lost", json!({"reason": " "}), "reason"),
        ("lost", json!({"reason": "x".repeat(501)}), "reason"),
        ("lost", json!({"reason": null}), "reason"),
        ("lost", json!({"reason": 5}), "reason"),
        ("lost", json!({"reason": "r", "expected_version": 0}), "expected_version"),
        ("delivered", json!({"expected_version": "1"}), "expected_version"),
        ("delivered", json!({"delivered_at": "2026-01-01T00:00:00Z"}), "delivered_at"),
    ] {
        shop.app.without_effect(|| shop.act(&shipment, act, &body)).refused_field(field);
    }
    for (body, field) in [
        (json!({"carrier": ""}), "carrier"),
        (json!({"carrier": "\u{200b}"}), "carrier"),
        (json!({"tracking_number": "x".repeat(101)}), "tracking_number"),
        (json!({"tracking_url": "javascript:alert(1)"}), "tracking_url"),
        (json!({"tracking_url": "ftp://x.example"}), "tracking_url"),
        (json!({"status": "delivered"}), "status"),
        (json!({"carrier": {}}), "carrier"),
    ] {
        shop.app.without_effect(|| shop.patch(&shipment, &body)).refused_field(field);
    }
}

#[test]
fn a_shipment_of_another_store_or_customer_is_not_found() {
    let shop = Shop::open();
    let shipment = shop.ship(&shop.order(1), 1);
    let elsewhere = shop.app.other_store("other").to_string();
    let admin = shop.app.admin().in_store(&elsewhere);
    let named = [shipment["id"].to_string(), shipment["shipment_number"].as_str().unwrap().to_owned()];
    for name in &named {
        let path = format!("/shipments/{name}");
        shop.mara.get(&path).expect(200);
        shop.app.customer("noor").get(&path).refused(404, "SHIPMENT_NOT_FOUND");
        shop.app.guest().get(&path).refused(401, "UNAUTHENTICATED");
        admin.get(&path).refused(404, "SHIPMENT_NOT_FOUND");
        admin.get(&format!("{path}/packing-slip")).refused(404, "SHIPMENT_NOT_FOUND");
        shop.app.staff(&["orders:update"]).get(&path).refused(403, "FORBIDDEN");
        shop.app.without_effect(|| admin.patch(&path, &json!({"carrier": "DHL"}))).refused(404, "SHIPMENT_NOT_FOUND");
        shop.app
            .without_effect(|| admin.post(&format!("{path}/delivered"), &json!({})))
            .refused(404, "SHIPMENT_NOT_FOUND");
        let lost = || admin.post(&format!("{path}/lost"), &json!({"reason": "r"}));
        shop.app.without_effect(lost).refused(404, "SHIPMENT_NOT_FOUND");
        shop.app.without_effect(|| shop.mara.patch(&path, &json!({"carrier": "DHL"}))).refused(403, "FORBIDDEN");
    }
    shop.clerk.get("/shipments/SHP-20261129-0000000000").refused(404, "SHIPMENT_NOT_FOUND");
}

#[test]
fn a_guest_sees_the_parcel_with_the_token_of_the_order() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"guest_orders": true}));
    let order = shop.app.guest().order_now(&shop.rice, 1).expect(201).json();
    let shipment = shop.ship(&order, 1);
    let path = format!("/shipments/{}", shipment["id"]);
    let guest = shop.app.guest().with_header("X-Order-Token", order["guest_token"].as_str().unwrap());
    assert_eq!(guest.get(&path).expect(200).json()["id"], shipment["id"]);
    let other: Value = shop.app.guest().order_now(&shop.rice, 1).expect(201).json();
    let other = shop.app.guest().with_header("X-Order-Token", other["guest_token"].as_str().unwrap());
    other.get(&path).refused(404, "SHIPMENT_NOT_FOUND");
}
