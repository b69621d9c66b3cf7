//! Sales by product, category, place, payment method and customer. The sums of all groups are those of the days.

use super::{Shop, customers, figures, go_to, item, margin};
use crate::common::{Value, json, minor};

const DAYS: &str = "from=2027-02-01&to=2027-02-02";

/// Two orders of mara and jon, of which one is credited in part, and an order without an account.
fn trade() -> Shop {
    let shop = Shop::open();
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    let order = shop.order(&shop.mara, &[(&shop.rice, 2), (&shop.oil, 1)]);
    shop.confirm(&order);
    let other = shop.order(&shop.clerk, &[(&shop.rice, 1)]);
    let lines = json!([{"item_id": other["items"][0]["id"], "quantity": 1}]);
    shop.post(&other, "cancel-lines", &json!({"lines": lines, "reason": "broken"})).expect(200);
    go_to(&shop.app, "2027-02-02T10:00:00Z");
    let upi = shop.app.customer("jon").order_upi(&shop.oil, 3);
    shop.confirm(&upi);
    shop.deliver(&order);
    shop.give_back(&order, 1);
    shop.post(&order, "refund", &json!({"refund_reference": "back-1", "amount": 10.5})).expect(200);
    shop
}

/// The rows add up to the totals, except for the orders.
fn assert_adds_up(report: &Value) {
    let mut sum = (0, [0; 7]);
    for row in report["items"].as_array().unwrap() {
        let (_, units, amounts) = figures(row);
        sum.0 += units;
        for (total, amount) in sum.1.iter_mut().zip(amounts) {
            *total += amount;
        }
    }
    let (_, units, amounts) = figures(&report["totals"]);
    assert_eq!(sum, (units, amounts));
}

#[test]
fn every_group_has_the_same_totals() {
    let shop = trade();
    let by_day = shop.report(DAYS);
    assert_adds_up(&by_day);
    for group in ["week", "month", "product", "category", "location", "payment_method", "customer"] {
        let found = shop.report(&format!("{DAYS}&group_by={group}"));
        assert_eq!(found["totals"], by_day["totals"], "{group}");
        assert_adds_up(&found);
    }
}

#[test]
fn the_amounts_of_an_order_are_divided_over_its_products() {
    let shop = trade();
    let found = shop.report(&format!("{DAYS}&group_by=product"));
    // The delivery of the first order is divided in two. The refund is that of both products, in proportion.
    let (rice, oil) = (item(&found, &shop.rice.id.to_string()), item(&found, &shop.oil.id.to_string()));
    assert_eq!(figures(rice), (2, 3, [3000, 0, 50, 1000, 525, 2000, 1000]));
    assert_eq!(figures(oil), (2, 4, [8000, 0, 400, 3000, 525, 0, 8000]));
    assert_eq!((margin(rice), margin(oil)), (Some(400), None));
    assert!(rice["new_customers"].is_null() && rice["returning_customers"].is_null());

    // The category of an order stays what it was.
    shop.app.set_product(&shop.rice, &json!({"category": "Food"}));
    shop.order(&shop.mara, &[(&shop.rice, 1)]);
    let found = shop.report(&format!("{DAYS}&group_by=category"));
    assert_eq!(figures(item(&found, "Grain")).1, 3);
    assert_eq!(figures(item(&found, "Food")).1, 1);
    let without: Vec<_> = found["items"].as_array().unwrap().iter().filter(|item| item["key"].is_null()).collect();
    assert_eq!(figures(without[0]).1, 4);
}

#[test]
fn customers_and_payment_methods_have_their_own_orders() {
    let shop = trade();
    let found = shop.report(&format!("{DAYS}&group_by=payment_method"));
    assert_eq!(figures(item(&found, "upi")), (1, 3, [6000, 0, 300, 2000, 0, 0, 6000]));
    assert_eq!(figures(item(&found, "cod")), (2, 4, [5000, 0, 150, 2000, 1050, 2000, 3000]));

    let found = shop.report(&format!("{DAYS}&group_by=customer"));
    let mara = shop.mara.get("/auth/me").expect(200).json()["id"].to_string();
    let row = item(&found, &mara);
    assert_eq!(figures(row), (1, 3, [4000, 0, 150, 2000, 1050, 1000, 3000]));
    assert_eq!((customers(row), margin(row), minor(&row["average_order_value"])), ((1, 0), Some(400), 3000));
    let others: Vec<_> = found["items"].as_array().unwrap().iter().filter(|item| item["key"].is_null()).collect();
    assert_eq!(customers(others[0]), (0, 0));
    assert_eq!(figures(others[0]).0, 1);
    // On the second day, mara only gave units back.
    let second = shop.report("from=2027-02-02&to=2027-02-02&group_by=customer");
    assert_eq!((figures(item(&second, &mara)).0, customers(item(&second, &mara))), (0, (0, 0)));
}

#[test]
fn a_sale_belongs_to_the_places_that_sold_it() {
    let shop = Shop::open();
    let annex = shop.app.add_location("annex");
    shop.app.receive(&shop.rice, 50, annex).expect(200);
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    // 1,000 units are at the main place, so 40 come from the annex.
    let order = shop.order(&shop.mara, &[(&shop.rice, 1_040)]);
    let main = shop.app.main_location();
    let found = shop.report(&format!("{DAYS}&group_by=location"));
    let (at_main, at_annex) = (item(&found, &main.to_string()), item(&found, &annex.to_string()));
    assert_eq!((figures(at_main).0, figures(at_main).1), (1, 1_000));
    assert_eq!((figures(at_annex).0, figures(at_annex).1), (1, 40));
    assert_eq!(minor(&at_main["gross"]) + minor(&at_annex["gross"]), 1_040_000);
    assert_eq!(minor(&at_annex["gross"]), 40_000);
    assert_adds_up(&found);

    // A reroute changes no sale, and a credit lowers the places that sold the item.
    shop.post(&order, "cancel", &json!({})).expect(200);
    let found = shop.report(&format!("{DAYS}&group_by=location"));
    assert_eq!(minor(&item(&found, &annex.to_string())["credits"]), 40_000);
    assert_eq!(minor(&item(&found, &annex.to_string())["net"]), 0);
    assert_eq!(margin(item(&found, &main.to_string())), None);
}
