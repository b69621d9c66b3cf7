//! The plans of counts, transfers and purchase orders, among thousands of others.

use super::*;

/// The tables of documents that have many rows here.
const OF_DOCUMENTS: [&str; 7] =
    ["counts", "count_lines", "count_history", "inbounds", "inbound_lines", "inbound_history", "supplier_items"];

impl Watched {
    /// With more places, suppliers and documents.
    fn with_documents() -> Self {
        let watched = Self::start();
        let mut conn = watched.app.connection();
        conn.batch_execute(include_str!("large.sql")).unwrap();
        conn.batch_execute(NAME_ROWS).unwrap();
        conn.batch_execute("ANALYZE").unwrap();
        watched
    }
}

fn assert_only_rows_asked_for_are_read(plans: &[Plan]) {
    for plan in plans {
        plan.assert_only_rows_asked_for_are_read();
        plan.assert_none_is_read_through(&OF_DOCUMENTS);
    }
}

/// The figures of all scarce variants are kept, so lists read these, and rows of other tables by their keys.
#[test]
fn lists_of_scarce_variants_read_no_table_through() {
    let mut watched = Watched::with_documents();
    watched.app.find_scarce_variants();
    let mara = watched.app.customer("mara");
    mara.post("/orders", &json!({"items": [{"product_id": 9, "quantity": 5}]})).expect(201);
    let plans = watched.plans(|app| {
        let admin = app.admin();
        for path in ["products/low-stock", "products/low-stock?sort=name", "reorder", "reorder?supplier=8"] {
            admin.get(&format!("/inventory/{path}")).expect(200);
        }
        admin.post("/inventory/reorder", &json!({"supplier_id": 8})).expect(201);
        app.advance(60);
        app.find_scarce_variants();
    });
    for table in ["scarce_variants", "scarcity_changes"] {
        assert!(plans.iter().any(|plan| plan.text.contains(table)), "{table}: {:#}", summary(&plans));
    }
    for plan in &plans {
        plan.assert_no_growing_table_is_read_through();
        plan.assert_none_is_read_through(&OF_DOCUMENTS);
    }
}

#[test]
fn a_new_count_reads_the_rows_of_its_location() {
    let mut watched = Watched::with_documents();
    let scopes = [json!({"all": true}), json!({"category": "category-3"}), json!({"not_counted_since": "2026-01-01"})];
    let plans = watched.plans(|app| {
        for scope in &scopes {
            app.admin().post("/counts", &json!({"location_id": 101, "scope": scope})).expect(201);
        }
    });
    assert!(plans.iter().any(|plan| plan.uses("stock_levels_location_idx")), "{:#}", summary(&plans));
    for plan in &plans {
        plan.assert_no_growing_table_is_read_through();
        plan.assert_none_is_read_through(&OF_DOCUMENTS);
    }
}

fn act(admin: &Client, path: &str, body: &Value) -> Value {
    admin.post(path, body).expect(200).json()
}

#[test]
fn a_count_and_its_promises_are_read_by_whole_keys() {
    let mut watched = Watched::with_documents();
    let mara = watched.app.customer("mara");
    let skus: Vec<Value> = (1..=40).map(|n| json!(format!("sku-{n}"))).collect();
    let items: Vec<Value> = (1..=10).map(|n| json!({"product_id": n, "quantity": 5})).collect();
    mara.post("/orders", &json!({"items": items})).expect(201);
    let plans = watched.plans(|app| {
        let admin = app.admin();
        let count = json!({"location_id": 101, "scope": {"products": skus}});
        let id = admin.post("/counts", &count).expect(201).id();
        let entries: Vec<Value> =
            (1..=40).map(|n| json!({"product_id": n, "quantity": if n <= 10 { 1 } else { 900 }})).collect();
        act(&admin, &format!("/counts/{id}/entries"), &json!({"entries": entries}));
        act(&admin, &format!("/counts/{id}/lines/20/recount"), &json!({}));
        act(&admin, &format!("/counts/{id}/submit"), &json!({}));
        let posted = act(&admin, &format!("/counts/{id}/post"), &json!({}));
        assert_eq!((&posted["line_totals"]["posted"], &posted["line_totals"]["refused"]), (&json!(29), &json!(10)));
        assert_eq!(posted["lines"][0]["promises"][0]["quantity"], 5);
        admin.get(&format!("/counts/{id}")).expect(200);
        admin.get(&format!("/counts/{id}/variances")).expect(200);
    });
    assert!(plans.iter().any(|plan| plan.text.contains("WITH RECURSIVE stock")));
    assert_only_rows_asked_for_are_read(&plans);
    assert_lines_are_found_by_their_numbers(&plans);
}

