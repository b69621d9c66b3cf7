//! The number of items in the list of values.

use super::valued;
use crate::common::race::repetitions;
use crate::common::{TestApp, json, race};

#[test]
fn sizes_that_are_created_at_the_same_moment_are_all_counted() {
    let app = TestApp::start();
    assert_eq!(valued(&app, "")["total"], 0);
    let admin = app.admin();
    let rounds = repetitions().min(50);
    for round in 0..rounds {
        race(4, |index| {
            let sizes: Vec<_> = (0..=index).map(|size| json!({"size": size.to_string(), "initial_stock": 1})).collect();
            let product = json!({"sku": format!("tee-{round}-{index}"), "name": "Tee", "price": 1, "sizes": sizes});
            admin.post("/inventory/products", &product).expect(201);
        });
    }
    let tee = app.sized_product("shirt", 1.0, &[("S", 1)]);
    app.set_product(&tee, &json!({"sizes": [{"size": "M"}, {"size": "L"}]}));
    let answer = valued(&app, "?limit=7");
    assert_eq!((&answer["total"], &answer["pages"]), (&json!(10 * rounds + 3), &json!((10 * rounds + 3).div_ceil(7))));
    // Past values have the same items.
    assert_eq!(valued(&app, "?as_of=2026-01-01T00:00:00Z")["total"], json!(10 * rounds + 3));
}
