//! The statements of an import.

use super::{Plan, Watched};
use crate::import_kills::import;

/// The plans of the first slice are kept while the import fills the tables. With a plan that begins with all products, each
/// slice took longer than the last one.
#[test]
fn an_import_into_a_new_shop_finds_the_owners_of_codes_by_their_whole_key() {
    let mut watched = Watched::new_shop();
    let rows: String = (0..600).map(|n| format!("p-{n},Product {n},1.50,{n}\n")).collect();
    let plans = watched.plans(|app| {
        import(&app.admin(), "kind=products", &format!("sku,name,price,initial_stock\n{rows}"));
        assert_eq!(app.run_imports(), 600);
    });
    let owners: Vec<&Plan> = plans.iter().filter(|plan| plan.text.contains("COALESCE(v.sku, p.sku)")).collect();
    assert!(!owners.is_empty());
    owners.into_iter().for_each(Plan::assert_only_rows_asked_for_are_read);
}
