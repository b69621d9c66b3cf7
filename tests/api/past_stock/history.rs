//! The stock of a product over time.

use chrono::{DateTime, Duration, Utc};

use super::{levels, moment, now, send, ship, text};
use crate::common::{TestApp, Value, json};

const FIGURES: [&str; 4] = ["stock_quantity", "reserved_quantity", "available_quantity", "committed_quantity"];

fn history(app: &TestApp, product: i64, query: &str) -> Vec<Value> {
    let path = format!("/inventory/products/{product}/history?{query}");
    app.admin().get(&path).expect(200).json()["items"].as_array().unwrap().clone()
}

fn figures(point: &Value) -> [i64; 4] {
    FIGURES.map(|figure| point[figure].as_i64().unwrap())
}

/// The times of the points in a zone, as text.
fn times(app: &TestApp, zone: &str, query: &str) -> Vec<String> {
    app.set_store(&json!({"time_zone": zone}));
    let points = history(app, app.product(&format!("rice-{}", uuid::Uuid::new_v4()), 1.0, 0).id, query);
    points.iter().map(|point| moment(&point["at"]).format("%m-%dT%H:%M").to_string()).collect()
}

#[test]
fn days_are_those_of_the_store_with_23_24_or_25_hours() {
    let app = TestApp::start();
    for (zone, from, to, expected) in [
        ("Europe/Berlin", "2025-03-28T23:00", "2025-03-31T22:00", ["03-29T23:00", "03-30T22:00", "03-31T22:00"]),
        ("Europe/Berlin", "2025-10-24T22:00", "2025-10-27T23:00", ["10-25T22:00", "10-26T23:00", "10-27T23:00"]),
        ("Asia/Kolkata", "2025-03-29T00:00", "2025-03-31T18:30", ["03-29T18:30", "03-30T18:30", "03-31T18:30"]),
        // At one o'clock, clocks are set back to midnight: the day begins before that.
        ("America/Havana", "2025-11-01T04:00", "2025-11-04T05:00", ["11-02T04:00", "11-03T05:00", "11-04T05:00"]),
        // At midnight, clocks are set to one o'clock.
        ("Africa/Cairo", "2025-04-23T22:00", "2025-04-26T21:00", ["04-24T22:00", "04-25T21:00", "04-26T21:00"]),
        // The day of 30 December was left out.
        ("Pacific/Apia", "2011-12-29T10:00", "2012-01-01T10:00", ["12-30T10:00", "12-31T10:00", "01-01T10:00"]),
        ("UTC", "2025-03-28T00:00", "2025-03-31T00:00", ["03-29T00:00", "03-30T00:00", "03-31T00:00"]),
        ("UTC", "2025-03-28T12:00", "2025-03-30T09:15", ["03-29T00:00", "03-30T00:00", "03-30T09:15"]),
    ] {
        let found = times(&app, zone, &format!("from={from}:00Z&to={to}:00Z"));
        assert_eq!(found, expected, "{zone} from {from}");
    }
}

#[test]
fn hours_are_the_full_hours_of_a_clock_in_the_store() {
    let app = TestApp::start();
    for (zone, from, to, expected) in [
        (
            "Asia/Kolkata",
            "2025-03-29T00:10",
            "2025-03-29T02:40",
            ["03-29T00:30", "03-29T01:30", "03-29T02:30", "03-29T02:40"],
        ),
        // The clock is set back by an hour: one o'clock comes twice.
        (
            "Europe/London",
            "2025-10-25T23:00",
            "2025-10-26T02:30",
            ["10-26T00:00", "10-26T01:00", "10-26T02:00", "10-26T02:30"],
        ),
        // The clock is set back by half an hour at two o'clock, which is then half past one.
        (
            "Australia/Lord_Howe",
            "2025-04-05T13:30",
            "2025-04-05T16:45",
            ["04-05T14:00", "04-05T15:30", "04-05T16:30", "04-05T16:45"],
        ),
    ] {
        let found = times(&app, zone, &format!("interval=hour&from={from}:00Z&to={to}:00Z"));
        assert_eq!(found, expected, "{zone} from {from}");
    }
}

