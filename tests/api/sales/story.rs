//! The figures of sales, by hand. An order of 2 rice and 1 oil has gross 40.00, tax 2.00 and delivery 20.00.

use super::{MONDAY, Shop, customers, figures, go_to, item, margin};
use crate::common::shop::Product;
use crate::common::{json, minor};

const DAY: &str = "from=2027-02-01&to=2027-02-03";

#[test]
fn a_sale_counts_on_its_day_and_a_credit_on_its_own_day() {
    let shop = Shop::open();
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    let order = shop.order(&shop.mara, &[(&shop.rice, 2), (&shop.oil, 1)]);
    shop.confirm(&order);
    shop.deliver(&order);
    go_to(&shop.app, "2027-02-03T10:00:00Z");
    shop.give_back(&order, 1);
    shop.post(&order, "refund", &json!({"refund_reference": "back-1", "amount": 10.5})).expect(200);

    let found = shop.report(DAY);
    assert_eq!(figures(item(&found, MONDAY)), (1, 3, [4000, 0, 200, 2000, 0, 0, 4000]));
    // 2 × (10.00 − 6.00). The cost of oil is not known.
    assert_eq!(margin(item(&found, MONDAY)), Some(800));
    assert_eq!(figures(item(&found, "2027-02-02")), (0, 0, [0; 7]));
    assert_eq!(margin(item(&found, "2027-02-02")), None);
    assert_eq!(figures(item(&found, "2027-02-03")), (0, 0, [0, 0, -50, 0, 1050, 1000, -1000]));
    assert_eq!(margin(item(&found, "2027-02-03")), Some(-400));
    assert_eq!(figures(&found["totals"]), (1, 3, [4000, 0, 150, 2000, 1050, 1000, 3000]));
    assert_eq!(minor(&found["totals"]["average_order_value"]), 3000);
    assert_eq!(margin(&found["totals"]), Some(400));
    assert!(found["previous"].is_null());
    let keys: Vec<_> = found["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect();
    assert_eq!(keys, [MONDAY, "2027-02-02", "2027-02-03"]);
}

#[test]
fn a_cancelled_order_stays_sold_and_is_credited() {
    let shop = Shop::open();
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    let order = shop.order(&shop.mara, &[(&shop.rice, 2), (&shop.oil, 1)]);
    shop.mara.cancel(&order).expect(200);
    let found = shop.report(DAY);
    assert_eq!(figures(&found["totals"]), (1, 3, [4000, 0, 0, 0, 0, 4000, 0]));
    // Credited units have no cost any more.
    assert_eq!(margin(&found["totals"]), None);

    // A part of an order.
    let order = shop.order(&shop.mara, &[(&shop.rice, 4)]);
    let lines = json!([{"item_id": order["items"][0]["id"], "quantity": 1}]);
    shop.post(&order, "cancel-lines", &json!({"lines": lines, "reason": "broken"})).expect(200);
    let found = shop.report(DAY);
    assert_eq!(figures(&found["totals"]), (2, 7, [8000, 0, 150, 2000, 0, 5000, 3000]));
    assert_eq!(margin(&found["totals"]), Some(1200));
}

#[test]
fn an_order_that_is_sold_at_payment_counts_on_the_day_of_its_payment() {
    let shop = Shop::open();
    go_to(&shop.app, "2027-02-01T23:55:00Z");
    let paid = shop.mara.order_upi(&shop.rice, 3);
    let unpaid = shop.mara.order_upi(&shop.rice, 5);
    assert_eq!(figures(&shop.report(DAY)["totals"]), (0, 0, [0; 7]));
    go_to(&shop.app, "2027-02-02T00:05:00Z");
    shop.confirm(&paid);
    let found = shop.report(DAY);
    assert_eq!(figures(item(&found, MONDAY)), (0, 0, [0; 7]));
    assert_eq!(figures(item(&found, "2027-02-02")), (1, 3, [3000, 0, 150, 2000, 0, 0, 3000]));

    // It was never sold, so its end and the money that came too late do not count.
    go_to(&shop.app, "2027-02-02T09:00:00Z");
    shop.app.expire_holds();
    let body = json!({"payment_reference": "late", "amount": 72.5});
    shop.post(&unpaid, "payment/confirm", &body).refused(409, "PAYMENT_EXPIRED");
    shop.post(&unpaid, "refund", &json!({"refund_reference": "late-back"})).expect(200);
    let cancelled = shop.mara.order_upi(&shop.oil, 1);
    shop.mara.cancel(&cancelled).expect(200);
    assert_eq!(figures(&shop.report(DAY)["totals"]), (1, 3, [3000, 0, 150, 2000, 0, 0, 3000]));
}

#[test]
fn a_credit_before_the_payment_counts_with_the_sale() {
    let shop = Shop::open();
    go_to(&shop.app, "2027-02-01T23:55:00Z");
    let order = shop.mara.order_upi(&shop.rice, 4);
    let line = json!([{"item_id": order["items"][0]["id"], "amount": 4.2}]);
    shop.post(&order, "credits", &json!({"kind": "goodwill", "lines": line, "reason": "late"})).expect(201);
    assert_eq!(figures(&shop.report(DAY)["totals"]), (0, 0, [0; 7]));
    go_to(&shop.app, "2027-02-02T00:05:00Z");
    shop.confirm(&order);
    let found = shop.report(DAY);
    // 4.20 with its tax is 4.00 and 0.20.
    assert_eq!(figures(item(&found, "2027-02-02")), (1, 4, [4000, 0, 180, 2000, 0, 400, 3600]));
    assert_eq!(margin(&found["totals"]), Some(1200));
}

#[test]
fn prices_that_contain_their_tax_are_told_apart_from_it() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"prices_include_tax": true, "shipping_tax": "as_goods", "tax_rate": 25}));
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    let order = shop.order(&shop.mara, &[(&shop.rice, 5)]);
    assert_eq!(minor(&order["total_amount"]), 7000);
    let found = shop.report(DAY);
    // 50.00 contain 10.00, and 20.00 contain 4.00.
    assert_eq!(figures(&found["totals"]), (1, 5, [4000, 0, 1400, 1600, 0, 0, 4000]));
    assert_eq!(margin(&found["totals"]), Some(1000));
    shop.mara.cancel(&order).expect(200);
    assert_eq!(figures(&shop.report(DAY)["totals"]), (1, 5, [4000, 0, 0, 0, 0, 4000, 0]));
}

