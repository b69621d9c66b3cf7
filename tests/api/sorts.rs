//! The parameter `sort` of lists: both directions, ties, pages, and refusals.

use crate::common::{Client, TestApp, Value, json};
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use stockroom::routes;

/// The items of a list, which are the same whether they are read at once or in pages of two.
fn list(client: &Client, path: &str) -> Vec<Value> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let read = |page: &str| client.get(&format!("{path}{sign}{page}")).expect(200).json();
    let items = |list: Value| list["items"].as_array().unwrap().clone();
    let whole = items(read("limit=100"));
    let pages = (1..=whole.len().div_ceil(2)).flat_map(|page| items(read(&format!("limit=2&page={page}"))));
    assert_eq!(pages.collect::<Vec<_>>(), whole, "{path}");
    whole
}

fn names(items: &[Value], fields: &[&str]) -> Vec<String> {
    let name = |item: &Value| fields.iter().map(|field| item[field].to_string().replace('"', "")).collect::<Vec<_>>();
    items.iter().map(|item| name(item).join(" ")).collect()
}

/// Each column gives this order. With `-` before it the order is reversed, ties included.
fn assert_sorted(client: &Client, path: &str, fields: &[&str], expected: &[(&str, [&str; 4])]) {
    for (column, ascending) in expected {
        let sorted = |sort: &str| names(&list(client, &format!("{path}?sort={sort}")), fields);
        assert_eq!(sorted(column), ascending, "{path} by {column}");
        let descending: Vec<&str> = ascending.iter().rev().copied().collect();
        assert_eq!(sorted(&format!("-{column}")), descending, "{path} by -{column}");
    }
}

/// The message of the refusal of a query's order.
fn refusal(client: &Client, path: &str) -> String {
    let problem = client.get(path).refused(422, "VALIDATION_FAILED");
    assert_eq!(problem["errors"][0]["field"], "sort", "{path}: {problem}");
    problem["errors"][0]["message"].as_str().unwrap().to_owned()
}

#[test]
fn every_list_takes_the_orders_of_the_document_and_names_its_columns() {
    let app = TestApp::start();
    app.product("rice", 12.5, 7);
    let admin = app.admin();
    let supplier = admin.post("/suppliers", &json!({"code": "acme", "name": "Acme"})).expect(201).id();
    let count = json!({"location_id": app.main_location(), "scope": {"all": true}});
    let count = admin.post("/counts", &count).expect(201).id();
    let webhook = admin.post("/webhooks", &json!({"url": "https://example.com/stock"})).expect(201).id();
    let import = admin.post("/imports?kind=products", &json!([])).expect(201).id();
    let document = routes::document();
    let mut lists = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let parameters = methods["get"]["parameters"].as_array().into_iter().flatten();
        let named = |name: &str| parameters.clone().find(|parameter| parameter["name"] == name);
        // The lines of a count have one order only.
        if named("page").is_none() || path == "/counts/{id}" {
            continue;
        }
        let schema = &named("sort").unwrap_or_else(|| panic!("{path} has no order"))["schema"];
        let values: Vec<&str> =
            schema["enum"].as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
        let path = path.replace("suppliers/{id}", &format!("suppliers/{supplier}"));
        let path = path.replace("imports/{id}", &format!("imports/{import}"));
        let path = path.replace("webhooks/{id}", &format!("webhooks/{webhook}"));
        let path = path.replace("counts/{id}", &format!("counts/{count}")).replace("{id}", "rice");
        let message = refusal(&admin, &format!("{path}?sort=weight"));
        for value in &values {
            admin.get(&format!("{path}?sort={value}")).expect(200);
            assert!(message.contains(value.trim_start_matches('-')), "{path}: {message}");
        }
        if let Some(default) = schema["default"].as_str() {
            let items = |query: &str| admin.get(&format!("{path}{query}")).expect(200).json()["items"].clone();
            assert_eq!(items(&format!("?sort={default}")), items(""), "{path}");
        }
        lists += 1;
    }
    assert_eq!(lists, 30);
}

#[test]
fn the_document_names_the_orders_for_generated_clients() {
    let document = routes::document();
    let parameters = document["paths"]["/orders"]["get"]["parameters"].as_array().unwrap();
    let sort = parameters.iter().find(|parameter| parameter["name"] == "sort").unwrap();
    assert_eq!(sort["schema"]["enum"], json!(["created_at", "total_amount", "-created_at", "-total_amount"]));
    let names = json!(["CREATED_AT", "TOTAL_AMOUNT", "CREATED_AT_DESC", "TOTAL_AMOUNT_DESC"]);
    assert_eq!(sort["schema"]["x-enum-varnames"], names);
}