/// The sum of the rows of a product in the list of the past, at all places or one.
fn sum_as_of(app: &TestApp, at: DateTime<Utc>, is_meant: impl Fn(&Value) -> bool) -> [i64; 4] {
    let levels = levels(app, &format!("&as_of={}", text(at)));
    let meant = levels.iter().filter(|level| is_meant(level));
    meant.map(figures).fold([0; 4], |sum, level| [0, 1, 2, 3].map(|at| sum[at] + level[at]))
}

#[test]
fn each_point_equals_the_levels_at_its_time() {
    let app = TestApp::start();
    app.set_store(&json!({"time_zone": "Europe/Berlin"}));
    let mara = app.customer("mara");
    let (main, attic) = (app.main_location(), app.add_location("attic"));
    let begin = now(&app);
    app.advance(3_600);
    let tee = app.sized_product("tee", 10.0, &[("S", 40), ("M", 30)]);
    let rice = app.product("rice", 10.0, 50);
    let buy = |size: &str, method: &str| {
        let items = json!([{"product_id": tee.id, "size": size, "quantity": 2}]);
        mara.post("/orders", &json!({"items": items, "payment_method": method})).expect(201).json()
    };
    // Several changes in some hours, and none in others.
    for hours in [1, 1, 7, 0, 30, 2, 50] {
        app.advance(hours * 3_600);
        let mara = app.customer("mara");
        let sold = buy("S", "cod");
        buy("M", "upi");
        mara.order_now(&rice, 1).expect(201);
        if hours > 1 {
            ship(&app, &sold);
            send(&app, &rice, 3, attic);
        }
        app.advance(901);
        app.expire_holds();
    }
    let all: Vec<(i64, String)> = vec![
        (tee.id, String::new()),
        (tee.id, "&size=S".to_owned()),
        (tee.id, format!("&size=m&location_id={main}")),
        (rice.id, String::new()),
        (rice.id, format!("&location_id={attic}")),
    ];
    for (product, filter) in all {
        for interval in ["hour", "day"] {
            let points = history(&app, product, &format!("interval={interval}&from={}{filter}", text(begin)));
            assert!(points.len() >= if interval == "hour" { 94 } else { 4 }, "{} points", points.len());
            for point in &points {
                let at = moment(&point["at"]);
                let expected = sum_as_of(&app, at, |level| {
                    let size = level["size"].as_str().unwrap_or_default();
                    level["product_id"] == product
                        && (!filter.contains("size=") || filter.to_uppercase().contains(&format!("SIZE={size}")))
                        && (!filter.contains("location_id") || filter.ends_with(&level["location_id"].to_string()))
                });
                assert_eq!(figures(point), expected, "{interval}{filter} at {at}");
            }
        }
    }
}

#[test]
fn the_last_point_is_the_present() {
    let app = TestApp::start();
    let rice = app.product_in_two_places();
    let mara = app.customer("mara");
    mara.order_now(&rice, 3).expect(201);
    mara.order_upi(&rice, 2);
    let last = |query: &str| history(&app, rice.id, query).pop().unwrap();
    let tomorrow = text(now(&app) + Duration::days(1));
    for query in ["", "interval=hour", "interval=day", &format!("to={tomorrow}")] {
        let before = now(&app);
        let point = last(query);
        assert_eq!(figures(&point), [12, 2, 10, 3], "{query}");
        assert!((before..=now(&app)).contains(&moment(&point["at"])), "{query}: {point}");
    }
    assert_eq!((history(&app, rice.id, "").len(), history(&app, rice.id, "interval=hour").len()), (31, 25));
    // An overdue hold is available, as in every figure, before and after its end is recorded.
    app.advance(901);
    assert_eq!(figures(&last("")), [12, 0, 12, 3]);
    let first = &history(&app, rice.id, "interval=hour")[0];
    assert_eq!(figures(first), [0; 4], "before the first movement");
    assert_eq!(app.expire_holds(), 1);
    assert_eq!(figures(&last("")), [12, 0, 12, 3]);
}

