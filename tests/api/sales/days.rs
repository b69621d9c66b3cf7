//! The days of a store: its midnight, days of 23 and 25 hours, and a change of its time zone.

use super::{Shop, figures, go_to, item};
use crate::common::json;

/// Sells one unit of rice at each of these times.
fn sell_at(shop: &Shop, times: &[&str]) {
    for time in times {
        go_to(&shop.app, time);
        shop.order(&shop.mara, &[(&shop.rice, 1)]);
    }
}

#[test]
fn a_day_begins_at_the_midnight_of_the_store() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"time_zone": "Asia/Kolkata"}));
    sell_at(&shop, &["2027-02-01T18:29:00Z", "2027-02-01T18:31:00Z", "2027-02-02T18:29:00Z", "2027-02-02T18:31:00Z"]);
    let found = shop.report("from=2027-02-01&to=2027-02-03");
    let orders = ["2027-02-01", "2027-02-02", "2027-02-03"].map(|day| figures(item(&found, day)).0);
    assert_eq!(orders, [1, 2, 1]);
    // Without days, the report ends today, which is the 3rd in the store.
    let found = shop.report("");
    let items = found["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[29]["key"]), (30, &json!("2027-02-03")));
    assert_eq!(figures(&items[29]).0, 1);
}

#[test]
fn a_summer_time_day_has_23_or_25_hours() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"time_zone": "Europe/Berlin"}));
    // From 23:00 to 22:00 UTC.
    sell_at(&shop, &["2027-03-27T22:59:00Z", "2027-03-27T23:01:00Z", "2027-03-28T21:59:00Z", "2027-03-28T22:01:00Z"]);
    let found = shop.report("from=2027-03-27&to=2027-03-29");
    let orders = ["2027-03-27", "2027-03-28", "2027-03-29"].map(|day| figures(item(&found, day)).0);
    assert_eq!(orders, [1, 2, 1]);
    // From 22:00 to 23:00 UTC.
    sell_at(&shop, &["2027-10-30T21:59:00Z", "2027-10-30T22:01:00Z", "2027-10-31T22:59:00Z", "2027-10-31T23:01:00Z"]);
    let found = shop.report("from=2027-10-30&to=2027-11-01");
    let orders = ["2027-10-30", "2027-10-31", "2027-11-01"].map(|day| figures(item(&found, day)).0);
    assert_eq!(orders, [1, 2, 1]);
}

#[test]
fn a_clock_that_is_set_back_at_midnight_shows_its_first_hour_in_the_new_day_before() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"time_zone": "America/Havana"}));
    // At 05:00 UTC, the clock is set back from one o'clock to midnight. So the day begins at 04:00 UTC.
    sell_at(&shop, &["2027-11-07T03:59:00Z", "2027-11-07T04:01:00Z", "2027-11-07T05:01:00Z", "2027-11-08T04:59:00Z"]);
    let found = shop.report("from=2027-11-06&to=2027-11-08");
    let orders = ["2027-11-06", "2027-11-07", "2027-11-08"].map(|day| figures(item(&found, day)).0);
    assert_eq!(orders, [1, 3, 0]);
}

#[test]
fn a_new_time_zone_changes_the_days_of_all_sales() {
    let shop = Shop::open();
    sell_at(&shop, &["2027-02-01T23:00:00Z", "2027-02-02T01:00:00Z"]);
    let orders = |shop: &Shop| {
        let found = shop.report("from=2027-02-01&to=2027-02-02");
        ["2027-02-01", "2027-02-02"].map(|day| figures(item(&found, day)).0)
    };
    assert_eq!(orders(&shop), [1, 1]);
    shop.app.set_store(&json!({"time_zone": "Europe/Berlin"}));
    // Before and after the job has folded them again.
    assert_eq!(orders(&shop), [0, 2]);
    shop.app.set_store(&json!({"time_zone": "America/New_York"}));
    assert_eq!(orders(&shop), [2, 0]);
    shop.app.audit();
}
