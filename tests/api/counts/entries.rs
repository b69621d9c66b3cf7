//! Looks are entered by product or barcode, at once or scan by scan, in any order.

use super::{Store, after, first, path};
use crate::common::{Value, json};

#[test]
fn scans_add_up_in_any_order_of_arrival() {
    let store = Store::open();
    let count = store.count();
    store.app.advance(100);
    let entry = |seconds: i64, quantity: i64, add: bool| {
        let mut entry = store.entry(quantity, Some(after(&count, seconds)));
        entry["add"] = json!(add);
        entry
    };
    let counted = |entries: &[Value]| {
        let entered = store.act(&count, "entries", &json!({"entries": entries})).expect(200).json();
        (first(&entered).2.unwrap(), entered["lines"][0]["counted_at"].clone())
    };
    let at = |seconds: i64| json!(after(&count, seconds).to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
    assert_eq!(counted(&[entry(10, 1, true), entry(11, 1, true)]).0, 2);
    assert_eq!(counted(&[entry(20, 40, false), entry(21, 2, true)]), (42, at(21)));
    // A scan before the figure that replaced it does not count, and one after it does.
    assert_eq!(counted(&[entry(19, 5, true)]), (42, at(21)));
    assert_eq!(counted(&[entry(20, 3, true)]), (45, at(21)));
    // An older figure arrives late, and then a newer one.
    assert_eq!(counted(&[entry(15, 7, false)]), (45, at(21)));
    assert_eq!(counted(&[entry(30, 0, false)]), (0, at(30)));
    store.assert_verified();
}

#[test]
fn a_found_variant_gets_a_line() {
    let store = Store::open();
    let tee = store.app.sized_product("tee", 30.0, &[("S", 5), ("M", 2)]);
    let count = store.create(&json!({"scope": {"products": ["rice"]}})).expect(201).json();
    assert_eq!((&count["line_totals"]["total"], &count["scope"]["products"]), (&json!(1), &json!([store.rice.id])));
    let entries = json!([{"product_id": "tee-M", "quantity": 3}, {"product_id": tee.id, "size": "s", "quantity": 4},
                         {"product_id": "tee-M", "quantity": 1, "add": true}]);
    let entered = store.act(&count, "entries", &json!({"entries": entries})).expect(200).json();
    let lines: Vec<_> = entered["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["line"], &line["sku"], &line["counted_quantity"]))
        .collect();
    assert_eq!(lines, [(&json!(2), &json!("tee-M"), &json!(4)), (&json!(3), &json!("tee-S"), &json!(4))]);
    assert_eq!((&entered["line_totals"]["total"], &entered["line_totals"]["counted"]), (&json!(3), &json!(2)));
    store.submit(&count);
    let posted = store.post(&count);
    assert_eq!(
        (&posted["status"], &posted["line_totals"]["posted"], &posted["line_totals"]["uncounted"]),
        (&json!("posted"), &json!(2), &json!(1))
    );
    assert_eq!(store.app.stock_by_place(&tee), [("main".to_owned(), 8)]);
    assert_eq!(store.levels(), (100, 0, 0));
}

#[test]
fn a_found_variant_may_have_been_counted_before_its_entry_arrives() {
    let store = Store::open();
    let dal = store.app.product("dal", 10.0, 4);
    let count = store.create(&json!({"scope": {"products": ["rice"]}})).expect(201).json();
    store.app.advance(600);
    let entry = json!({"product_id": dal.id, "quantity": 5, "counted_at": after(&count, 60).to_rfc3339()});
    let entered = store.act(&count, "entries", &json!({"entries": [entry]})).expect(200).json();
    assert_eq!(first(&entered), ("open".to_owned(), Some(4), Some(5), Some(1)));
    store.submit(&count);
    store.post(&count);
    assert_eq!(store.app.stock_by_place(&dal), [("main".to_owned(), 5)]);
    store.assert_verified();
}

#[test]
fn a_barcode_names_a_product_or_a_size() {
    let store = Store::open();
    store.app.set_product(&store.rice, &json!({"barcode": "5901234123457"}));
    let sizes = json!([{"size": "S", "initial_stock": 1, "barcode": "96385074"}]);
    store.app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 3, "sizes": sizes}));
    let count = store.count();
    let entries = json!([{"barcode": "5901234123457", "quantity": 99}, {"barcode": "96385074", "quantity": 2}]);
    let entered = store.act(&count, "entries", &json!({"entries": entries})).expect(200).json();
    let lines: Vec<_> =
        entered["lines"].as_array().unwrap().iter().map(|line| (&line["sku"], &line["counted_quantity"])).collect();
    assert_eq!(lines, [(&json!("rice"), &json!(99)), (&json!("tee-S"), &json!(2))]);
    let unknown =
        json!({"entries": [{"barcode": "5901234123457", "quantity": 1}, {"barcode": "nothing", "quantity": 1}]});
    store.app.without_effect(|| store.act(&count, "entries", &unknown)).refused(404, "PRODUCT_NOT_FOUND");
}

