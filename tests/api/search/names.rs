//! Names in many scripts: they are found in every spelling, and sorted like in a dictionary.

use super::{create, find};
use crate::common::{Client, TestApp, json};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::Value;
use stockroom::db::migrate;

/// Names, each with other spellings that find it alone.
const NAMES: [(&str, &[&str]); 18] = [
    ("Äpfel süß", &["apfel", "ÄPFEL", "süss", "SUSS apfel", "suß"]),
    ("Diyarbakır kavunu", &["diyarbakir", "DIYARBAKIR", "DİYARBAKIR", "kavun DİYARBAKİR"]),
    ("İzmir üzümü", &["izmir", "IZMIR", "ızmır uzumu"]),
    ("Молоко свежее", &["молоко", "СВЕЖЕЕ молоко", "мол"]),
    ("Мёд", &["мед", "МЕД", "мёд"]),
    ("Φέτα βαρελίσια", &["φετα", "ΒΑΡΕΛΙΣΙΑ", "φέτα ΒΑΡ"]),
    ("Phở bò", &["pho", "PHỞ", "bo pho"]),
    ("Żurek śląski", &["zurek", "SLASKI", "Śląski zur"]),
    ("Crème brûlée", &["creme", "BRULEE", "brûlée creme"]),
    ("Smörgåsbord", &["smorgasbord", "SMÖRGÅS"]),
    ("Rødgrød", &["rodgrod", "RØDGRØD"]),
    ("חָלָב טרי", &["חלב", "טרי חלב"]),
    ("حَلِيب طازج", &["حليب", "طازج حليب"]),
    ("चाय मसाला", &["चाय", "मसाला चाय"]),
    ("ナッツ", &["ﾅｯﾂ", "ナッツ"]),
    ("우유", &["우유"]),
    ("牛奶巧克力", &["牛奶", "巧克力"]),
    ("ＣＡＦＥ №５", &["cafe", "no5", "ＣＡＦＥ"]),
];

#[test]
fn a_name_is_found_in_every_spelling_and_script() {
    let app = TestApp::start();
    for (number, (name, _)) in NAMES.iter().enumerate() {
        create(&app, &format!("n{number}"), name, &json!({}));
        let body = json!({"code": format!("s{number}"), "name": name});
        app.admin().post("/suppliers", &body).expect(201);
        let body = json!({"email": format!("u{number}@example.com"), "password": "a long password",
                          "full_name": name, "role": "customer"});
        app.admin().post("/users", &body).expect(201);
    }
    let admin = app.admin();
    for (name, spellings) in NAMES {
        for query in spellings.iter().copied().chain([name]) {
            let query = format!(" {query}\t");
            assert_eq!(find(&admin, "/inventory/products", &query, "name"), [name], "{query}");
            assert_eq!(find(&admin, "/suppliers", &query, "name"), [name], "{query}");
            assert_eq!(find(&admin, "/users", &query, "full_name"), [name], "{query}");
        }
    }
}

/// Names in the order of a dictionary: punctuation, digits, and the letters of one script after the other.
const SORTED: [&str; 14] = [
    "2 Eier",
    "10 Eier",
    "apfel",
    "Apfel",
    "äpfel",
    "Apfelmus",
    "ßa",
    "Straße",
    "Zebra",
    "Ωμέγα",
    "Ёлка",
    "Молоко",
    "שלום",
    "牛奶",
];

/// The names of a list, from all its pages of three rows.
fn names(client: &Client, list: &str, sort: &str, field: &str) -> Vec<String> {
    let mut names = Vec::new();
    for page in 1.. {
        let page = client.get(&format!("{list}sort={sort}&limit=3&page={page}")).expect(200).json();
        let items = page["items"].as_array().unwrap().clone();
        names.extend(items.iter().map(|item| item[field].as_str().unwrap().to_owned()));
        if items.len() < 3 {
            return names;
        }
    }
    names
}

