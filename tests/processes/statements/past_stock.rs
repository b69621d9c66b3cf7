//! The statements of lists of the past, of histories, and of explanations.

use super::statements;
use crate::common::{TestApp, json};

#[test]
fn statements_of_stock_in_the_past_depend_neither_on_rows_nor_on_points() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    let admin = app.admin();
    let sizes: Vec<(String, i64)> = (0..30).map(|size| (format!("size {size}"), 10)).collect();
    let sizes: Vec<(&str, i64)> = sizes.iter().map(|(size, stock)| (size.as_str(), *stock)).collect();
    let tee = app.sized_product("tee", 10.0, &sizes);
    for size in 0..20 {
        let items = json!([{"product_id": tee.id, "size": format!("size {size}"), "quantity": 1}]);
        app.customer("mara").post("/orders", &json!({"items": items})).expect(201);
        admin.post("/reservations", &json!({"items": items, "reference_id": "job"})).expect(201);
    }
    let count = |path: &str| statements(|| drop(admin.get(path).expect(200)));
    let of = |rest: &str| format!("/inventory/products/{}/{rest}", tee.id);
    let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    for (first, others) in [
        (
            format!("/inventory?limit=1&as_of={now}"),
            vec![format!("/inventory?limit=100&as_of={now}"), "/inventory?as_of=2020-01-01T00:00:00Z".to_owned()],
        ),
        (
            format!("/inventory?limit=1&sort=-stock_quantity&as_of={now}"),
            vec![format!("/inventory?limit=100&sort=-stock_quantity&as_of={now}")],
        ),
        (
            of("history?size=size+1"),
            vec![of("history"), of("history?interval=hour&from=2025-01-01T00:00:00Z&to=2025-02-01T00:00:00Z")],
        ),
        (of("explain?size=size+29"), vec![of("explain"), of("explain?size=size+1")]),
    ] {
        count(&first);
        let expected = count(&first);
        println!("statements of {first}: {expected}");
        for other in others {
            assert_eq!(count(&other), expected, "{other}");
        }
    }
}