/// A count has up to thousands of lines, of which each part of a posting writes some.
fn assert_lines_are_found_by_their_numbers(plans: &[Plan]) {
    let writes: Vec<&Plan> = plans.iter().filter(|plan| plan.text.starts_with("UPDATE count_lines l ")).collect();
    assert_eq!(writes.len(), 2, "{:#}", summary(plans));
    for plan in writes {
        let of_lines = plan.nodes().into_iter().filter(|node| node["Index Name"] == "count_lines_pkey");
        let conditions: Vec<&str> = of_lines.map(|node| node["Index Cond"].as_str().unwrap()).collect();
        let by_number = |condition: &&str| condition.contains("(line = ");
        assert!(!conditions.is_empty() && conditions.iter().all(by_number), "{}: {:#}", plan.text, plan.root);
    }
}

#[test]
fn transfers_and_purchase_orders_are_read_by_whole_keys() {
    let mut watched = Watched::with_documents();
    let plans = watched.plans(|app| {
        let admin = app.admin();
        let products = || (1..=20).map(|n| json!({"product_id": n, "quantity": 4}));
        let plan = json!({"from_location_id": 101, "to_location_id": 104, "lines": products().collect::<Vec<_>>()});
        let id = admin.post("/transfers", &plan).expect(201).id();
        act(&admin, &format!("/transfers/{id}/ready"), &json!({}));
        let sent = act(&admin, &format!("/transfers/{id}/send"), &json!({}));
        act(&admin, &format!("/transfers/{id}/receive"), &all_lines(&sent));
        let lines: Vec<Value> = products().collect();
        let plan = json!({"supplier_id": 9, "location_id": 104, "lines": lines});
        let priced = |mut plan: Value| {
            for line in plan["lines"].as_array_mut().unwrap() {
                line["unit_cost"] = json!(5);
            }
            plan
        };
        let id = admin.post("/purchase-orders", &priced(plan)).expect(201).id();
        let ordered = act(&admin, &format!("/purchase-orders/{id}/order"), &json!({}));
        act(&admin, &format!("/purchase-orders/{id}/receive"), &all_lines(&ordered));
    });
    assert_only_rows_asked_for_are_read(&plans);
}

fn all_lines(document: &Value) -> Value {
    let arrived = |line: &Value| json!({"line_id": line["id"], "accepted": 3, "rejected": 1});
    json!({"lines": document["lines"].as_array().unwrap().iter().map(arrived).collect::<Vec<_>>()})
}

#[test]
fn lists_of_documents_use_the_indexes_that_were_made_for_them() {
    let mut watched = Watched::with_documents();
    watched.assert_lists_use(&[
        ("/counts", "counts_pkey"),
        ("/counts?status=open", "counts_status_idx"),
        ("/counts?location_id=104", "counts_location_idx"),
        ("/transfers", "inbounds_kind_idx"),
        ("/transfers?status=draft", "inbounds_status_idx"),
        ("/purchase-orders", "inbounds_kind_idx"),
        ("/purchase-orders?status=ordered", "inbounds_status_idx"),
        ("/suppliers", "suppliers_pkey"),
        ("/suppliers?sort=name", "suppliers_name_idx"),
    ]);
    let plans = watched.plans(|app| drop(app.admin().get("/inventory/incoming?location=104").expect(200)));
    let by_open_documents = |plan: &Plan| plan.uses("inbounds_open_idx") && plan.uses("inbound_lines_variant_key");
    assert!(plans.iter().any(by_open_documents), "{:#}", summary(&plans));
    plans.iter().for_each(|plan| plan.assert_none_is_read_through(&OF_DOCUMENTS));
}