#[test]
fn a_fee_raises_the_net_sales_until_it_is_given_back() {
    let shop = Shop::open();
    shop.app.set_store(&json!({"prices_include_tax": true, "tax_rate": 25, "shipping_flat_rate": 0}));
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    let order = shop.order(&shop.mara, &[(&shop.rice, 2), (&shop.oil, 1)]);
    shop.confirm(&order);
    shop.deliver(&order);
    // A unit at 10.00, which contain 2.00 of tax.
    shop.give_back_for(&order, 1, 3);
    go_to(&shop.app, "2027-02-03T10:00:00Z");
    let credit = shop.post(&order, "credits", &json!({"amount": 3, "reason": "A mistake"})).expect(201).json();
    assert_eq!((&credit["included_tax_amount"], &credit["fee"]), (&json!(0.0), &json!(-3.0)));
    let refund = json!({"refund_reference": "back-1", "credit_id": credit["id"], "amount": 3});
    shop.post(&order, "refund", &refund).expect(200);

    let found = shop.report(DAY);
    assert_eq!(figures(item(&found, MONDAY)), (1, 3, [3200, 0, 600, 0, 0, 500, 2700]));
    assert_eq!(margin(item(&found, MONDAY)), Some(500));
    assert_eq!(figures(item(&found, "2027-02-03")), (0, 0, [0, 0, 0, 0, 300, 300, -300]));
    assert_eq!(margin(item(&found, "2027-02-03")), Some(-300));
    assert_eq!(figures(&found["totals"]), (1, 3, [3200, 0, 600, 0, 300, 800, 2400]));
    // The fee and its refund are those of the rice.
    let found = shop.report(&format!("{DAY}&group_by=product"));
    let of = |product: &Product| figures(item(&found, &product.id.to_string()));
    assert_eq!(of(&shop.rice), (1, 2, [1600, 0, 200, 0, 300, 800, 800]));
    assert_eq!(of(&shop.oil), (1, 1, [1600, 0, 400, 0, 0, 0, 1600]));
}

#[test]
fn customers_are_new_once_and_return_once_in_each_part() {
    let shop = Shop::open();
    let jon = shop.app.customer("jon");
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 1)]);
    shop.order(&shop.mara, &[(&shop.rice, 1)]);
    go_to(&shop.app, "2027-02-03T10:00:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 1)]);
    shop.order(&jon, &[(&shop.rice, 1)]);
    // An order for a buyer without an account.
    shop.order(&shop.clerk, &[(&shop.rice, 1)]);
    go_to(&shop.app, "2027-02-09T10:00:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 1)]);
    shop.order(&shop.mara, &[(&shop.rice, 1)]);

    let found = shop.report("from=2027-02-01&to=2027-02-10");
    assert_eq!(customers(item(&found, "2027-02-01")), (1, 0));
    assert_eq!(customers(item(&found, "2027-02-03")), (1, 1));
    assert_eq!(customers(item(&found, "2027-02-09")), (0, 1));
    assert_eq!(customers(&found["totals"]), (2, 0));
    let weeks = shop.report("from=2027-02-01&to=2027-02-10&group_by=week");
    assert_eq!(customers(item(&weeks, "2027-W05")), (2, 0));
    assert_eq!(customers(item(&weeks, "2027-W06")), (0, 1));
    let later = shop.report("from=2027-02-03&to=2027-02-10&group_by=month");
    assert_eq!(customers(item(&later, "2027-02")), (1, 1));
    assert_eq!(customers(&later["totals"]), (1, 1));
}

#[test]
fn a_report_is_compared_with_the_days_before_or_the_year_before() {
    let shop = Shop::open();
    go_to(&shop.app, "2027-01-31T10:00:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 1)]);
    go_to(&shop.app, "2027-02-02T10:00:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 2)]);
    go_to(&shop.app, "2028-02-01T10:00:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 3)]);

    let found = shop.report("from=2028-02-01&to=2028-02-29&compare=year&group_by=month");
    assert_eq!(figures(&found["totals"]), (1, 3, [3000, 0, 150, 2000, 0, 0, 3000]));
    assert_eq!((&found["previous"]["from"], &found["previous"]["to"]), (&json!("2027-02-01"), &json!("2027-02-28")));
    assert_eq!(figures(&found["previous"]), (1, 2, [2000, 0, 100, 2000, 0, 0, 2000]));
    assert_eq!(customers(&found["previous"]), (0, 1));

    let found = shop.report("from=2027-02-01&to=2027-02-02&compare=previous");
    assert_eq!((&found["previous"]["from"], &found["previous"]["to"]), (&json!("2027-01-30"), &json!("2027-01-31")));
    assert_eq!(figures(&found["previous"]), (1, 1, [1000, 0, 50, 2000, 0, 0, 1000]));
    assert_eq!(customers(&found["previous"]), (1, 0));
    assert_eq!(margin(&found["previous"]), Some(400));
}
