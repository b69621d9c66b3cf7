//! The list of all stock as it was at a time.

use super::{levels, now, quarantine, send, ship, text, without_settings};
use crate::common::{TestApp, Value, json};

/// The columns that the list can be sorted by.
const SORTS: [&str; 8] = [
    "variant_id",
    "sku",
    "product_name",
    "stock_quantity",
    "reserved_quantity",
    "available_quantity",
    "sold_quantity",
    "updated_at",
];

/// Changes the stock in every way, and calls `step` after each change.
fn play(app: &TestApp, mut step: impl FnMut()) {
    let (admin, mara) = (app.admin(), app.customer("mara"));
    let rice = app.product_in_two_places();
    let attic = levels(app, "").iter().find(|level| level["location_code"] == "attic").unwrap()["location_id"].clone();
    step();
    let sold = mara.order_now(&rice, 4).expect(201).json();
    step();
    let tee = app.sized_product("tee", 10.0, &[("S", 3), ("M", 7)]);
    step();
    ship(app, &sold);
    let held = mara.order_upi(&rice, 2);
    step();
    quarantine(app, &rice, 1);
    step();
    let transfer = send(app, &rice, 2, attic.as_i64().unwrap());
    step();
    admin.confirm(&held, "pay-1").expect(200);
    step();
    let lines = json!([{"line_id": transfer["lines"][0]["id"], "accepted": 2, "rejected": 0}]);
    admin.post(&format!("/transfers/{}/receive", transfer["id"]), &json!({"lines": lines})).expect(200);
    step();
    mara.cancel(&held).expect(200);
    let counted = json!({"quantity": 5, "movement_type": "adjustment", "reason": "counted", "size": "M"});
    admin.put(&format!("/inventory/products/{}/stock", tee.id), &counted).expect(200);
    step();
}

/// The rows that existed at a time, as the list had them.
fn among<'v>(levels: &'v [Value], past: &[Value]) -> Vec<&'v Value> {
    let key = |level: &Value| (level["variant_id"].as_i64(), level["location_id"].as_i64());
    levels.iter().filter(|level| past.iter().any(|then| key(then) == key(level))).collect()
}

#[test]
fn every_level_is_as_it_was() {
    let app = TestApp::start();
    let mut seen = Vec::new();
    play(&app, || {
        for sort in SORTS.iter().flat_map(|sort| [(*sort).to_owned(), format!("-{sort}")]) {
            let present = levels(&app, &format!("&sort={sort}")).into_iter().map(without_settings);
            seen.push((now(&app), sort, present.collect::<Vec<_>>()));
        }
        app.advance(60);
    });
    assert_eq!(seen.len(), 9 * 16);
    for (at, sort, present) in &seen {
        let past = levels(&app, &format!("&sort={sort}&as_of={}", text(*at)));
        assert_eq!(among(&past, present), present.iter().collect::<Vec<_>>(), "{sort} at {at}");
        // Rows that did not exist yet have no units.
        assert_eq!(past.len(), 4, "the same rows at every time");
        for level in past.iter().filter(|level| among(present, &[(*level).clone()]).is_empty()) {
            for figure in
                ["stock", "reserved", "available", "committed", "sold", "on_hand", "in_transit", "quarantined"]
            {
                assert_eq!(level[format!("{figure}_quantity")], 0, "{level}");
            }
            assert_eq!(level["updated_at"], json!(null));
        }
    }
}

#[test]
fn a_time_is_in_the_past_and_has_an_offset() {
    let app = TestApp::start();
    app.product("rice", 10.0, 5);
    app.product("dal", 10.0, 7);
    let admin = app.admin();
    let tomorrow = text(now(&app) + chrono::Duration::days(1));
    admin.get(&format!("/inventory?as_of={tomorrow}")).refused_field("as_of");
    for refused in ["2026-11-21", "yesterday", "1", "2026-11-21T10:30:00"] {
        admin.get(&format!("/inventory?as_of={refused}")).refused_field("as_of");
    }
    let list = admin.get("/inventory?as_of=2020-01-01T00:00:00Z&limit=1&page=2&sort=-updated_at").expect(200).json();
    let counts = ["total", "page", "limit", "pages"].map(|count| list[count].as_i64().unwrap());
    assert_eq!(counts, [2, 2, 1, 2]);
    assert_eq!((&list["items"][0]["sku"], &list["items"][0]["stock_quantity"]), (&json!("rice"), &json!(0)));
    // The time of a movement belongs to the movement, and the microsecond before it does not.
    let level = levels(&app, "&sort=sku").remove(0);
    let at = super::moment(&level["updated_at"]);
    let stock = |at| levels(&app, &format!("&sort=sku&as_of={}", text(at)))[0]["stock_quantity"].clone();
    assert_eq!((stock(at), stock(at - chrono::Duration::microseconds(1))), (json!(7), json!(0)));
}

#[test]
fn overdue_holds_count_as_in_the_present_list_until_the_ledger_has_their_end() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 5);
    app.customer("mara").order_upi(&rice, 2);
    let reserved = |at| levels(&app, &format!("&as_of={}", text(at)))[0]["reserved_quantity"].clone();
    let (held, expired) = (now(&app), now(&app) + chrono::Duration::seconds(3_600));
    app.advance(3_601);
    assert_eq!((reserved(held), reserved(expired)), (json!(2), json!(0)));
    assert_eq!(levels(&app, "")[0]["reserved_quantity"], 0);
    assert_eq!(app.expire_holds(), 1);
    assert_eq!((reserved(held), reserved(expired), reserved(now(&app))), (json!(2), json!(2), json!(0)));
}

#[test]
fn a_row_of_many_movements_is_found_at_every_time() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 100);
    let mut seen = vec![(now(&app), 100)];
    for sold in 1..=33 {
        app.advance(1);
        app.customer("mara").order_now(&rice, 1).expect(201);
        seen.push((now(&app), 100 - sold));
    }
    for (at, stock) in seen {
        assert_eq!(levels(&app, &format!("&as_of={}", text(at)))[0]["stock_quantity"], stock, "{at}");
    }
}
