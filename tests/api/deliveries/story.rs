//! The parcels of an order on their way.

use super::{Shop, statuses};
use crate::common::{Value, json};

#[test]
fn two_of_five_units_are_shipped_one_is_cancelled_and_each_parcel_arrives_or_is_lost() {
    let shop = Shop::open();
    let order = shop.order(5);
    assert_eq!(order["shipments"], json!([]));
    let first = shop.ship(&order, 2);
    assert_eq!(
        (&first["status"], &first["version"], &first["delivered_at"]),
        (&json!("in_transit"), &json!(1), &Value::Null)
    );
    shop.cancel_units(&order, 1);
    let arrived = shop.deliver(&first);
    assert_eq!((&arrived["status"], &arrived["version"]), (&json!("delivered"), &json!(2)));
    assert!(arrived["delivered_at"].is_string() && arrived["lost_at"].is_null(), "{arrived}");
    // Two units are left to ship.
    assert_eq!((&arrived["order_status"], shop.status(&order)), (&json!("processing"), "processing".to_owned()));
    let (second, third) = (shop.ship(&order, 1), shop.ship(&order, 1));
    assert_eq!((&third["order_status"], shop.status(&order)), (&json!("shipped"), "shipped".to_owned()));
    let lost = shop.lose(&second);
    assert_eq!((&lost["status"], &lost["lost_reason"]), (&json!("lost"), &json!("The van burnt")));
    assert_eq!(shop.status(&order), "shipped");
    let last = shop.deliver(&third);
    assert_eq!(last["order_status"], "delivered");
    let now = shop.mara.get(&format!("/orders/{}", order["id"])).expect(200).json();
    assert_eq!((&now["status"], statuses(&now)), (&json!("delivered"), vec!["delivered", "lost", "delivered"]));
    // A lost shipment stays shipped.
    assert_eq!((&now["items"][0]["shipped_quantity"], shop.app.stock(&shop.rice)), (&json!(4), (996, 0, 4)));
    assert_eq!(now["shipments"][1], shop.mara.get(&format!("/shipments/{}", second["id"])).expect(200).json());
    let listed = shop.mara.get(&format!("/orders/{}/shipments", order["id"])).expect(200).json();
    assert_eq!(now["shipments"], listed);
    assert_eq!(shop.steps(&order), ["pending", "processing", "shipped", "delivered"]);
    let audit = shop.audit(&order);
    for (shipment, done) in [(&first, "was delivered"), (&second, "was lost: The van burnt"), (&third, "was delivered")]
    {
        let entry = format!("Shipment {} {done}", shipment["shipment_number"].as_str().unwrap());
        assert_eq!(audit.iter().filter(|line| **line == entry).count(), 1, "{audit:?}");
    }
}

#[test]
fn a_list_of_orders_has_the_shipments_of_each() {
    let shop = Shop::open();
    let (shipped, open, cancelled) = (shop.order(2), shop.order(1), shop.order(1));
    let numbers = [shop.ship(&shipped, 1), shop.ship(&shipped, 1)].map(|one| one["shipment_number"].clone());
    shop.mara.cancel(&cancelled).expect(200);
    let list = shop.clerk.get("/orders?sort=created_at").expect(200).json();
    let shown: Vec<Vec<&Value>> = (list["items"].as_array().unwrap().iter())
        .map(|order| order["shipments"].as_array().unwrap().iter().map(|one| &one["shipment_number"]).collect())
        .collect();
    assert_eq!(shown, [numbers.iter().collect::<Vec<_>>(), vec![], vec![]]);
    assert_eq!(list["items"][1]["id"], open["id"]);
}

#[test]
fn an_order_has_its_newest_shipments_and_the_list_has_all() {
    let shop = Shop::open();
    let order = shop.order(22);
    let all: Vec<Value> = (0..22).map(|_| shop.ship(&order, 1)["id"].clone()).collect();
    let ids = |list: &Value| list.as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&shop.app.order(&order)["shipments"]), all[2..]);
    assert_eq!(ids(&shop.clerk.get(&format!("/orders/{}/shipments", order["id"])).expect(200).json()), all);
    // The oldest shipment is found by its own path.
    let oldest = shop.clerk.get(&format!("/shipments/{}", all[0])).expect(200).json();
    let number = oldest["shipment_number"].as_str().unwrap().to_lowercase();
    assert_eq!(shop.clerk.get(&format!("/shipments/{number}")).expect(200).json()["id"], all[0]);
}

