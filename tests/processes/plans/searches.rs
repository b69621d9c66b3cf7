//! The plans of searches and of lists that are sorted by name. They depend on the values, so they are made for these.

use super::*;

impl Watched {
    /// The plans of the statements of a path, with the values that the server sends.
    fn plans_with_values(&mut self, path: &str) -> Vec<Plan> {
        let admin = self.app.admin();
        let start = fs::read(&self.log).unwrap().len();
        admin.get(path).expect(200);
        let log = String::from_utf8_lossy(&fs::read(&self.log).unwrap()[start..]).into_owned();
        let of_server: Vec<String> = self.pids().iter().flat_map(|pid| with_values(&log, pid.pid)).collect();
        let texts: BTreeSet<String> = of_server.into_iter().filter(|text| text.contains("search_text")).collect();
        let explain = |text: String| {
            let plan: Line =
                diesel::sql_query(format!("EXPLAIN (FORMAT JSON) {text}")).get_result(&mut self.conn).unwrap();
            Plan { text, root: serde_json::from_str::<Value>(&plan.line).unwrap()[0]["Plan"].clone() }
        };
        texts.into_iter().map(explain).collect()
    }

    fn assert_searches_use(&mut self, index: &str, paths: &[String]) {
        for path in paths {
            let plans = self.plans_with_values(path);
            // One statement counts the rows, and one reads the page.
            assert_eq!(plans.len(), 2, "{path}: {:#}", summary(&plans));
            for plan in &plans {
                assert!(plan.uses(index), "{path} does not use {index}: {}\n{:#}", plan.text, plan.root);
                plan.assert_no_growing_table_is_read_through();
            }
        }
    }
}

/// The statements of one process of the database, with their values instead of the placeholders.
fn with_values(log: &str, pid: i32) -> Vec<String> {
    let mut statements = Vec::new();
    let of_process = format!("[{pid}]");
    let mut lines = log.lines().filter(|line| line.contains(&of_process)).peekable();
    while let Some(line) = lines.next() {
        let Some((_, text)) = line.split_once("LOG:  execute ").and_then(|(_, rest)| rest.split_once(": ")) else {
            continue;
        };
        let mut text = text.to_owned();
        if let Some((_, values)) = lines.peek().and_then(|next| next.split_once("DETAIL:  parameters: ")) {
            let parameters: Vec<&str> = values.split(", $").collect();
            for parameter in parameters.iter().rev() {
                let (number, value) = parameter.trim_start_matches('$').split_once(" = ").unwrap();
                text = text.replace(&format!("${number}"), value);
            }
        }
        statements.push(text);
    }
    statements
}

#[test]
fn searches_find_rows_by_trigrams() {
    let mut watched = Watched::start();
    let number = watched.newest_order()["order_number"].as_str().unwrap().to_lowercase();
    let products = ["q=sku-4711", "q=4711+PRODUCT", "q=4711&sort=name", "q=4711&category=category-3"];
    let products: Vec<String> = products.iter().map(|query| format!("/inventory/products?{query}")).collect();
    watched.assert_searches_use("products_search_idx", &products);
    let orders = [format!("q={number}"), format!("q={number}&payment_status=paid"), "q=0987-654321".to_owned()];
    let orders: Vec<String> = orders.iter().map(|query| format!("/orders?{query}")).collect();
    // The store of the test has few orders, whose texts could be read through.
    let more = "INSERT INTO order_search (store_id, order_id, search_text) \
                SELECT 1, 1000000 + n, 'ord-20260101-' || md5(n::text) FROM generate_series(1, 20000) n";
    // Until a VACUUM, the new entries of the index are in a list, which each search would read.
    for sql in [more, "VACUUM (ANALYZE) order_search"] {
        watched.conn.batch_execute(sql).unwrap();
    }
    watched.assert_searches_use("order_search_search_idx", &orders);
}

#[test]
fn the_job_that_writes_search_texts_reads_new_orders_only() {
    let mut watched = Watched::start();
    assert_eq!(watched.app.write_search_texts(), 0);
    let order = watched.app.customer("mara").post("/orders", &json!({"items": [{"product_id": 9, "quantity": 1}]}));
    order.expect(201);
    watched.app.relay_feed();
    let plans = watched.plans(|app| assert_eq!(app.write_search_texts(), 1));
    plans.iter().for_each(Plan::assert_no_growing_table_is_read_through);
    assert!(plans.iter().any(|plan| plan.text.starts_with("INSERT INTO order_search ")), "{:#}", summary(&plans));
}

#[test]
fn a_list_by_name_reads_its_page_from_the_index() {
    let mut watched = Watched::start();
    for sort in ["name", "-name"] {
        let plans = watched.plans_with_values(&format!("/inventory/products?sort={sort}"));
        let page = plans.iter().find(|plan| plan.text.contains("ORDER BY")).unwrap();
        assert!(page.uses("products_name_idx"), "{:#}", page.root);
        assert!(page.nodes().iter().all(|node| node["Node Type"] != "Sort"), "{:#}", page.root);
    }
}
