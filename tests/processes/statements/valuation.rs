//! The statements of the job that values the stock, and of the valuation.

use super::statements;
use crate::common::{TestApp, json};

#[test]
fn statements_of_a_valuation_depend_neither_on_movements_nor_on_variants() {
    let app = TestApp::alone(|settings| settings.database.pool_size = 1);
    let (mara, admin) = (app.customer("mara"), app.admin());
    let tees: Vec<_> = (0..20).map(|tee| app.product(&format!("tee-{tee}"), 10.0, 1_000)).collect();
    app.value_stock();
    let folded = [1, 20, 1, 20].map(|lines| {
        let items: Vec<_> = tees.iter().take(lines).map(|tee| json!({"product_id": tee.id, "quantity": 2})).collect();
        let order = mara.post("/orders", &json!({"items": items})).expect(201).json();
        mara.cancel(&order).expect(200);
        statements(|| assert_eq!(app.value_stock(), 2 * lines))
    });
    println!("statements of valuing 2, 40, 2, 40 movements: {folded:?}");
    assert_eq!(folded, [folded[0]; 4]);
    admin.get("/inventory/valuation?limit=1").expect(200);
    let shown = [1, 20, 1, 20]
        .map(|limit| statements(|| drop(admin.get(&format!("/inventory/valuation?limit={limit}")).expect(200))));
    println!("statements of showing 1, 20, 1, 20 values: {shown:?}");
    assert_eq!(shown, [shown[0]; 4]);
}
