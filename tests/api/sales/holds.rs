//! The report on holds.

use super::{Shop, count, go_to};
use crate::common::{Value, json};

/// The report, which is the same before and after the days are added up.
fn holds(shop: &Shop, query: &str) -> Value {
    let read = || shop.app.staff(&["reports:read"]).get(&format!("/reports/holds?{query}")).expect(200).json();
    let before = read();
    shop.app.fold_holds();
    assert_eq!(before, read(), "{query}");
    before
}

/// Day, holder, payment method, and the ended, converted and expired ones.
fn row(item: &Value) -> (Value, Value, Value, [i64; 3]) {
    let numbers = ["ended", "converted", "expired"].map(|name| item[name].as_i64().unwrap());
    (item["day"].clone(), item["holder"].clone(), item["payment_method"].clone(), numbers)
}

fn rows(list: &Value) -> Vec<(Value, Value, Value, [i64; 3])> {
    list.as_array().unwrap().iter().map(row).collect()
}

#[test]
fn holds_are_listed_by_the_day_and_the_method_of_their_end() {
    let shop = Shop::open();
    shop.app.hold_carts();
    shop.app.set_store(&json!({"time_zone": "Asia/Kolkata"}));
    let jon = shop.app.customer("jon");
    // 23:58 and 00:03 in the store.
    go_to(&shop.app, "2027-02-01T18:28:00Z");
    let paid = shop.mara.order_upi(&shop.rice, 2);
    let expired = jon.order_upi(&shop.oil, 1);
    shop.confirm(&paid);
    let cancelled = shop.mara.order_upi(&shop.rice, 1);
    shop.mara.add_to_cart(&shop.rice, 3);
    shop.mara.checkout_to(shop.mara.address()).expect(201);
    shop.mara.add_to_cart(&shop.oil, 4);
    go_to(&shop.app, "2027-02-01T18:33:00Z");
    shop.mara.cancel(&cancelled).expect(200);

    let found = holds(&shop, "from=2027-02-01&to=2027-02-03");
    assert_eq!(
        found["active"],
        json!([
            {"holder": "cart", "payment_method": null, "holders": 1, "units": 4, "amount": null},
            {"holder": "order", "payment_method": "upi", "holders": 1, "units": 1, "amount": 41.0},
        ])
    );
    // The payment window is over, and then the hold of the cart.
    go_to(&shop.app, "2027-02-02T10:00:00Z");
    assert_eq!(holds(&shop, "from=2027-02-01&to=2027-02-03")["active"], json!([]));
    shop.app.expire_holds();
    assert_eq!(shop.app.order(&expired)["payment_status"], "expired");
    go_to(&shop.app, "2027-02-04T10:00:00Z");
    let found = holds(&shop, "from=2027-02-01&to=2027-02-03");
    assert_eq!(
        rows(&found["items"]),
        [
            (json!("2027-02-01"), json!("cart"), json!(null), [1, 1, 0]),
            (json!("2027-02-01"), json!("order"), json!("upi"), [1, 1, 0]),
            (json!("2027-02-02"), json!("cart"), json!(null), [1, 0, 1]),
            (json!("2027-02-02"), json!("order"), json!("upi"), [2, 0, 1]),
        ]
    );
    let totals: Vec<_> = found["totals"].as_array().unwrap().iter().map(|item| row(item).3).collect();
    assert_eq!(totals, [[2, 1, 1], [3, 1, 1]]);
    assert_eq!(found["items"][3]["expiry_rate"], 0.5);
    assert_eq!(found["totals"][0]["conversion_rate"], 0.5);
    assert!(count(&shop.app, "SELECT COUNT(*) AS number FROM holds_by_day") >= 4);

    // The days of another time zone: all ended on 1 February in UTC, except for the expired ones.
    shop.app.set_store(&json!({"time_zone": "UTC"}));
    let found = holds(&shop, "from=2027-02-01&to=2027-02-01");
    assert_eq!(
        rows(&found["items"]),
        [
            (json!("2027-02-01"), json!("cart"), json!(null), [1, 1, 0]),
            (json!("2027-02-01"), json!("order"), json!("upi"), [2, 1, 0]),
        ]
    );
    let csv = shop.app.staff(&["reports:read"]).get("/reports/holds?from=2027-02-01&to=2027-02-01&format=csv");
    let expected = "day,holder,payment_method,ended,converted,expired,conversion_rate,expiry_rate\r\n\
                    2027-02-01,cart,,1,1,0,1,0\r\n2027-02-01,order,upi,2,1,0,0.5,0\r\n";
    assert_eq!(csv.expect(200).text(), expected);
}

#[test]
fn days_are_added_up_once_and_can_be_added_up_again() {
    let shop = Shop::open();
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    let order = shop.mara.order_upi(&shop.rice, 2);
    shop.confirm(&order);
    go_to(&shop.app, "2027-02-02T00:05:00Z");
    // The day has been over for less than ten minutes.
    shop.app.fold_holds();
    assert_eq!(count(&shop.app, "SELECT COUNT(*) AS number FROM holds_by_day"), 0);
    go_to(&shop.app, "2027-02-02T00:11:00Z");
    shop.app.fold_holds();
    assert_eq!(count(&shop.app, "SELECT SUM(ended)::int8 AS number FROM holds_by_day"), 1);
    assert_eq!(shop.app.fold_holds(), 0);
    let confirmed = shop.mara.order_upi(&shop.rice, 2);
    shop.confirm(&confirmed);
    let found = holds(&shop, "from=2027-02-01&to=2027-02-02");
    assert_eq!(found["totals"][0]["ended"], 2);
}

#[test]
fn the_report_on_holds_needs_the_permission_and_days_that_make_sense() {
    let shop = Shop::open();
    shop.clerk.get("/reports/holds").refused(403, "FORBIDDEN");
    let reader = shop.app.staff(&["reports:read"]);
    reader.get("/reports/holds?from=2027-02-02&to=2027-02-01").refused_field("from");
    reader.get("/reports/holds?from=2020-02-02&to=2027-02-01").refused_field("from");
    reader.get("/reports/holds?group_by=day").refused_field("group_by");
}