#[test]
fn pages_of_names_follow_the_order_of_a_dictionary_in_both_directions() {
    let app = TestApp::start();
    let admin = app.admin();
    // Neither the order of creation nor the ids are the order of the names.
    for number in 0..SORTED.len() {
        let name = SORTED[(number * 5 + 3) % SORTED.len()];
        create(&app, &format!("n{number}"), name, &json!({"min_stock_level": 5}));
        admin.post("/suppliers", &json!({"code": format!("s{number}"), "name": name})).expect(201);
        let body = json!({"email": format!("u{number}@example.com"), "password": "a long password",
                          "full_name": name, "role": "customer"});
        admin.post("/users", &body).expect(201);
    }
    app.find_scarce_variants();
    // "10" stands before "2": a dictionary compares digit by digit.
    let mut sorted = SORTED.to_vec();
    sorted.swap(0, 1);
    let reversed: Vec<&str> = sorted.iter().rev().copied().collect();
    for (list, column, field) in [
        ("/inventory/products?", "name", "name"),
        ("/inventory/products/low-stock?", "name", "name"),
        ("/suppliers?", "name", "name"),
        ("/users?role=customer&", "full_name", "full_name"),
    ] {
        assert_eq!(names(&admin, list, column, field), sorted, "{list}");
        assert_eq!(names(&admin, list, &format!("-{column}"), field), reversed, "{list}");
    }
}

#[test]
fn equal_names_keep_one_order_on_all_pages() {
    let app = TestApp::start();
    for number in 0..10 {
        create(&app, &format!("n{number}"), "Tee", &json!({}));
    }
    let skus: Vec<String> = (0..10).map(|number| format!("n{number}")).collect();
    assert_eq!(names(&app.admin(), "/inventory/products?", "name", "sku"), skus);
    let reversed: Vec<String> = skus.into_iter().rev().collect();
    assert_eq!(names(&app.admin(), "/inventory/products?", "-name", "sku"), reversed);
}

#[test]
fn a_renamed_product_moves_in_the_list() {
    let app = TestApp::start();
    create(&app, "a", "Apfel", &json!({}));
    create(&app, "b", "Birne", &json!({}));
    app.admin().patch("/inventory/products/a", &json!({"name": "Österreich"})).expect(200);
    assert_eq!(names(&app.admin(), "/inventory/products?", "name", "sku"), ["b", "a"]);
}

#[test]
fn suppliers_are_found_by_code_mail_and_phone() {
    let app = TestApp::start();
    let admin = app.admin();
    for body in [
        json!({"code": "nord", "name": "Nordkost", "email": "orders@nord.example", "phone": "+49 40 123-456"}),
        json!({"code": "sud", "name": "Südfrucht", "active": false}),
    ] {
        admin.post("/suppliers", &body).expect(201);
    }
    let codes = |query: &str| find(&admin, "/suppliers", query, "code");
    for query in ["NORD", "kost nord", "orders@", "40123456", "040 123456", "123-456"] {
        assert_eq!(codes(query), ["NORD"], "{query}");
    }
    assert_eq!(codes("sudfrucht"), ["SUD"]);
    assert_eq!(codes("nord frucht"), [""; 0]);
    let active = admin.get("/suppliers?q=sudfrucht&active=true").expect(200).json();
    assert_eq!(active["total"], 0);
    let phone: Value = json!({"phone": "0800 777", "name": "Norden"});
    let nord = admin.get("/suppliers?q=nord").expect(200).json()["items"][0]["id"].clone();
    admin.patch(&format!("/suppliers/{nord}"), &phone).expect(200);
    assert_eq!(codes("0800777"), ["NORD"]);
    assert_eq!(codes("nordkost"), [""; 0]);
}

/// A database whose provider has no pg_trgm. It gets the indexes later.
#[test]
fn searches_need_no_index() {
    let app = TestApp::start();
    create(&app, "apples", "Äpfel", &json!({}));
    let mut conn = app.connection();
    let mut has_index =
        || diesel::sql_query("SELECT FROM pg_indexes WHERE indexdef LIKE '%gin_trgm_ops%'").execute(&mut conn).unwrap();
    assert_eq!(has_index(), 3);
    app.connection().batch_execute("DROP EXTENSION pg_trgm CASCADE").unwrap();
    assert_eq!(has_index(), 0);
    assert_eq!(find(&app.guest(), "/inventory/products", "apfel", "sku"), ["apples"]);
    for _ in 0..2 {
        assert_eq!(migrate::run(&mut app.connection()).unwrap(), Vec::<String>::new());
        assert_eq!(has_index(), 3);
    }
    assert_eq!(find(&app.guest(), "/inventory/products", "pfe", "sku"), ["apples"]);
}
