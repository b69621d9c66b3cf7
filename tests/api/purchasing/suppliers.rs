//! Suppliers and the items that they sell.

use super::Shop;
use crate::common::{Value, json};

#[test]
fn suppliers_are_created_changed_and_listed() {
    let shop = Shop::open();
    let body = json!({"code": "Best-1", "name": "Best Tea", "email": "Sales@Best.example", "phone": "+91 44 1234",
                      "lead_time_days": 12, "notes": "Monday", "active": false});
    let best = shop.admin.post("/suppliers", &body).expect(201).json();
    for (field, value) in [
        ("code", json!("BEST-1")),
        ("name", json!("Best Tea")),
        ("email", json!("sales@best.example")),
        ("phone", json!("+91 44 1234")),
        ("lead_time_days", json!(12)),
        ("notes", json!("Monday")),
        ("active", json!(false)),
    ] {
        assert_eq!(best[field], value, "{field}");
    }
    let path = format!("/suppliers/{}", best["id"]);
    let changed = json!({"name": "Best", "phone": null, "lead_time_days": null, "active": true});
    let changed = shop.admin.patch(&path, &changed).expect(200).json();
    assert_eq!(
        (&changed["name"], &changed["phone"], &changed["lead_time_days"]),
        (&json!("Best"), &json!(null), &json!(null))
    );
    assert_eq!((&changed["code"], &changed["active"]), (&json!("BEST-1"), &json!(true)));
    assert_eq!(shop.admin.get(&path).expect(200).json(), changed);
    shop.admin.patch(&path, &json!({"active": false})).expect(200);

    let codes = |query: &str| -> Vec<Value> {
        let list = shop.admin.get(&format!("/suppliers{query}")).expect(200).json();
        list["items"].as_array().unwrap().iter().map(|supplier| supplier["code"].clone()).collect()
    };
    assert_eq!(codes("?sort=-code"), ["BEST-1", "ACME"]);
    assert_eq!(codes("?sort=name"), ["ACME", "BEST-1"]);
    assert_eq!(codes("?active=true"), ["ACME"]);
    shop.admin.post("/suppliers", &json!({"code": "acme", "name": "A"})).refused(409, "DUPLICATE");
    shop.admin.patch(&path, &json!({"code": "acme"})).refused(409, "DUPLICATE");

    let audit = shop.admin.get("/audit?entity=Supplier").expect(200).json();
    assert_eq!(audit["items"][0]["detail"], "Supplier BEST-1 updated");
}

#[test]
fn the_items_of_a_supplier_have_their_own_terms() {
    let shop = Shop::open();
    let tee = shop.app.sized_product("tee", 30.0, &[("S", 0), ("M", 0)]);
    let path = format!("/suppliers/{}/items", shop.supplier);
    let body = json!({"product_id": tee.id, "size": "M", "supplier_sku": "T-M", "unit_cost": "12.50", "min_quantity": 24,
                      "lead_time_days": 9});
    let item = shop.admin.post(&path, &body).expect(201).json();
    assert_eq!((&item["sku"], &item["size"], &item["unit_cost"]), (&json!("tee-M"), &json!("M"), &json!(12.5)));
    assert_eq!((&item["pack_quantity"], &item["min_quantity"]), (&json!(1), &json!(24)));
    shop.admin.post(&path, &body).refused(409, "DUPLICATE");
    shop.admin.post(&path, &json!({"product_id": tee.id, "unit_cost": 1})).refused(422, "SIZE_REQUIRED");

    let one = format!("{path}/{}", item["id"]);
    let changes = json!({"unit_cost": 13, "supplier_sku": null, "pack_quantity": 12, "lead_time_days": null});
    let changed = shop.admin.patch(&one, &changes).expect(200).json();
    assert_eq!(
        (&changed["unit_cost"], &changed["supplier_sku"], &changed["pack_quantity"], &changed["min_quantity"]),
        (&json!(13.0), &json!(null), &json!(12), &json!(24))
    );
    let list = shop.admin.get(&format!("{path}?sort=-unit_cost")).expect(200).json();
    let skus: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|item| &item["sku"]).collect();
    assert_eq!(skus, ["tee-M", "rice"]);
    shop.admin.delete(&one).expect(204);
    shop.admin.delete(&one).refused(404, "NOT_FOUND");
    assert_eq!(shop.admin.get(&path).expect(200).json()["total"], 1);
}

#[test]
fn nothing_new_is_ordered_from_an_inactive_supplier() {
    let shop = Shop::open();
    let (draft, ordered) = (shop.draft(3), shop.ordered(4));
    shop.admin.patch(&format!("/suppliers/{}", shop.supplier), &json!({"active": false})).expect(200);
    let lines = json!({"lines": [{"product_id": shop.rice.id, "quantity": 1}]});
    shop.app.without_effect(|| shop.create(&lines)).refused(409, "INVALID_TRANSITION");
    shop.app.without_effect(|| shop.act(&draft, "order", &json!({}))).refused(409, "INVALID_TRANSITION");
    shop.receive(&ordered, 4, 0).expect(200);
}