#[test]
fn the_code_of_a_case_counts_its_units_and_a_misread_code_is_refused() {
    let store = Store::open();
    let case = json!({"code": "15901234123454", "units": 12});
    store.admin.post("/inventory/products/rice/barcodes", &case).expect(201);
    let count = store.count();
    let entries =
        json!([{"barcode": "15901234123454", "quantity": 7}, {"product_id": "rice", "quantity": 5, "add": true}]);
    let entered = store.act(&count, "entries", &json!({"entries": entries})).expect(200).json();
    assert_eq!(first(&entered).2, Some(89));
    for (barcode, status, code) in [
        ("15901234123455", 422, "INVALID_BARCODE"),
        ("\u{661}5901234123454", 422, "INVALID_BARCODE"),
        ("25901234123451", 404, "PRODUCT_NOT_FOUND"),
    ] {
        let body = json!({"entries": [{"barcode": barcode, "quantity": 1}]});
        store.app.without_effect(|| store.act(&count, "entries", &body)).refused(status, code);
    }
    let scanned = store.admin.get("/inventory/scan/15901234123454").expect(200).json();
    assert_eq!((&scanned["open"][0]["kind"], &scanned["open"][0]["number"]), (&json!("count"), &count["count_number"]));
    let number = count["count_number"].as_str().unwrap();
    let scanned = store.admin.get(&format!("/inventory/scan/{number}")).expect(200).json();
    assert_eq!((&scanned["kind"], &scanned["document"]["id"]), (&json!("count"), &count["id"]));
}

#[test]
fn who_counted_is_kept_for_each_look() {
    let store = Store::open();
    let count = store.count();
    let (noor, omar) = (store.app.staff(&["inventory:count"]), store.app.staff(&["inventory:count", "orders:read"]));
    noor.post(&path(&count, "entries"), &json!({"entries": [store.entry(3, None)]})).expect(200);
    let body = json!({"entries": [{"product_id": "rice", "quantity": 4, "add": true}]});
    let entered = omar.post(&path(&count, "entries"), &body).expect(200).json();
    assert_eq!(entered["lines"][0]["counted_by"], json!(format!("user:{}", omar.user.unwrap())));
    assert_eq!(first(&entered).2, Some(7));
    let kept = listed(&store, &count, "");
    let shown = |entry: &Value| ["line", "sku", "quantity", "add", "actor"].map(|name| entry[name].clone());
    let actors = [noor, omar].map(|client| json!(format!("user:{}", client.user.unwrap())));
    let expected = [(3, false, &actors[0]), (4, true, &actors[1])];
    assert_eq!(
        kept.iter().map(shown).collect::<Vec<_>>(),
        expected.map(|(quantity, add, actor)| [json!(1), json!("rice"), json!(quantity), json!(add), actor.clone()])
    );
    for entry in &kept {
        assert_eq!((&entry["counted_at"], &entry["size"]), (&entry["created_at"], &json!(null)));
    }
}

/// The entries of a count, with this query.
fn listed(store: &Store, count: &Value, query: &str) -> Vec<Value> {
    let list = store.admin.get(&format!("/counts/{}/entries{query}", count["id"])).expect(200).json();
    list["items"].as_array().unwrap().clone()
}

#[test]
fn the_entries_are_listed_by_line_and_time_of_the_look_or_as_they_arrived() {
    let store = Store::open();
    let tee = store.app.sized_product("tee", 30.0, &[("S", 5), ("M", 2)]);
    let count = store.count();
    store.app.advance(100);
    let scan =
        |size: &str, quantity: i64| json!({"product_id": tee.id, "size": size, "quantity": quantity, "add": true});
    let entries = json!([
        scan("S", 1),
        store.entry(97, Some(after(&count, 20))),
        scan("M", 2),
        store.entry(98, Some(after(&count, 10)))
    ]);
    store.act(&count, "entries", &json!({"entries": entries})).expect(200);
    let quantities = |query: &str| {
        listed(&store, &count, query).iter().map(|entry| entry["quantity"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(quantities(""), [98, 97, 2, 1]);
    assert_eq!(quantities("?sort=-line"), [1, 2, 97, 98]);
    assert_eq!(quantities("?sort=id"), [1, 97, 2, 98]);
    assert_eq!(quantities("?sort=-id&limit=1&page=2"), [2]);
    assert_eq!((quantities("?line=1"), quantities("?line=3"), quantities("?line=9")), (vec![98, 97], vec![1], vec![]));
    // Entries from before a second count stay.
    store.act(&count, "lines/1/recount", &json!({})).expect(200);
    store.enter(&count, 99, None);
    assert_eq!(quantities("?line=1"), [98, 97, 99]);
    let number = count["count_number"].as_str().unwrap();
    let list = store.admin.get(&format!("/counts/{number}/entries?limit=2")).expect(200).json();
    assert_eq!((&list["total"], &list["pages"]), (&json!(5), &json!(3)));
}

#[test]
fn a_counter_of_a_blind_count_sees_the_entries_which_have_no_expected_quantity() {
    let store = Store::open();
    let count = store.create(&json!({"blind": true})).expect(201).json();
    store.enter(&count, 97, None);
    let entries = path(&count, "entries");
    let list = store.app.staff(&["inventory:count"]).get(&entries).expect(200).json();
    let mut names: Vec<&String> = list["items"][0].as_object().unwrap().keys().collect();
    names.sort();
    let known =
        ["actor", "add", "counted_at", "created_at", "id", "line", "product_id", "product_name", "quantity", "size"];
    assert_eq!(names, [&known[..], &["sku", "variant_id"]].concat());
    store.app.staff(&["inventory:read"]).get(&entries).refused(403, "FORBIDDEN");
    store.admin.get("/counts/999/entries").refused(404, "COUNT_NOT_FOUND");
}

#[test]
fn an_entry_that_is_sent_twice_counts_once() {
    let store = Store::open();
    let count = store.count();
    let keyed = store.admin.clone().with_key("scan-1");
    let body = json!({"entries": [{"product_id": "rice", "quantity": 1, "add": true}]});
    let send = || keyed.post(&path(&count, "entries"), &body).expect(200);
    let (one, other) = (send(), send());
    assert_eq!((one.json(), other.header("idempotent-replayed")), (other.json(), "true"));
    assert_eq!(first(&store.admin.get(&format!("/counts/{}", count["id"])).json()).2, Some(1));
}
