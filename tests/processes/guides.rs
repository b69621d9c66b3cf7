//! The programs of the guides, run as they are printed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::process::{Place, Process};
use crate::common::{Client, Value, json};

/// The first program in a language of a guide in `docs/guides`.
fn program(guide: &str, language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides").join(guide);
    let text = fs::read_to_string(path).unwrap();
    let from = text.split_once(&format!("```{language}\n")).expect("the guide has no such program").1;
    from.split_once("\n```").unwrap().0.to_owned()
}

/// A program that runs until the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn follow(place: &Place, server: &Process) -> Running {
    let mut command = Command::new("python3");
    command.args(["-c", &program("stock-in-step.md", "python")]).current_dir(&place.folder);
    command.env("STOCKROOM_URL", format!("{}/api/v1", server.address)).stdin(Stdio::null()).stdout(Stdio::null());
    command.env("STOCKROOM_EMAIL", "admin@example.com").env("STOCKROOM_PASSWORD", "stockroom-demo");
    Running(command.spawn().unwrap())
}

/// The units of each SKU in the storefront's database.
fn shown(place: &Place) -> BTreeMap<String, i64> {
    let query = "import json, sqlite3\n\
                 print(json.dumps(dict(sqlite3.connect('storefront.db').execute('SELECT * FROM stock'))))";
    let output = Command::new("python3").args(["-c", query]).current_dir(&place.folder).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

/// The same in the shop. A product that never had stock has no events.
fn available(admin: &Client) -> BTreeMap<String, i64> {
    let products = admin.get("/inventory/products?limit=100").expect(200).json();
    let variants =
        products["items"].as_array().unwrap().iter().flat_map(|product| product["variants"].as_array().unwrap());
    let row = |variant: &Value| {
        (variant["sku"].as_str().unwrap().to_owned(), variant["available_quantity"].as_i64().unwrap())
    };
    variants.map(row).filter(|(sku, _)| sku != "prod_006").collect()
}

#[test]
fn a_storefront_follows_the_stock_also_after_it_was_killed() {
    let place = Place::new();
    let server = Process::serve(&place);
    let login = json!({"email": "admin@example.com", "password": "stockroom-demo"});
    let token = server.client().post("/auth/login", &login).expect(200).json();
    let admin = server.client().with_token(token["access_token"].as_str().unwrap());
    let buy = |quantity: i64| {
        let order = json!({"items": [{"product_id": "prod_009", "quantity": quantity},
                                     {"product_id": "tee-red-M", "quantity": 1}]});
        admin.post("/orders", &order).expect(201);
    };
    for quantity in 1..=3 {
        let follower = follow(&place, &server);
        buy(quantity);
        let expected = available(&admin);
        let started = Instant::now();
        while shown(&place) != expected {
            assert!(started.elapsed() < Duration::from_secs(60), "{:?} instead of {expected:?}", shown(&place));
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(follower);
        // This change is made while nobody follows.
        buy(1);
    }
}
