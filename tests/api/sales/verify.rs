//! The check of the roll-ups against their sources.

use super::{Shop, execute, go_to};
use crate::common::json;

fn violated(shop: &Shop) -> Vec<String> {
    let found = shop.app.staff(&["inventory:read"]).get("/inventory/verify?all=true").expect(200).json();
    let violations = found["violations"].as_array().unwrap();
    let mut rules: Vec<String> = violations.iter().map(|one| one["rule"].as_str().unwrap().to_owned()).collect();
    rules.dedup();
    rules
}

const BY_METHOD: &str = "the daily sales by payment method are those of the orders, credits and refunds";
const BY_CUSTOMER: &str = "the daily sales by customer are those of the orders, credits and refunds";
const BY_VARIANT: &str = "the daily sales by variant are those of the order items and credits";
const BY_PLACE: &str = "the sold units of each place are those of the ledger";
const SAME_SUMS: &str = "the roll-ups of sales of a day have the same sums";
const COUNTED: &str = "the orders of a day by product, category and place are those with such items";
const FOLLOWED: &str = "each day of a customer's sales follows the one before it";
const COST: &str = "the cost of the sales of a variant is that of the valuation";
const HELD: &str = "the ended holds of each day are those of the carts and orders";

#[test]
fn a_fault_in_a_roll_up_is_found() {
    let shop = Shop::open();
    for at in ["2027-02-01T10:00:00Z", "2027-02-02T10:00:00Z"] {
        go_to(&shop.app, at);
        let order = shop.order(&shop.mara, &[(&shop.rice, 2), (&shop.oil, 1)]);
        shop.post(&order, "credits", &json!({"amount": 5, "reason": "late"})).expect(201);
    }
    shop.app.fold_sales();
    assert_eq!(violated(&shop), Vec::<String>::new());
    for (fault, repair, expected) in [
        ("sales_by_payment_method SET orders = orders + 1", "orders = orders - 1", vec![BY_METHOD]),
        ("sales_by_payment_method SET gross = gross + 1", "gross = gross - 1", vec![BY_METHOD, SAME_SUMS]),
        ("sales_by_payment_method SET day = day - 10", "day = day + 10", vec![BY_METHOD, SAME_SUMS]),
        ("sales_by_customer SET shipping = shipping - 1", "shipping = shipping + 1", vec![BY_CUSTOMER, SAME_SUMS]),
        (
            "sales_by_customer SET previous_day = day - 7",
            "previous_day = NULLIF(day - 1, '2027-01-31')",
            vec![FOLLOWED],
        ),
        ("sales_by_variant SET credits = credits + 1", "credits = credits - 1", vec![BY_VARIANT, SAME_SUMS]),
        ("sales_by_variant SET units = units + 1", "units = units - 1", vec![BY_VARIANT, BY_PLACE, SAME_SUMS]),
        ("sales_by_variant SET location_id = 0", "location_id = (SELECT MIN(id) FROM locations)", vec![BY_PLACE]),
        ("sales_by_variant SET category_orders = 0", "category_orders = 1", vec![COUNTED]),
        ("sales_by_variant SET cost = cost + 1", "cost = cost - 1", vec![SAME_SUMS, COST]),
    ] {
        execute(&shop.app, &format!("UPDATE {fault}"));
        assert_eq!(violated(&shop), expected, "{fault}");
        let table = fault.split(' ').next().unwrap();
        execute(&shop.app, &format!("UPDATE {table} SET {repair}"));
        assert_eq!(violated(&shop), Vec::<String>::new(), "{repair}");
    }
    // A missing row.
    execute(&shop.app, "CREATE TABLE kept AS SELECT * FROM sales_by_customer; DELETE FROM sales_by_customer");
    assert_eq!(violated(&shop), [BY_CUSTOMER, SAME_SUMS]);
    execute(&shop.app, "INSERT INTO sales_by_customer SELECT * FROM kept; DROP TABLE kept");
}

#[test]
fn sales_that_are_not_folded_yet_are_no_fault() {
    let shop = Shop::open();
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 2)]);
    assert_eq!(violated(&shop), Vec::<String>::new());
    shop.app.fold_sales();
    shop.mara.cancel(&shop.order(&shop.mara, &[(&shop.rice, 1)])).expect(200);
    assert_eq!(violated(&shop), Vec::<String>::new());
    shop.app.relay_feed();
    assert_eq!(violated(&shop), Vec::<String>::new());
    shop.app.set_store(&json!({"time_zone": "Asia/Tokyo"}));
    assert_eq!(violated(&shop), Vec::<String>::new());
}

#[test]
fn a_fault_in_the_days_of_ended_holds_is_found() {
    let shop = Shop::open();
    shop.app.hold_carts();
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    let paid = shop.mara.order_upi(&shop.rice, 2);
    shop.confirm(&paid);
    shop.mara.order_upi(&shop.oil, 1);
    go_to(&shop.app, "2027-02-02T10:00:00Z");
    shop.app.expire_holds();
    // Nothing is added yet.
    assert_eq!(violated(&shop), Vec::<String>::new());
    go_to(&shop.app, "2027-02-03T10:00:00Z");
    shop.app.fold_holds();
    assert_eq!(violated(&shop), Vec::<String>::new());
    for (fault, repair) in [
        ("ended = ended + 1", "ended = ended - 1"),
        ("converted = converted + 1", "converted = converted - 1"),
        ("expired = expired - 1", "expired = expired + 1"),
        ("day = day - 10", "day = day + 10"),
        ("payment_method = payment_method || '2'", "payment_method = rtrim(payment_method, '2')"),
    ] {
        execute(&shop.app, &format!("UPDATE holds_by_day SET {fault}"));
        assert_eq!(violated(&shop), [HELD], "{fault}");
        execute(&shop.app, &format!("UPDATE holds_by_day SET {repair}"));
        assert_eq!(violated(&shop), Vec::<String>::new(), "{repair}");
    }
    // A missing day.
    execute(&shop.app, "CREATE TABLE kept AS SELECT * FROM holds_by_day; DELETE FROM holds_by_day");
    assert_eq!(violated(&shop), [HELD]);
    execute(&shop.app, "INSERT INTO holds_by_day SELECT * FROM kept; DROP TABLE kept");
}
