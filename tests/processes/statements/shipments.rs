//! The statements of shipments, of orders with shipments, and of papers.

use super::credits::order_of;
use super::statements;
use crate::common::{TestApp, Value, json};

#[test]
fn a_shipment_of_100_lines_sends_as_many_statements_as_one_of_1_line() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    let (mara, admin) = (app.customer("mara"), app.admin());
    let counts = [1, 100].map(|lines| {
        let order = order_of(&app, &mara, &format!("tee-{lines}"), lines);
        let path = |verb: &str| format!("/orders/{}/{verb}", order["id"]);
        let items = order["items"].as_array().unwrap().iter();
        let units = json!(items.map(|item| json!({"item_id": item["id"], "quantity": 1})).collect::<Vec<Value>>());
        let mut shipments = Vec::new();
        let mut ship =
            |body: &Value| statements(|| shipments.push(admin.post(&path("shipments"), body).expect(201).id()));
        let parts = [ship(&json!({"lines": units})), ship(&json!({"lines": units}))];
        let cancelled = {
            let body = json!({"lines": units, "reason": "r"});
            statements(|| drop(admin.post(&path("cancel-lines"), &body).expect(200)))
        };
        let rest = ship(&json!({}));
        let [first, second, third] = [0, 1, 2].map(|index| format!("/shipments/{}", shipments[index]));
        let read = |path: &str| statements(|| drop(admin.get(path).expect(200)));
        let reads = [read(&first), read(&format!("{first}/packing-slip")), read(&path("")), read("/orders?limit=1")];
        let delivered = [&first, &second]
            .map(|path| statements(|| drop(admin.post_nothing(&format!("{path}/delivered")).expect(200))));
        let lost = statements(|| drop(admin.post(&format!("{third}/lost"), &json!({"reason": "r"})).expect(200)));
        assert_eq!(app.status(&order).0, "delivered");
        let invoice = statements(|| drop(admin.post_nothing(&path("invoice")).expect(201)));
        let invoices = [invoice, read(&path("invoice"))];
        println!(
            "statements with {lines} lines: shipping {parts:?}, cancelling {cancelled}, shipping the rest {rest}, \
             reading {reads:?}, delivering {delivered:?}, losing {lost}, invoice {invoices:?}"
        );
        (parts, cancelled, rest, reads, (delivered, lost, invoices))
    });
    assert_eq!(counts[0], counts[1]);
}

#[test]
fn a_list_of_20_orders_with_shipments_sends_as_many_statements_as_one_order() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    let (rice, mara, admin) = (app.product("rice", 10.0, 100), app.customer("mara"), app.admin());
    for _ in 0..20 {
        let order = mara.order_now(&rice, 1).expect(201).json();
        admin.post_nothing(&format!("/orders/{}/shipments", order["id"])).expect(201);
    }
    let counts = [1, 20].map(|limit| {
        statements(|| {
            let list = admin.get(&format!("/orders?limit={limit}")).expect(200).json();
            assert_eq!(list["items"].as_array().unwrap().len(), limit);
        })
    });
    assert_eq!(counts[0], counts[1]);
}
