//! A large count is posted in parts, and an interrupted posting goes on.

use super::{Store, path};
use crate::common::{Value, json};
use stockroom::audit::document::Target;
use stockroom::auth::Permissions;
use stockroom::auth::principal::{Account, Role};
use stockroom::auth::{Principal, Scope};
use stockroom::db::End;
use stockroom::db::tx::{self, Mode};
use stockroom::inventory::counts::post::{PostRequest, post_part};
use stockroom::kernel::document_ref::DocumentRef;
use stockroom::kernel::id::CountId;

/// 22 products of 50 sizes, each with 3 units, and rice.
fn many() -> Store {
    let store = Store::just_filled();
    for number in 0..22 {
        let sizes: Vec<Value> = (0..50).map(|size| json!({"size": format!("{size}"), "initial_stock": 3})).collect();
        let product =
            json!({"sku": format!("p{number:02}"), "name": format!("P {number}"), "price": 1, "sizes": sizes});
        store.app.create_product(&product);
    }
    store
}

/// A submitted count in which each row but that of rice has 2 units.
fn submitted(store: &Store) -> Value {
    let count = store.count();
    assert_eq!(count["line_totals"]["total"], 1_101);
    for part in 0..3 {
        let entries: Vec<Value> = (part * 8..(part * 8 + 8).min(22))
            .flat_map(|number| {
                (0..50).map(move |size| json!({"product_id": format!("p{number:02}-{size}"), "quantity": 2}))
            })
            .collect();
        store.act(&count, "entries", &json!({"entries": entries})).expect(200);
    }
    store.enter(&count, 100, None);
    store.submit(&count)
}

fn missing_units(store: &Store) -> i64 {
    let sum = "SELECT SUM(-stock_delta)::text AS text FROM stock_movements WHERE effective_at IS NOT NULL";
    super::texts(&store.app, sum)[0].parse().unwrap()
}

#[test]
fn a_large_count_is_posted_by_one_request() {
    let store = many();
    let count = submitted(&store);
    let keyed = store.admin.clone().with_key("post-1");
    let version = count["version"].as_i64().unwrap();
    let body = json!({"expected_version": version});
    let posted = keyed.post(&path(&count, "post"), &body).expect(200).json();
    assert_eq!((&posted["status"], &posted["line_totals"]["posted"]), (&json!("posted"), &json!(1_101)));
    assert_eq!((posted["version"].as_i64(), posted["lines"].as_array().unwrap().len()), (Some(version + 1), 500));
    assert_eq!(keyed.post(&path(&count, "post"), &body).expect(200).json(), posted);
    assert_eq!(missing_units(&store), 1_100);
    store.assert_verified();
}

#[test]
fn an_interrupted_posting_goes_on_with_the_same_request() {
    let store = many();
    let count = submitted(&store);
    let version = count["version"].as_i64().unwrap();
    let id = CountId(count["id"].as_i64().unwrap());
    let expected_version = serde_json::from_str(&version.to_string()).unwrap();
    let request = PostRequest { target: Target { name: DocumentRef::Id(id), expected_version }, lines: None };
    let account =
        Account { id: store.admin.user.unwrap(), role: Role::Admin, permissions: Permissions::all(), store: None };
    let scope = Scope { store: store.app.store, principal: Principal::User(account) };
    let mut conn = store.app.connection();
    let last = tx::run(&mut conn, Mode::Write, |conn| Ok(End::Commit(post_part(conn, &scope, &request, 0).unwrap())));
    assert_eq!((last.unwrap(), missing_units(&store)), (Some(100), 100));
    let between = store.admin.get(&format!("/counts/{id}")).expect(200).json();
    assert_eq!((&between["status"], &between["line_totals"]["posted"]), (&json!("submitted"), &json!(100)));
    store.assert_verified();
    let posted = store.act(&count, "post", &json!({"expected_version": version})).expect(200).json();
    assert_eq!((&posted["status"], missing_units(&store)), (&json!("posted"), 1_100));
    store.assert_verified();
}