#[test]
fn low_stock_is_sorted() {
    let app = TestApp::start();
    let product = |sku: &str, name: &str, minimum: i64, stock: i64| {
        let body = json!({"sku": sku, "name": name, "price": 1, "min_stock_level": minimum, "initial_stock": stock});
        app.create_product(&body);
    };
    product("dal", "Dal", 10, 9);
    product("salt", "Äpfel", 5, 0);
    product("rice", "rice", 10, 9);
    product("much", "Much", 5, 6);
    let sizes = json!([{"size": "S", "initial_stock": 0}, {"size": "M", "initial_stock": 50}]);
    app.create_product(&json!({"sku": "tee", "name": "Cap", "price": 1, "min_stock_level": 2, "sizes": sizes}));
    let expected = [
        ("above_minimum", ["salt", "tee", "dal", "rice"]),
        ("id", ["dal", "salt", "rice", "tee"]),
        ("name", ["salt", "tee", "dal", "rice"]),
        ("sku", ["dal", "rice", "salt", "tee"]),
        ("stock", ["salt", "dal", "rice", "tee"]),
    ];
    assert_sorted(&app.admin(), "/inventory/products/low-stock", &["sku"], &expected);
}

/// Five of the reserved units are past their deadline, so that they count as free.
#[test]
fn stock_rows_are_sorted() {
    let app = TestApp::start();
    let product = |sku: &str, name: &str, stock: i64| {
        app.create_product(&json!({"sku": sku, "name": name, "price": 1, "initial_stock": stock}))
    };
    let rice = product("b-rice", "Zimt", 6);
    let dal = product("a-dal", "dal", 5);
    let salt = product("c-salt", "Äpfel", 8);
    let admin = app.admin();
    let north =
        json!({"quantity": 5, "movement_type": "in", "reason": "delivery", "location_id": app.add_location("north")});
    app.advance(10);
    admin.put(&format!("/inventory/products/{}/stock", salt.id), &north).expect(200);
    app.customer("mara").buy(&rice, 1);
    for (product, quantity, ttl_seconds) in [(&dal, 2, 900), (&rice, 5, 60)] {
        app.advance(10);
        let items = json!([{"product_id": product.id, "quantity": quantity}]);
        let body = json!({"items": items, "ttl_seconds": ttl_seconds, "reference_id": "job"});
        admin.post("/reservations", &body).expect(201);
    }
    app.advance(100);
    let expected = [
        ("variant_id", ["b-rice main", "a-dal main", "c-salt main", "c-salt north"]),
        ("sku", ["a-dal main", "b-rice main", "c-salt main", "c-salt north"]),
        ("product_name", ["c-salt main", "c-salt north", "a-dal main", "b-rice main"]),
        ("stock_quantity", ["b-rice main", "a-dal main", "c-salt north", "c-salt main"]),
        ("reserved_quantity", ["b-rice main", "c-salt main", "c-salt north", "a-dal main"]),
        ("available_quantity", ["a-dal main", "b-rice main", "c-salt north", "c-salt main"]),
        ("sold_quantity", ["a-dal main", "c-salt main", "c-salt north", "b-rice main"]),
        ("updated_at", ["c-salt main", "c-salt north", "a-dal main", "b-rice main"]),
    ];
    assert_sorted(&admin, "/inventory", &["sku", "location_code"], &expected);
}

#[test]
fn reservations_are_sorted() {
    let app = TestApp::start();
    let rice = app.product("rice", 12.5, 10);
    let admin = app.admin();
    for (name, ttl_seconds) in [("a", 800), ("b", 600), ("c", 900), ("d", 700)] {
        let items = json!([{"product_id": rice.id, "quantity": 1}]);
        let body = json!({"items": items, "ttl_seconds": ttl_seconds, "reference_id": name});
        admin.post("/reservations", &body).expect(201);
    }
    let change = "UPDATE reservations SET created_at = created_at - interval '1 day' WHERE reference_id = 'd';
                  UPDATE reservations SET created_at = (SELECT MAX(created_at) FROM reservations) WHERE reference_id <> 'd'";
    app.connection().batch_execute(change).unwrap();
    let expected =
        [("id", ["a", "b", "c", "d"]), ("created_at", ["d", "a", "b", "c"]), ("expires_at", ["b", "d", "a", "c"])];
    assert_sorted(&admin, "/reservations", &["reference_id"], &expected);
    let active = names(&list(&admin, "/reservations?state=active&sort=expires_at"), &["reference_id"]);
    assert_eq!(active, ["b", "d", "a", "c"]);
}

