//! The order of refusals: first the caller, then the request, then the objects.

use super::{is_of_the_api, permissions_of};
use crate::common::{Client, TestApp, Value, json};
use stockroom::auth::Permission;
use stockroom::kernel::id::StoreId;
use strum::VariantArray;

/// An operation of the document.
struct Documented {
    method: String,
    path: String,
    /// True if a guest is refused.
    needs_account: bool,
    needed: Vec<Permission>,
    /// True if customers may call it, too.
    admits_customers: bool,
    takes_body: bool,
    takes_page: bool,
}

fn documented(document: &Value) -> Vec<Documented> {
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().filter(|(_, one)| is_of_the_api(one)).map(move |(method, operation)| {
            let schemes = operation["security"].as_array();
            Documented {
                method: method.to_uppercase(),
                path: path.clone(),
                needs_account: schemes.is_some_and(|schemes| !schemes.is_empty() && !schemes.contains(&json!({}))),
                needed: permissions_of(operation),
                admits_customers: operation["description"].as_str().is_some_and(|text| text.starts_with("Customers ")),
                // Another service defines the body of a callback.
                takes_body: operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].is_string(),
                takes_page: operation["parameters"].as_array().unwrap().iter().any(|one| one["name"] == "page"),
            }
        })
    });
    each.collect()
}

impl Documented {
    /// The path with ids that do not exist and an invalid quantity.
    fn absent(&self, store: StoreId) -> String {
        let parts = self.path.split('/').map(|part| match part {
            "{store_id}" => store.to_string(),
            "{qty}" => "0".to_owned(),
            part if part.starts_with('{') => "999999999".to_owned(),
            part => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

#[test]
fn a_caller_without_the_permission_learns_nothing_about_the_request() {
    let app = TestApp::start();
    let everything: Vec<_> = Permission::VARIANTS.to_vec();
    let mut asked = 0;
    for operation in documented(&app.root().get("/openapi.json").json()) {
        if !operation.needs_account {
            continue;
        }
        asked += 1;
        // Every part of this request is invalid.
        let path = format!("{}?page=0&limit=x", operation.absent(app.store));
        let send = |client: &Client| {
            let client = client.clone().in_store("NOWHERE").with_key("not a key");
            client.send_bytes(&operation.method, &path, "text/plain", b"{")
        };
        send(&app.guest()).refused(401, "UNAUTHENTICATED");
        let Some(needed) = operation.needed.first() else { continue };
        let others = everything.iter().filter(|one| !operation.needed.contains(one));
        let others: Vec<_> = others.map(|one| one.as_str()).collect();
        let customer = (!operation.admits_customers).then(|| app.customer("mara"));
        for client in customer.into_iter().chain([app.staff(&others)]) {
            let problem = send(&client).refused(403, "FORBIDDEN");
            assert!(problem["detail"].as_str().unwrap().contains(needed.as_str()), "{problem}");
        }
    }
    assert!(asked > 40, "only {asked} operations need an account");
}

#[test]
fn an_invalid_request_is_refused_before_a_missing_object() {
    let app = TestApp::start();
    // Signing in in a browser needs the header.
    let admin = app.admin().with_header("X-Requested-With", "tests");
    for operation in documented(&app.root().get("/openapi.json").json()) {
        let path = operation.absent(app.store);
        let unknown = json!({"no_such_field": 1});
        let replies = [
            operation.takes_body.then(|| admin.send(&operation.method, &path, Some(&unknown))),
            operation.takes_body.then(|| {
                let nowhere = admin.clone().in_store("NOWHERE");
                nowhere.send(&operation.method, &path, Some(&unknown))
            }),
            operation.takes_page.then(|| admin.get(&format!("{path}?page=0"))),
            operation.path.contains("{qty}").then(|| admin.get(&path)),
        ];
        for reply in replies.into_iter().flatten() {
            reply.refused(422, "VALIDATION_FAILED");
        }
    }
}
