//! The demo store of the program.

use chrono::{DateTime, Utc};

use crate::common::process::{Place, Process};
use crate::common::{Client, Value, json};

/// The fields of a value, in a given order.
fn fields<const N: usize>(value: &Value, names: [&str; N]) -> [Value; N] {
    names.map(|name| value.get(name).unwrap_or_else(|| panic!("no {name} in {value}")).clone())
}

fn skus(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["sku"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_demo_store_is_as_the_contract_says() {
    let place = Place::new();
    let server = Process::serve(&place);
    let guest = server.client();
    let login = json!({"email": "admin@example.com", "password": "stockroom-demo"});
    let session = guest.post("/auth/login", &login).expect(200).json();
    let admin = guest.clone().with_token(session["access_token"].as_str().unwrap());
    let customer = json!({"email": "customer@example.com", "password": "stockroom-demo"});
    assert_eq!(guest.post("/auth/login", &customer).expect(200).json()["user"]["role"], "customer");
    let store = guest.get("/stores/STORE-DEMO").expect(200).json();
    let settings = fields(&store, ["currency", "tax_rate", "shipping_flat_rate", "hold_cart_items", "guest_orders"]);
    assert_eq!(settings[0], "INR");
    assert_eq!((settings[1].as_f64(), settings[2].as_f64()), (Some(0.0), Some(0.0)));
    assert_eq!((&settings[3], &settings[4]), (&json!(false), &json!(true)));
    let products = guest.get("/inventory/products?limit=100").expect(200).json();
    let shown: Vec<_> = products["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|product| fields(product, ["sku", "name", "stock_quantity", "stock_status"]))
        .collect();
    let expected = [
        ("prod_001", "Basmati Rice 1kg", 50, "in_stock"),
        ("prod_002", "Toor Dal 1kg", 30, "in_stock"),
        ("prod_003", "Sunflower Oil 1L", 25, "in_stock"),
        ("prod_004", "Turmeric Powder 100g", 40, "in_stock"),
        ("prod_005", "Onions 1kg", 2, "low_stock"),
        ("prod_006", "Tomatoes 1kg", 0, "out_of_stock"),
        ("prod_007", "Wheat Flour 2kg", 15, "in_stock"),
        ("prod_008", "Sugar 1kg", 60, "in_stock"),
        ("prod_009", "Salt 1kg", 80, "in_stock"),
        ("prod_010", "Milk 1L", 10, "in_stock"),
        ("tee-red", "T-Shirt Red", 300, "in_stock"),
    ];
    assert_eq!(
        shown,
        expected.map(|(sku, name, stock, status)| [json!(sku), json!(name), json!(stock), json!(status)])
    );
    assert_eq!(skus(&admin.get("/inventory/products/low-stock").expect(200).json()), ["prod_006", "prod_005"]);
    let tee = guest.get("/inventory/products/tee-red").expect(200).json();
    let sizes: Vec<_> = tee["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| fields(one, ["size", "price", "stock_quantity"]))
        .collect();
    assert_eq!(sizes, ["S", "M", "L"].map(|size| [json!(size), json!(30.0), json!(100)]));
    for product in products["items"].as_array().unwrap() {
        let [brand, category, price, mrp, minimum] =
            fields(product, ["brand", "category", "price", "mrp", "min_stock_level"]);
        assert!(brand.is_string() && category.is_string(), "{product}");
        assert!(mrp.as_f64().unwrap() >= price.as_f64().unwrap() && minimum.as_i64().unwrap() > 0, "{product}");
    }
    assert_eq!(admin.get("/inventory/verify").expect(200).json()["ok"], true);
    assert_places_and_barcodes(&guest, &admin);
    assert_count_of_last_week(&admin);
    assert_order_of_last_week(&admin);
    let order = json!({"items": [{"product_id": "prod_001", "quantity": 2}]});
    assert_eq!(guest.post("/orders", &order).expect(201).json()["total_amount"], 290.0);
    assert_eq!(server.terminate().code(), Some(0));
}

/// A shop with all stock, a new shop whose goods are on the road, and a warehouse.
fn assert_places_and_barcodes(guest: &Client, admin: &Client) {
    let places = admin.get("/locations?sort=priority").expect(200).json();
    let shown: Vec<_> =
        places["items"].as_array().unwrap().iter().map(|place| fields(place, ["code", "country"])).collect();
    assert_eq!(shown, ["main", "mumbai", "warehouse"].map(|code| [json!(code), json!("IN")]));
    assert!(places["items"].as_array().unwrap().iter().all(|place| place["latitude"].is_f64()), "{places}");
    assert_eq!(guest.get("/locations").expect(200).json()["total"], 2, "buyers collect in the shops");
    let on_the_road = admin.get("/transfers").expect(200).json();
    let transfer = &on_the_road["items"][0];
    assert_eq!(fields(transfer, ["status", "outstanding_quantity"]), [json!("in_transit"), json!(46)]);
    let case = admin.get("/inventory/scan/2000001000014").expect(200).json();
    assert_eq!((&case["product"]["sku"], &case["units"]), (&json!("prod_001"), &json!(12)));
    assert_eq!(case["open"][0]["number"], transfer["transfer_number"]);
    for sku in (1..=10).map(|number| format!("prod_{number:03}")) {
        let product = guest.get(&format!("/inventory/products/{sku}")).expect(200).json();
        let code = product["barcode"].as_str().unwrap();
        assert_eq!(guest.get(&format!("/inventory/scan/{code}")).expect(200).json()["product"]["sku"], sku);
    }
}

/// An order of the demo customer that was delivered, with its invoice.
fn assert_order_of_last_week(admin: &Client) {
    let orders = admin.get("/orders").expect(200).json();
    let order = &orders["items"][0];
    assert_eq!((&orders["total"], &order["total_amount"].as_f64()), (&json!(1), &Some(132.0)));
    let shown = fields(order, ["status", "payment_status", "invoice_number", "tracking_number"]);
    assert_eq!(shown, ["delivered", "paid", "INV-000001", "EE123456789IN"].map(|text| json!(text)));
    assert_eq!(fields(&order["shipments"][0], ["status", "carrier"]), [json!("delivered"), json!("India Post")]);
    let at = |field: &Value| field.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let loaded = at(&admin.get("/purchase-orders").expect(200).json()["items"][0]["created_at"]);
    let days = ["created_at", "delivered_at"].map(|field| (loaded - at(&order["shipments"][0][field])).num_days());
    assert_eq!(((loaded - at(&order["created_at"])).num_days(), days), (6, [5, 3]));
    let page = admin.get(&format!("/orders/{}/invoice", order["id"])).expect(200).text();
    assert!(page.contains("INV-000001") && page.contains("132.00"), "{page}");
    let returns = admin.get(&format!("/orders/{}/returns", order["id"])).expect(200).json();
    assert_eq!(fields(&returns[0], ["status", "actor"]), [json!("requested"), json!("user:2")]);
    let line = fields(&returns[0]["lines"][0], ["quantity", "outstanding_quantity", "reason"]);
    assert_eq!(line, [json!(1), json!(1), json!("It leaks")]);
}

/// A count of a shelf, on which two bags of salt were missing.
fn assert_count_of_last_week(admin: &Client) {
    let counts = admin.get("/counts").expect(200).json();
    let count = &counts["items"][0];
    assert_eq!((&counts["total"], &count["status"], &count["total_lines"]), (&json!(1), &json!("posted"), &json!(3)));
    let main = &admin.get("/locations?sort=priority").expect(200).json()["items"][0];
    assert_eq!((&main["code"], &count["location_id"]), (&json!("main"), &main["id"]));
    let lines = admin.get(&format!("/counts/{}/variances", count["id"])).expect(200).json();
    let names = ["sku", "status", "expected_quantity", "counted_quantity", "variance", "touched"];
    let shown: Vec<_> = lines["items"].as_array().unwrap().iter().map(|line| fields(line, names)).collect();
    let line = |sku: &str, expected: i64, counted: i64| {
        let units = [expected, counted, counted - expected].map(|units| json!(units));
        let [expected, counted, variance] = units;
        [json!(sku), json!("posted"), expected, counted, variance, json!(false)]
    };
    assert_eq!(shown, [line("prod_007", 15, 15), line("prod_008", 60, 60), line("prod_009", 82, 80)]);
    assert_eq!(lines["items"][2]["value"].as_f64(), Some(-38.0));
    let at = |field: &Value| field.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let loaded = at(&admin.get("/purchase-orders").expect(200).json()["items"][0]["created_at"]);
    for field in [&count["created_at"], &count["updated_at"], &lines["items"][2]["counted_at"]] {
        assert_eq!((loaded - at(field)).num_days(), 7, "{field}");
    }
    let path = format!("/inventory/movements?reference_id={}&sort=id", count["count_number"].as_str().unwrap());
    let ledger = admin.get(&path).expect(200).json();
    let changes: Vec<_> = ledger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["stock_delta"].as_i64().unwrap(), (loaded - at(&row["created_at"])).num_days()))
        .collect();
    assert_eq!(changes, [(0, 7), (0, 7), (-2, 7)]);
}