#[test]
fn an_order_without_a_delivered_parcel_is_never_delivered() {
    let shop = Shop::open();
    let order = shop.order(2);
    let both = [shop.ship(&order, 1), shop.ship(&order, 1)];
    for shipment in &both {
        shop.lose(shipment);
    }
    assert_eq!(shop.status(&order), "shipped");
    assert_eq!(shop.app.order(&order)["next_statuses"], json!([]));
    let path = format!("/orders/{}", order["id"]);
    let delivered = json!({"status": "delivered"});
    shop.app.without_effect(|| shop.clerk.put(&path, &delivered)).refused(409, "INVALID_TRANSITION");
}

#[test]
fn cancelling_the_last_units_after_the_parcels_arrived_delivers_the_order() {
    let shop = Shop::open();
    let order = shop.order(3);
    shop.deliver(&shop.ship(&order, 2));
    assert_eq!(shop.status(&order), "processing");
    let now = shop.cancel_units(&order, 1);
    assert_eq!((&now["status"], &now["net_total"]), (&json!("delivered"), &json!(20.0)));
    assert_eq!(shop.steps(&order), ["pending", "processing", "shipped", "delivered"]);
    // If only the parcels on their way are left, the order is shipped.
    let order = shop.order(3);
    shop.lose(&shop.ship(&order, 1));
    shop.ship(&order, 1);
    assert_eq!(shop.cancel_units(&order, 1)["status"], "shipped");
}

#[test]
fn the_status_delivered_marks_the_parcels_on_their_way() {
    let shop = Shop::open();
    let order = shop.order(3);
    let [first, lost, last] = [1, 1, 1].map(|quantity| shop.ship(&order, quantity));
    let first = shop.deliver(&first);
    shop.lose(&lost);
    assert_eq!(shop.app.order(&order)["next_statuses"], json!(["delivered"]));
    let now = shop.clerk.put(&format!("/orders/{}", order["id"]), &json!({"status": "delivered"})).expect(200).json();
    assert_eq!((&now["status"], statuses(&now)), (&json!("delivered"), vec!["delivered", "lost", "delivered"]));
    assert_eq!(now["shipments"][0]["delivered_at"], first["delivered_at"]);
    assert_eq!((&now["shipments"][2]["id"], &now["shipments"][2]["version"]), (&last["id"], &json!(2)));
}

#[test]
fn the_order_has_the_tracking_number_of_its_latest_parcel() {
    let shop = Shop::open();
    let order = shop.order(3);
    let tracking = |order: &Value| shop.app.order(order)["tracking_number"].clone();
    let (first, second) = (shop.ship(&order, 1), shop.ship(&order, 1));
    shop.patch(&first, &json!({"tracking_number": "T-1", "carrier": "DHL"})).expect(200);
    assert_eq!(tracking(&order), "T-1");
    let changed = shop.patch(&second, &json!({"tracking_number": "T-2", "tracking_url": "https://t.example/2"}));
    let changed = changed.expect(200).json();
    let fields = ["tracking_number", "tracking_url", "carrier", "version"].map(|name| changed[name].clone());
    assert_eq!(fields, [json!("T-2"), json!("https://t.example/2"), Value::Null, json!(2)]);
    assert_eq!(tracking(&order), "T-2");
    // An older parcel changes nothing of the order.
    shop.patch(&first, &json!({"tracking_number": "T-1b"})).expect(200);
    assert_eq!(tracking(&order), "T-2");
    shop.patch(&second, &json!({"tracking_number": null})).expect(200);
    assert_eq!(tracking(&order), "T-1b");
    // The number of the order is that of its latest parcel.
    shop.clerk.put(&format!("/orders/{}", order["id"]), &json!({"tracking_number": "T-3"})).expect(200);
    let shipments = shop.app.order(&order)["shipments"].clone();
    assert_eq!((&shipments[0]["tracking_number"], &shipments[1]["tracking_number"]), (&json!("T-1b"), &json!("T-3")));
    // A delivered parcel can still be corrected, and a change of nothing keeps the version.
    let delivered = shop.deliver(&second);
    let same = shop.patch(&second, &json!({"tracking_number": "T-3"})).expect(200).json();
    assert_eq!(same["version"], delivered["version"]);
    shop.patch(&second, &json!({"carrier": "UPS"})).expect(200);
}
