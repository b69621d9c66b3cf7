//! The statements of a checkout, and of a batch of checkouts.

use super::statements;
use crate::common::batch_queue::{Call, call};
use crate::common::{Client, TestApp, json};

/// The statements of a checkout. BEGIN and its time limits are sent as one, and COMMIT is another one.
const STATEMENTS: u64 = 14;

/// Adds this number of lines to the cart. Each is a size of a product, which has at most 50 sizes.
fn fill(app: &TestApp, client: &Client, sku: &str, lines: usize) {
    let sizes: Vec<(String, i64)> = (0..lines).map(|line| (format!("size {line}"), 10)).collect();
    let sizes: Vec<(&str, i64)> = sizes.iter().map(|(size, stock)| (size.as_str(), *stock)).collect();
    for (index, sizes) in sizes.chunks(50).enumerate() {
        let product = app.sized_product(&format!("{sku}-{index}"), 10.0, sizes);
        for (size, _) in sizes {
            client.add_size_to_cart(&product, size, 2);
        }
    }
}

#[test]
fn a_checkout_of_20_lines_sends_as_many_statements_as_one_of_1_line() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    let mara = app.customer("mara");
    let address = mara.address();
    let mut counts = Vec::new();
    for (round, lines) in [1, 20, 1, 20, 100].into_iter().enumerate() {
        fill(&app, &mara, &format!("tee-{round}"), lines);
        counts.push(statements(|| {
            let order = mara.checkout_to(address).expect(201).json();
            assert_eq!(order["items"].as_array().unwrap().len(), lines);
        }));
    }
    println!("statements of a checkout: {counts:?}");
    assert_eq!(counts, [STATEMENTS; 5]);

    let tee = app.sized_product("tee", 10.0, &[("S", 500)]);
    let order = |lines: usize| {
        let items: Vec<_> = (0..lines).map(|_| json!({"product_id": tee.id, "size": "S", "quantity": 1})).collect();
        statements(|| drop(mara.post("/orders", &json!({"items": items})).expect(201)))
    };
    assert_eq!(order(1), order(20));
}

#[test]
fn a_batch_of_64_checkouts_sends_as_many_statements_as_one_checkout() {
    let app = TestApp::alone(|_| ());
    let buyers: Vec<Client> = (0..64).map(|number| app.customer(&format!("buyer-{number}"))).collect();
    let addresses: Vec<i64> = buyers.iter().map(Client::address).collect();
    let mut counts = Vec::new();
    for count in [1, 2, 16, 64] {
        for (index, buyer) in buyers.iter().take(count).enumerate() {
            fill(&app, buyer, &format!("tee-{count}-{index}"), 2);
        }
        let buyers = buyers.iter().zip(&addresses).take(count);
        let calls: Vec<Call<'_>> = buyers.map(|(buyer, address)| call(|| buyer.checkout_to(*address))).collect();
        counts.push(statements(|| {
            for reply in app.batch_queue().send_in_one_batch(&calls) {
                reply.expect(201);
            }
        }));
    }
    println!("statements of batches of 1, 2, 16 and 64: {counts:?}");
    assert_eq!(counts, [STATEMENTS; 4]);
    // Refusals cost a batch two more: a look for overdue holds, and the release of the keys.
    let tee = app.sized_product("tee", 10.0, &[("S", 10)]);
    let order = json!({"items": [{"product_id": tee.id, "size": "S", "quantity": 1}]});
    let calls: Vec<Call<'_>> = buyers.iter().map(|buyer| call(|| buyer.post("/orders", &order))).collect();
    let mixed = statements(|| {
        let placed =
            app.batch_queue().send_in_one_batch(&calls).into_iter().filter(|reply| reply.status == 201).count();
        assert_eq!(placed, 10);
    });
    let counted = json!({"quantity": 64, "movement_type": "adjustment", "reason": "counted", "size": "S"});
    app.admin().put(&format!("/inventory/products/{}/stock", tee.id), &counted).expect(200);
    let all = statements(|| {
        app.batch_queue().send_in_one_batch(&calls).into_iter().for_each(|reply| drop(reply.expect(201)))
    });
    println!("statements of a batch with refusals: {mixed}, without: {all}");
    assert_eq!(mixed, all + 2);
}

#[test]
fn a_batch_of_64_partial_orders_sends_as_many_statements_as_one() {
    let app = TestApp::alone(|_| ());
    let buyers: Vec<Client> = (0..64).map(|number| app.customer(&format!("buyer-{number}"))).collect();
    let addresses: Vec<i64> = buyers.iter().map(Client::address).collect();
    let mut counts = Vec::new();
    for (count, lines) in [(1, 1), (1, 20), (2, 2), (64, 2)] {
        for (index, buyer) in buyers.iter().take(count).enumerate() {
            fill(&app, buyer, &format!("tee-{count}-{lines}-{index}"), lines);
            // The sizes have ten units, and the cart has twelve of each.
            for item in buyer.get("/cart").expect(200).json()["items"].as_array().unwrap() {
                buyer.put(&format!("/cart/items/{}", item["id"]), &json!({"quantity": 12})).expect(200);
            }
        }
        let body = |address: &i64| json!({"shipping_address_id": address, "allow_partial": true});
        let buying = buyers.iter().zip(&addresses).take(count);
        let calls: Vec<Call<'_>> =
            buying.map(|(buyer, address)| call(move || buyer.post("/checkout", &body(address)))).collect();
        counts.push(statements(|| {
            for reply in app.batch_queue().send_in_one_batch(&calls) {
                assert_eq!(reply.expect(201).json()["unfulfilled"].as_array().unwrap().len(), lines);
            }
        }));
        for buyer in buyers.iter().take(count) {
            buyer.delete("/cart").expect(204);
        }
    }
    println!("statements of partial orders: {counts:?}");
    // A read of overdue holds, an update of the lines that stay in the carts, and one of the orders. The products have
    // no category, so that no alternatives are read.
    assert_eq!(counts, [STATEMENTS + 3; 4]);
}
