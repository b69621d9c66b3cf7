//! Looks are entered by product or barcode, at once or scan by scan, in any order.

use super::{Shelf, after, first, path, texts};
use crate::common::{Value, json};

#[test]
fn scans_add_up_in_any_order_of_arrival() {
    let shelf = Shelf::open();
    let count = shelf.count();
    shelf.app.advance(100);
    let entry = |seconds: i64, quantity: i64, add: bool| {
        let mut entry = shelf.entry(quantity, Some(after(&count, seconds)));
        entry["add"] = json!(add);
        entry
    };
    let counted = |entries: &[Value]| {
        let entered = shelf.act(&count, "entries", &json!({"entries": entries})).expect(200).json();
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
    shelf.assert_verified();
}

#[test]
fn a_found_variant_gets_a_line() {
    let shelf = Shelf::open();
    let tee = shelf.app.sized_product("tee", 30.0, &[("S", 5), ("M", 2)]);
    let count = shelf.create(&json!({"scope": {"products": ["rice"]}})).expect(201).json();
    assert_eq!((&count["line_totals"]["total"], &count["scope"]["products"]), (&json!(1), &json!([shelf.rice.id])));
    let entries = json!([{"product_id": "tee-M", "quantity": 3}, {"product_id": tee.id, "size": "s", "quantity": 4},
                         {"product_id": "tee-M", "quantity": 1, "add": true}]);
    let entered = shelf.act(&count, "entries", &json!({"entries": entries})).expect(200).json();
    let lines: Vec<_> = entered["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["line"], &line["sku"], &line["counted_quantity"]))
        .collect();
    assert_eq!(lines, [(&json!(2), &json!("tee-M"), &json!(4)), (&json!(3), &json!("tee-S"), &json!(4))]);
    assert_eq!((&entered["line_totals"]["total"], &entered["line_totals"]["counted"]), (&json!(3), &json!(2)));
    shelf.submit(&count);
    let posted = shelf.post(&count);
    assert_eq!(
        (&posted["status"], &posted["line_totals"]["posted"], &posted["line_totals"]["uncounted"]),
        (&json!("posted"), &json!(2), &json!(1))
    );
    assert_eq!(shelf.app.stock_by_place(&tee), [("main".to_owned(), 8)]);
    assert_eq!(shelf.levels(), (100, 0, 0));
}

#[test]
fn a_found_variant_may_have_been_counted_before_its_entry_arrives() {
    let shelf = Shelf::open();
    let dal = shelf.app.product("dal", 10.0, 4);
    let count = shelf.create(&json!({"scope": {"products": ["rice"]}})).expect(201).json();
    shelf.app.advance(600);
    let entry = json!({"product_id": dal.id, "quantity": 5, "counted_at": after(&count, 60).to_rfc3339()});
    let entered = shelf.act(&count, "entries", &json!({"entries": [entry]})).expect(200).json();
    assert_eq!(first(&entered), ("open".to_owned(), Some(4), Some(5), Some(1)));
    shelf.submit(&count);
    shelf.post(&count);
    assert_eq!(shelf.app.stock_by_place(&dal), [("main".to_owned(), 5)]);
    shelf.assert_verified();
}

#[test]
fn a_barcode_names_a_product_or_a_size() {
    let shelf = Shelf::open();
    shelf.app.set_product(&shelf.rice, &json!({"barcode": "5901234123457"}));
    let sizes = json!([{"size": "S", "initial_stock": 1, "barcode": "96385074"}]);
    shelf.app.create_product(&json!({"sku": "tee", "name": "Tee", "price": 3, "sizes": sizes}));
    let count = shelf.count();
    let entries = json!([{"barcode": "5901234123457", "quantity": 99}, {"barcode": "96385074", "quantity": 2}]);
    let entered = shelf.act(&count, "entries", &json!({"entries": entries})).expect(200).json();
    let lines: Vec<_> =
        entered["lines"].as_array().unwrap().iter().map(|line| (&line["sku"], &line["counted_quantity"])).collect();
    assert_eq!(lines, [(&json!("rice"), &json!(99)), (&json!("tee-S"), &json!(2))]);
    let unknown =
        json!({"entries": [{"barcode": "5901234123457", "quantity": 1}, {"barcode": "nothing", "quantity": 1}]});
    shelf.app.without_effect(|| shelf.act(&count, "entries", &unknown)).refused(404, "PRODUCT_NOT_FOUND");
}

#[test]
fn the_code_of_a_case_counts_its_units_and_a_misread_code_is_refused() {
    let shelf = Shelf::open();
    let case = json!({"code": "15901234123454", "units": 12});
    shelf.admin.post("/inventory/products/rice/barcodes", &case).expect(201);
    let count = shelf.count();
    let entries =
        json!([{"barcode": "15901234123454", "quantity": 7}, {"product_id": "rice", "quantity": 5, "add": true}]);
    let entered = shelf.act(&count, "entries", &json!({"entries": entries})).expect(200).json();
    assert_eq!(first(&entered).2, Some(89));
    for (barcode, status, code) in [
        ("15901234123455", 422, "INVALID_BARCODE"),
        ("\u{661}5901234123454", 422, "INVALID_BARCODE"),
        ("25901234123451", 404, "PRODUCT_NOT_FOUND"),
    ] {
        let body = json!({"entries": [{"barcode": barcode, "quantity": 1}]});
        shelf.app.without_effect(|| shelf.act(&count, "entries", &body)).refused(status, code);
    }
    let scanned = shelf.admin.get("/inventory/scan/15901234123454").expect(200).json();
    assert_eq!((&scanned["open"][0]["kind"], &scanned["open"][0]["number"]), (&json!("count"), &count["count_number"]));
    let number = count["count_number"].as_str().unwrap();
    let scanned = shelf.admin.get(&format!("/inventory/scan/{number}")).expect(200).json();
    assert_eq!((&scanned["kind"], &scanned["document"]["id"]), (&json!("count"), &count["id"]));
}

#[test]
fn who_counted_is_kept_for_each_look() {
    let shelf = Shelf::open();
    let count = shelf.count();
    let (noor, omar) = (shelf.app.staff(&["inventory:count"]), shelf.app.staff(&["inventory:count", "orders:read"]));
    noor.post(&path(&count, "entries"), &json!({"entries": [shelf.entry(3, None)]})).expect(200);
    let body = json!({"entries": [{"product_id": "rice", "quantity": 4, "add": true}]});
    let entered = omar.post(&path(&count, "entries"), &body).expect(200).json();
    assert_eq!(entered["lines"][0]["counted_by"], json!(format!("user:{}", omar.user.unwrap())));
    assert_eq!(first(&entered).2, Some(7));
    let actors = texts(&shelf.app, "SELECT actor AS text FROM count_entries ORDER BY id");
    assert_eq!(actors, [noor, omar].map(|client| format!("user:{}", client.user.unwrap())));
}

#[test]
fn an_entry_that_is_sent_twice_counts_once() {
    let shelf = Shelf::open();
    let count = shelf.count();
    let keyed = shelf.admin.clone().with_key("scan-1");
    let body = json!({"entries": [{"product_id": "rice", "quantity": 1, "add": true}]});
    let send = || keyed.post(&path(&count, "entries"), &body).expect(200);
    let (one, other) = (send(), send());
    assert_eq!((one.json(), other.header("idempotent-replayed")), (other.json(), "true"));
    assert_eq!(first(&shelf.admin.get(&format!("/counts/{}", count["id"])).json()).2, Some(1));
}
