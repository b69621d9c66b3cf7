//! Lines that nobody counted, the quarantine, and lists.

use super::{Store, first, path};
use crate::common::{Value, json};

fn statuses(count: &Value) -> Vec<(&str, &str)> {
    let mut lines: Vec<&Value> = count["lines"].as_array().unwrap().iter().collect();
    lines.sort_by_key(|line| line["line"].as_i64());
    lines.iter().map(|line| (line["sku"].as_str().unwrap(), line["status"].as_str().unwrap())).collect()
}

#[test]
fn lines_that_nobody_counted_keep_their_stock_or_become_empty() {
    let store = Store::open();
    let dal = store.app.product("dal", 10.0, 20);
    let count = store.count();
    store.enter(&count, 90, None);
    let submitted = store.submit(&count);
    assert_eq!(statuses(&submitted), [("dal", "uncounted"), ("rice", "submitted")]);
    assert_eq!(store.post(&count)["status"], "posted");
    assert_eq!((store.levels().0, store.app.stock(&dal).0), (90, 20));
    let zero = store.create(&json!({"uncounted": "zero"})).expect(201).json();
    store.enter(&zero, 91, None);
    let submitted = store.submit(&zero);
    assert_eq!(statuses(&submitted), [("dal", "submitted"), ("rice", "submitted")]);
    assert_eq!(
        (&submitted["lines"][0]["counted_quantity"], &submitted["lines"][0]["variance"]),
        (&json!(0), &json!(-20))
    );
    store.post(&zero);
    assert_eq!((store.levels().0, store.app.stock(&dal).0), (91, 0));
    store.assert_verified();
}

#[test]
fn a_line_that_nobody_counted_can_be_counted_before_the_posting() {
    let store = Store::open();
    let dal = store.app.product("dal", 10.0, 20);
    let count = store.count();
    store.enter(&count, 90, None);
    store.submit(&count);
    store.act(&count, "lines/1/recount", &json!({})).expect(200);
    let entries = json!({"entries": [{"product_id": dal.id, "quantity": 19}]});
    store.act(&count, "entries", &entries).expect(200);
    store.submit(&count);
    store.post(&count);
    assert_eq!((store.levels().0, store.app.stock(&dal).0), (90, 19));
}

#[test]
fn a_quarantine_is_counted_like_a_place() {
    let store = Store::open();
    let units =
        json!({"quantity": 10, "location_id": store.main, "from": "sellable", "to": "quarantine", "reason": "Torn"});
    let moved = store.admin.post("/inventory/products/rice/move", &units).expect(200).json();
    let movements =
        store.admin.get(&format!("/inventory/movements?reference_id={}", moved["reference_id"].as_str().unwrap()));
    let movements = movements.expect(200).json();
    let into = movements["items"].as_array().unwrap().iter().find(|row| row["kind"] == "transfer_in").unwrap();
    let quarantine = &into["location_id"];
    for location in [json!({"condition": "quarantine"}), json!({"location_id": quarantine})] {
        let count = store.create(&location).expect(201).json();
        assert_eq!((&count["location_id"], count["lines"].as_array().unwrap().len()), (quarantine, 1));
    }
    let count = store.create(&json!({"condition": "quarantine"})).expect(201).json();
    assert_eq!(first(&store.enter(&count, 8, None)), ("open".to_owned(), Some(10), Some(8), Some(-2)));
    store.submit(&count);
    store.post(&count);
    let stock = store.admin.get("/inventory/products/rice/stock").expect(200).json();
    assert_eq!(
        (&stock["locations"][0]["stock_quantity"], &stock["locations"][0]["quarantined_quantity"]),
        (&json!(90), &json!(8))
    );
    store.create(&json!({"location_id": quarantine, "condition": "sellable"})).refused(404, "LOCATION_NOT_FOUND");
    store.assert_verified();
}

#[test]
fn counts_and_their_lines_are_listed_by_page() {
    let store = Store::open();
    store.app.product("dal", 10.0, 20);
    let attic = store.app.add_location("attic");
    let open = store.count();
    let posted = store.count_and_post(99);
    store.app.receive(&store.rice, 1, attic).expect(200);
    let other = store.create(&json!({"location_id": attic})).expect(201).json();
    let ids = |query: &str| -> Vec<Value> {
        let list = store.admin.get(&format!("/counts{query}")).expect(200).json();
        list["items"].as_array().unwrap().iter().map(|count| count["id"].clone()).collect()
    };
    let [open_id, posted_id, other_id] = [&open, &posted, &other].map(|count| count["id"].clone());
    assert_eq!(ids(""), [other_id.clone(), posted_id.clone(), open_id.clone()]);
    assert_eq!(ids("?status=posted"), std::slice::from_ref(&posted_id));
    assert_eq!(ids(&format!("?location_id={}&sort=created_at", store.main)), [open_id.clone(), posted_id.clone()]);
    assert_eq!(ids("?limit=1&page=2"), [posted_id]);
    let lines = |count: &Value, query: &str| {
        let read = store.admin.get(&format!("/counts/{}{query}", count["id"])).expect(200).json();
        statuses(&read).iter().map(|(sku, _)| (*sku).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (lines(&open, ""), lines(&open, "?limit=1&page=2")),
        (vec!["dal".into(), "rice".into()], vec!["rice".to_owned()])
    );
    assert_eq!(
        (lines(&posted, "?status=posted"), lines(&other, "")),
        (vec!["rice".to_owned()], vec!["rice".to_owned()])
    );
    let number = posted["count_number"].as_str().unwrap().to_lowercase();
    assert_eq!(store.admin.get(&format!("/counts/{number}")).expect(200).id(), posted["id"].as_i64().unwrap());
    let variances = |query: &str| store.admin.get(&format!("{}{query}", path(&posted, "variances"))).expect(200).json();
    let all = variances("?sort=-line");
    assert_eq!(
        (&all["total"], &all["items"][0]["variance"], all["items"][0]["value"].as_f64()),
        (&json!(1), &json!(-1), Some(-10.0))
    );
    assert_eq!(variances("?status=open")["total"], json!(0));
}