/// Four movements of two sizes. Their times are in another order than their ids, and two have the same time.
fn ledger(app: &TestApp) -> Client {
    let tee = app.sized_product("tee", 30.0, &[("S", 5), ("M", 5)]);
    let admin = app.admin();
    for (size, quantity) in [("S", 3), ("M", 4)] {
        let body = json!({"quantity": quantity, "movement_type": "in", "reason": "delivery", "size": size});
        admin.put(&format!("/inventory/products/{}/stock", tee.id), &body).expect(200);
    }
    let change = "UPDATE stock_movements SET created_at = timestamptz '2026-01-01 00:00:00Z' + interval '1 hour' *
                         CASE WHEN stock_after = 8 THEN 1 WHEN stock_after = 9 THEN 2 ELSE 3 END";
    app.connection().batch_execute(change).unwrap();
    admin
}

const LEDGERS: [&str; 2] = ["/inventory/movements", "/inventory/products/tee/movements"];

#[test]
fn movements_are_sorted() {
    let app = TestApp::start();
    let admin = ledger(&app);
    let expected = [("id", ["S 5", "M 5", "S 8", "M 9"]), ("created_at", ["S 8", "M 9", "S 5", "M 5"])];
    for path in LEDGERS {
        assert_sorted(&admin, path, &["size", "stock_after"], &expected);
        let of = |query: &str| names(&list(&admin, &format!("{path}?{query}")), &["size", "stock_after"]);
        assert_eq!(of("kind=receive"), ["M 9", "S 8", "M 5", "S 5"], "newest first without an order");
        assert_eq!(of("sort=created_at&to=2026-01-01T03:00:00Z"), ["S 8", "M 9"]);
        assert_eq!(of("sort=id&from=2026-01-01T02:00:00Z"), ["S 5", "M 5", "M 9"]);
    }
    let period = names(&list(&admin, "/inventory/movements?from=2026-01-01T00:00:00Z"), &["size", "stock_after"]);
    assert_eq!(period, ["M 5", "S 5", "M 9", "S 8"], "by time without an order");
}

#[test]
fn the_audit_is_sorted() {
    let app = TestApp::start();
    let tee = app.sized_product("tee", 30.0, &[("S", 5), ("M", 5)]);
    let order = json!({"items": [{"product_id": tee.id, "size": "S", "quantity": 1}]});
    let order = app.customer("mara").post("/orders", &order).expect(201).json();
    let admin = app.admin();
    let paid = json!({"payment_reference": "cash"});
    admin.post(&format!("/orders/{}/payment/confirm", order["id"]), &paid).expect(200);
    let change = "UPDATE audit_log SET created_at = created_at + interval '1 day' WHERE entity = 'Product'";
    app.connection().batch_execute(change).unwrap();

    let moment = |entry: &Value| entry["created_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let id = |entry: &Value| entry["id"].as_i64().unwrap();
    let mut entries = list(&admin, "/audit");
    assert!(entries.len() >= 6, "{entries:#?}");
    assert!(entries.is_sorted_by_key(|entry| -id(entry)), "newest first without an order");
    for (column, descending) in [("id", false), ("id", true), ("created_at", false), ("created_at", true)] {
        match column {
            "id" => entries.sort_by_key(id),
            _ => entries.sort_by_key(|entry| (moment(entry), id(entry))),
        }
        if descending {
            entries.reverse();
        }
        let sort = format!("{}{column}", if descending { "-" } else { "" });
        assert_eq!(list(&admin, &format!("/audit?sort={sort}")), entries, "{sort}");
    }
    let of_product = names(&list(&admin, "/audit?sort=-created_at&entity=Product"), &["action"]);
    assert_eq!(of_product, ["CREATE"]);
}

/// All rows of a feed, two at a time.
fn follow(client: &Client, path: &str, rest: &str) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), "0".to_owned());
    loop {
        let page = client.get(&format!("{path}?after={after}&limit=2{rest}")).expect(200).json();
        after = page["next"].as_str().unwrap().to_owned();
        match page["items"].as_array().unwrap() {
            items if items.is_empty() => return rows,
            items => rows.extend_from_slice(items),
        }
    }
}

#[test]
fn a_feed_that_is_read_on_has_one_order() {
    let app = TestApp::start();
    let admin = ledger(&app);
    app.relay_feed();
    for path in [LEDGERS[0], LEDGERS[1], "/audit"] {
        let feed = follow(&admin, path, "");
        assert!(feed.len() >= 4);
        assert_eq!(follow(&admin, path, "&sort=id"), feed);
        for sort in ["-id", "created_at", "-created_at"] {
            let message = refusal(&admin, &format!("{path}?after=0&sort={sort}"));
            assert_eq!(
                message,
                "must be id, or left out, together with after, which reads the rows of the feed, oldest first"
            );
        }
        assert!(refusal(&admin, &format!("{path}?after=0&sort=weight")).contains("id, created_at"));
    }
}
