//! The statement that finds the facts of sales.

use serde_json::json;

use super::{Plan, Watched};

/// A transaction of the roll-ups may have thousands of lines and of places. If each line were compared with each place, a few
/// orders of a hundred lines would take seconds.
#[test]
fn the_places_of_sold_units_are_not_compared_with_each_line() {
    let mut watched = Watched::start();
    let plans = watched.plans(|app| {
        let items = json!([{"product_id": 5, "quantity": 1}, {"product_id": 17, "quantity": 2}]);
        app.admin().post("/orders", &json!({"items": items, "payment_method": "cod"})).expect(201);
        assert!(app.fold_sales() > 0);
    });
    let folds: Vec<&Plan> = plans.iter().filter(|plan| plan.text.contains("places AS MATERIALIZED")).collect();
    assert!(!folds.is_empty());
    for plan in folds {
        let nodes = plan.nodes();
        assert!(nodes.iter().any(|node| node["CTE Name"] == "places"), "{:#}", plan.root);
        for node in nodes.iter().filter(|node| node["Node Type"] == "Nested Loop") {
            let mut repeated = &node["Plans"][1];
            while repeated["Node Type"] == "Materialize" {
                repeated = &repeated["Plans"][0];
            }
            assert_ne!(repeated["CTE Name"], "places", "{:#}", plan.root);
        }
    }
}
