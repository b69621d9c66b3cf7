//! A large count is posted in parts, and an interrupted posting goes on.

use super::{Shelf, path};
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
fn many() -> Shelf {
    let shelf = Shelf::just_filled();
    for number in 0..22 {
        let sizes: Vec<Value> = (0..50).map(|size| json!({"size": format!("{size}"), "initial_stock": 3})).collect();
        let product =
            json!({"sku": format!("p{number:02}"), "name": format!("P {number}"), "price": 1, "sizes": sizes});
        shelf.app.create_product(&product);
    }
    shelf
}

/// A submitted count in which each row but that of rice has 2 units.
fn submitted(shelf: &Shelf) -> Value {
    let count = shelf.count();
    assert_eq!(count["line_totals"]["total"], 1_101);
    for part in 0..3 {
        let entries: Vec<Value> = (part * 8..(part * 8 + 8).min(22))
            .flat_map(|number| {
                (0..50).map(move |size| json!({"product_id": format!("p{number:02}-{size}"), "quantity": 2}))
            })
            .collect();
        shelf.act(&count, "entries", &json!({"entries": entries})).expect(200);
    }
    shelf.enter(&count, 100, None);
    shelf.submit(&count)
}

fn missing_units(shelf: &Shelf) -> i64 {
    let sum = "SELECT SUM(-stock_delta)::text AS text FROM stock_movements WHERE effective_at IS NOT NULL";
    super::texts(&shelf.app, sum)[0].parse().unwrap()
}

#[test]
fn a_large_count_is_posted_by_one_request() {
    let shelf = many();
    let count = submitted(&shelf);
    let keyed = shelf.admin.clone().with_key("post-1");
    let version = count["version"].as_i64().unwrap();
    let body = json!({"expected_version": version});
    let posted = keyed.post(&path(&count, "post"), &body).expect(200).json();
    assert_eq!((&posted["status"], &posted["line_totals"]["posted"]), (&json!("posted"), &json!(1_101)));
    assert_eq!((posted["version"].as_i64(), posted["lines"].as_array().unwrap().len()), (Some(version + 1), 500));
    assert_eq!(keyed.post(&path(&count, "post"), &body).expect(200).json(), posted);
    assert_eq!(missing_units(&shelf), 1_100);
    shelf.assert_verified();
}

#[test]
fn an_interrupted_posting_goes_on_with_the_same_request() {
    let shelf = many();
    let count = submitted(&shelf);
    let version = count["version"].as_i64().unwrap();
    let id = CountId(count["id"].as_i64().unwrap());
    let expected_version = serde_json::from_str(&version.to_string()).unwrap();
    let request = PostRequest { target: Target { name: DocumentRef::Id(id), expected_version }, lines: None };
    let account =
        Account { id: shelf.admin.user.unwrap(), role: Role::Admin, permissions: Permissions::all(), store: None };
    let scope = Scope { store: shelf.app.store, principal: Principal::User(account) };
    let mut conn = shelf.app.connection();
    let last = tx::run(&mut conn, Mode::Write, |conn| Ok(End::Commit(post_part(conn, &scope, &request, 0).unwrap())));
    assert_eq!((last.unwrap(), missing_units(&shelf)), (Some(100), 100));
    let between = shelf.admin.get(&format!("/counts/{id}")).expect(200).json();
    assert_eq!((&between["status"], &between["line_totals"]["posted"]), (&json!("submitted"), &json!(100)));
    shelf.assert_verified();
    let posted = shelf.act(&count, "post", &json!({"expected_version": version})).expect(200).json();
    assert_eq!((&posted["status"], missing_units(&shelf)), (&json!("posted"), 1_100));
    shelf.assert_verified();
}
