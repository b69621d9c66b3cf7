//! The statements of operations with holds: carts, payments, cancellations and expiry.

use super::statements;
use crate::common::{Client, TestApp, Value, json};

/// An order with this number of lines that waits for its payment.
fn order_of(app: &TestApp, client: &Client, sku: &str, lines: usize) -> Value {
    let sizes: Vec<(String, i64)> = (0..lines).map(|line| (format!("size {line}"), 10)).collect();
    let sizes: Vec<(&str, i64)> = sizes.iter().map(|(size, stock)| (size.as_str(), *stock)).collect();
    let product = app.sized_product(sku, 10.0, &sizes);
    let items: Vec<_> =
        sizes.iter().map(|(size, _)| json!({"product_id": product.id, "size": size, "quantity": 2})).collect();
    client.post("/orders", &json!({"items": items, "payment_method": "upi"})).expect(201).json()
}

#[test]
fn statements_depend_neither_on_lines_nor_on_orders() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    app.hold_carts();
    let (mara, cashier) = (app.customer("mara"), app.cashier());

    let tees: Vec<_> = (0..20).map(|line| app.product(&format!("tee-{line}"), 10.0, 1_000)).collect();
    mara.cart();
    mara.add_to_cart(&tees[0], 1);
    mara.delete("/cart").expect(204);
    let added: Vec<u64> = tees.iter().map(|tee| statements(|| drop(mara.add_to_cart(tee, 1)))).collect();
    println!("statements of adding the 2nd and the 20th line, held: {} and {}", added[1], added[19]);
    // The first line of a cart has no earlier holds to extend.
    assert!(added[1..].iter().all(|count| *count == added[1]) && added[0] <= added[1], "{added:?}");
    let again: Vec<u64> = tees.iter().map(|tee| statements(|| drop(mara.add_to_cart(tee, 1)))).collect();
    println!("statements of adding to the 1st and to the 20th line: {} and {}", again[0], again[19]);
    assert!(again.iter().all(|count| *count == again[0]), "{again:?}");
    mara.delete("/cart").expect(204);

    let address = mara.address();
    let bought = [1, 20, 1, 20].map(|lines| {
        tees.iter().take(lines).for_each(|tee| drop(mara.add_to_cart(tee, 1)));
        statements(|| drop(mara.checkout_to(address).expect(201)))
    });
    println!("statements of a checkout of 1, 20, 1, 20 held lines: {bought:?}");
    assert_eq!(bought, [bought[0]; 4]);

    let orders = [1, 20, 1, 20].map(|lines| order_of(&app, &mara, &format!("shirt-{}", fresh()), lines));
    let confirm = |order: &Value| cashier.confirm(order, &format!("pay-{}", order["id"])).expect(200);
    let confirmed = orders.each_ref().map(|order| statements(|| drop(confirm(order))));
    println!("statements of confirming 1, 20, 1, 20 lines: {confirmed:?}");
    assert_eq!(confirmed, [confirmed[0]; 4]);
    let orders = [1, 20].map(|lines| order_of(&app, &mara, &format!("shirt-{}", fresh()), lines));
    let cancelled = orders.each_ref().map(|order| statements(|| drop(mara.cancel(order).expect(200))));
    println!("statements of cancelling 1 and 20 kept lines: {cancelled:?}");
    assert_eq!(cancelled, [cancelled[0]; 2]);

    let expired = [1, 100, 1, 100].map(|count| {
        (0..count).for_each(|order| drop(mara.order_upi(&tees[order % 20], 1)));
        app.advance(901);
        statements(|| assert_eq!(app.expire_holds(), count))
    });
    println!("statements of expiring 1, 100, 1, 100 orders: {expired:?}");
    assert_eq!(expired, [expired[0]; 4]);
}

/// A new number.
fn fresh() -> usize {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
