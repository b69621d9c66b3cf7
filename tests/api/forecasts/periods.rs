//! The periods without stock.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::Shop;
use crate::common::shop::Product;
use crate::common::{TestApp, json};

#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Period {
    #[diesel(sql_type = BigInt)]
    seconds: i64,
    #[diesel(sql_type = Bool)]
    is_open: bool,
}

/// The periods of a product without sizes, in their order. An open one has no seconds.
fn periods(app: &TestApp, product: &Product) -> Vec<(i64, bool)> {
    app.relay_feed();
    let periods: Vec<Period> = diesel::sql_query(
        "SELECT COALESCE(EXTRACT(epoch FROM o.ended_at - o.started_at)::int8, 0) AS seconds, o.ended_at IS NULL AS is_open \
         FROM stock_outs o JOIN variants v ON v.store_id = o.store_id AND v.id = o.variant_id \
         WHERE v.product_id = $1 ORDER BY o.started_at",
    )
    .bind::<BigInt, _>(product.id)
    .load(&mut app.connection())
    .unwrap();
    periods.into_iter().map(|period| (period.seconds, period.is_open)).collect()
}

/// The seconds of a period, which took a moment longer.
fn hours(periods: &[(i64, bool)]) -> Vec<i64> {
    periods.iter().map(|(seconds, _)| (seconds + 1_800) / 3_600).collect()
}

#[test]
fn a_period_begins_with_the_last_unit_and_ends_with_the_next_one() {
    let shop = Shop::open();
    let mug = shop.app.product("mug", 10.0, 5);
    shop.sell(&mug, 4);
    assert!(periods(&shop.app, &mug).is_empty());
    shop.sell(&mug, 1);
    assert_eq!(periods(&shop.app, &mug), [(0, true)]);
    shop.app.advance(5 * 3_600);
    shop.app.set_stock(&mug, 2);
    let ended = periods(&shop.app, &mug);
    assert_eq!((hours(&ended), ended[0].1), (vec![5], false));
    shop.sell(&mug, 2);
    shop.app.advance(2 * 3_600);
    shop.app.set_stock(&mug, 1);
    assert_eq!(hours(&periods(&shop.app, &mug)), [5, 2]);
    assert_eq!(shop.admin.get("/inventory/verify?all=true").expect(200).json()["ok"], json!(true));
}

#[test]
fn several_changes_that_the_relay_moves_at_once_give_the_same_periods() {
    let shop = Shop::open();
    let mug = shop.app.product("mug", 10.0, 3);
    for _ in 0..3 {
        shop.app.set_stock(&mug, 0);
        shop.app.advance(3_600);
        shop.app.set_stock(&mug, 3);
        shop.app.advance(3_600);
    }
    shop.app.set_stock(&mug, 0);
    let found = periods(&shop.app, &mug);
    assert_eq!(hours(&found[..3]), [1, 1, 1]);
    assert_eq!(found[3..], [(0, true)]);
}

#[test]
fn a_product_that_is_not_on_sale_is_not_out_of_stock() {
    let shop = Shop::open();
    let mug = shop.app.product("mug", 10.0, 3);
    shop.app.set_stock(&mug, 0);
    shop.app.relay_feed();
    shop.app.advance(3_600);
    shop.app.archive(&mug);
    shop.app.find_scarce_variants();
    let found = periods(&shop.app, &mug);
    assert_eq!((hours(&found), found[0].1), (vec![1], false));
}

#[test]
fn a_day_counts_if_half_of_it_was_without_stock_in_the_time_zone_of_the_store() {
    let shop = Shop::open();
    // At 10:00 UTC it is 19:00 in Tokyo, where a day begins at 15:00 UTC.
    let mug = shop.app.product("mug", 10.0, 3);
    shop.app.set_stock(&mug, 0);
    shop.app.advance(26 * 3_600);
    shop.app.set_stock(&mug, 3);
    shop.app.advance(2 * 86_400);
    shop.forecast_all();
    // From 10:00 to 12:00 of the next day: 14 hours of the first day, and 12 of the second.
    assert_eq!(shop.report("")[0]["days_out_of_stock"], json!(2));
    shop.app.set_store(&json!({"time_zone": "Asia/Tokyo"}));
    shop.next_day();
    shop.forecast_all();
    // 5 hours of the first day, and 21 of the second.
    assert_eq!(shop.report("")[0]["days_out_of_stock"], json!(1));
}
