//! Statistics of orders.

use super::Shop;
use crate::common::json;

#[test]
fn statistics_leave_out_what_is_cancelled() {
    let shop = Shop::open();
    let nothing = shop.clerk.get("/orders/statistics").expect(200).json();
    assert_eq!(
        (&nothing["total_orders"], &nothing["revenue"], &nothing["average_order_value"]),
        (&json!(0), &json!(0.0), &json!(0.0))
    );
    let first = shop.order(2);
    shop.order(3);
    shop.order(5);
    let cancelled = shop.order(90);
    shop.cancel(&cancelled).expect(200);
    shop.confirm(&first, "pay").expect(200);
    shop.set_status(&first, "processing").expect(200);
    let reply = shop.clerk.get("/orders/statistics").expect(200);
    assert!(reply.text().contains("\"average_order_value\":33.33"), "{}", reply.text());
    let figures = reply.json();
    assert_eq!(figures["total_orders"], 4);
    assert_eq!(
        figures["by_status"],
        json!({"under_paying": 0, "pending": 2, "processing": 1, "shipped": 0, "delivered": 0, "cancelled": 1})
    );
    assert_eq!(
        figures["by_payment_status"],
        json!({"pending": 3, "paid": 1, "refunded": 0, "failed": 0, "expired": 0})
    );
    assert_eq!((&figures["revenue"], &figures["units_sold"]), (&json!(100.0), &json!(10)));
    assert_eq!(figures["today"], json!({"orders": 3, "revenue": 100.0}));
    let since = cancelled["created_at"].as_str().unwrap();
    let late = shop.clerk.get(&format!("/orders/statistics?from={since}")).expect(200).json();
    assert_eq!((&late["total_orders"], &late["revenue"]), (&json!(1), &json!(0.0)));
    let early = shop.clerk.get(&format!("/orders/statistics?to={since}")).expect(200).json();
    assert_eq!((&early["total_orders"], &early["units_sold"]), (&json!(3), &json!(10)));
}

#[test]
fn revenue_is_without_refunds_today_as_in_all() {
    let shop = Shop::open();
    let figures = |query: &str| {
        let figures = shop.clerk.get(&format!("/orders/statistics{query}")).expect(200).json();
        (
            figures["revenue"].as_f64().unwrap(),
            figures["average_order_value"].as_f64().unwrap(),
            figures["today"].clone(),
        )
    };
    let (part, whole) = (shop.order(5), shop.order(3));
    shop.order(2);
    for (order, reference) in [(&part, "pay_1"), (&whole, "pay_2")] {
        shop.confirm(order, reference).expect(200);
    }
    assert_eq!(figures(""), (100.0, 33.33, json!({"orders": 3, "revenue": 100.0})));
    shop.refund(&part, "back", Some(12.5)).expect(200);
    shop.refund(&whole, "back", None).expect(200);
    assert_eq!(figures(""), (57.5, 19.17, json!({"orders": 3, "revenue": 57.5})));
    // `today` counts orders of the period that are neither cancelled nor waiting for a payment, as the revenue does.
    shop.cancel(&shop.order(7)).expect(200);
    assert_eq!(shop.mara.order_upi(&shop.rice, 1)["status"], "under_paying");
    assert_eq!(figures(""), (57.5, 19.17, json!({"orders": 3, "revenue": 57.5})));
    let since = whole["created_at"].as_str().unwrap();
    assert_eq!(figures(&format!("?from={since}")), (20.0, 10.0, json!({"orders": 2, "revenue": 20.0})));
    assert_eq!(figures("?to=2020-01-01T00:00:00Z"), (0.0, 0.0, json!({"orders": 0, "revenue": 0.0})));
}