#[test]
fn a_history_has_at_most_1000_points() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 5);
    let path = format!("/inventory/products/{}/history", rice.id);
    let admin = app.admin();
    let hours = "from=2024-01-01T00:00:00Z&interval=hour";
    assert_eq!(history(&app, rice.id, &format!("{hours}&to=2024-02-11T16:00:00Z")).len(), 1_000);
    for query in [
        &format!("{hours}&to=2024-02-11T16:00:01Z"),
        hours,
        "from=2020-01-01T00:00:00Z&to=2022-09-28T00:00:00Z",
        "from=0001-01-01T00:00:00Z",
    ] {
        let problem = admin.get(&format!("{path}?{query}")).refused(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "from", "{query}");
        assert!(problem["errors"][0]["message"].as_str().unwrap().contains("at most 1000 points"), "{problem}");
    }
    assert_eq!(history(&app, rice.id, "from=2020-01-01T00:00:00Z&to=2022-09-27T00:00:00Z").len(), 1_000);
}

#[test]
fn a_history_names_what_exists_and_a_period_of_the_past() {
    let app = TestApp::start();
    let rice = app.product("rice", 10.0, 5);
    let tee = app.sized_product("tee", 10.0, &[("S", 3)]);
    let other = app.other_store("OTHER");
    let foreign = crate::common::shop::create_place(&mut app.connection(), other, "there");
    let admin = app.admin();
    let get = |product: &str, query: &str| admin.get(&format!("/inventory/products/{product}/history?{query}"));
    get("none", "").refused(404, "PRODUCT_NOT_FOUND");
    get("tee", "size=XL").refused(404, "SIZE_NOT_FOUND");
    get("rice", "size=S").refused(404, "SIZE_NOT_FOUND");
    get("rice", "location_id=999").refused(404, "LOCATION_NOT_FOUND");
    get("rice", &format!("location_id={foreign}")).refused(404, "LOCATION_NOT_FOUND");
    for (query, field) in [
        ("location_id=main", "location_id"),
        ("location_id=01", "location_id"),
        ("interval=week", "interval"),
        ("from=today", "from"),
        ("from=2999-01-01T00:00:00Z", "from"),
        ("from=2025-01-02T00:00:00Z&to=2025-01-01T00:00:00Z", "to"),
        ("from=2025-01-02T00:00:00Z&to=2025-01-02T00:00:00Z", "to"),
    ] {
        get("rice", query).refused_field(field);
    }
    // The SKU of a size is that size.
    let by_sku = admin.get("/inventory/products/tee-S/history").expect(200).json();
    assert_eq!(by_sku["items"][30]["stock_quantity"], 3);
    assert_eq!(history(&app, tee.id, "size=s").len(), history(&app, rice.id, "").len());
}

#[test]
fn the_time_zone_of_a_store_is_one_that_exists() {
    let app = TestApp::start();
    let admin = app.admin();
    let path = format!("/stores/{}", app.store);
    let zones = ["Mars/Olympus", "europe/berlin", "EST5EDT+1", "", "posix/UTC", "localtime", "+05:30", "UTC\u{200b}"];
    for (number, zone) in zones.into_iter().enumerate() {
        admin.patch(&path, &json!({"time_zone": zone})).refused_field("time_zone");
        let new = json!({"code": format!("S-{number}"), "name": "S", "time_zone": zone});
        admin.post("/stores", &new).refused_field("time_zone");
    }
    admin.patch(&path, &json!({"time_zone": null})).refused_field("time_zone");
    assert_eq!(admin.get(&path).expect(200).json()["time_zone"], "UTC");
    let new = json!({"code": "NY", "name": "New York", "time_zone": "America/New_York"});
    assert_eq!(admin.post("/stores", &new).expect(201).json()["time_zone"], "America/New_York");
    app.set_store(&json!({"time_zone": "Asia/Kolkata"}));
    let entries = admin.get("/audit?entity=Store").expect(200).json();
    assert!(entries["items"][0]["detail"].as_str().unwrap().ends_with("updated: time_zone"), "{entries}");
}
