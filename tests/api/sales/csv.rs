//! Reports as CSV.

use super::{Shop, go_to};
use crate::common::json;

#[test]
fn a_report_is_csv_if_the_query_or_the_header_says_so() {
    let shop = Shop::open();
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    shop.order(&shop.mara, &[(&shop.rice, 2)]);
    shop.app.value_stock();
    let reader = shop.app.staff(&["reports:read"]);
    let path = "/reports/sales?from=2027-02-01&to=2027-02-02";
    let reply = reader.get(&format!("{path}&format=csv")).expect(200);
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
    let expected = "key,orders,units,gross,discounts,tax,shipping,refunds,credits,net,average_order_value,\
                    new_customers,returning_customers,margin\r\n\
                    2027-02-01,1,2,20.00,0.00,1.00,20.00,0.00,0.00,20.00,20.00,1,0,8.00\r\n\
                    2027-02-02,0,0,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0,0,\r\n";
    assert_eq!(reply.text(), expected);
    let asking = shop.app.staff(&["reports:read"]).with_header("Accept", "text/csv");
    assert_eq!(asking.get(path).expect(200).text(), expected);
    assert_eq!(asking.get(&format!("{path}&format=json")).expect(200).header("content-type"), "application/json");
}

#[test]
fn a_cell_that_begins_like_a_formula_is_protected_and_a_negative_number_is_not() {
    let shop = Shop::open();
    shop.app.set_product(&shop.rice, &json!({"category": "=HYPERLINK(\"http://x\")", "name": "+1, \"green\""}));
    shop.app.set_product(&shop.oil, &json!({"category": "-1"}));
    go_to(&shop.app, "2027-02-01T10:00:00Z");
    let order = shop.order(&shop.mara, &[(&shop.rice, 2), (&shop.oil, 1)]);
    go_to(&shop.app, "2027-02-02T10:00:00Z");
    shop.mara.cancel(&order).expect(200);
    let reader = shop.app.staff(&["reports:read"]);
    let by_category = reader.get("/reports/sales?from=2027-02-02&to=2027-02-02&group_by=category&format=csv");
    let text = by_category.expect(200).text();
    assert!(text.contains("\r\n\"'=HYPERLINK(\"\"http://x\"\")\",0,0,0.00,"), "{text}");
    assert!(text.contains("\r\n'-1,0,0,0.00,0.00,-1.00,-10.00,0.00,20.00,-20.00,0.00,,,\r\n"), "{text}");
    let top = reader.get("/reports/top-products?from=2027-02-01&to=2027-02-01&format=csv").expect(200).text();
    assert!(top.contains("rice,,\"'+1, \"\"green\"\"\",2,20.00,"), "{top}");
}
