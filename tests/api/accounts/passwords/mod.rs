//! New passwords: by the current one, and by a mailed link.

mod change;
mod mail;
mod outbox;
mod reset;

use std::path::{Path, PathBuf};

use crate::common::{Client, Reply, TestApp, json};
use diesel::prelude::*;
use stockroom::settings::Settings;

const NEW: &str = "another good password";
const SHOP: &str = "https://shop.example.com/stock";

fn change(caller: &Client, current: &str, new: &str) -> Reply {
    caller.post("/auth/password", &json!({"current_password": current, "new_password": new}))
}

fn forgot(app: &TestApp, address: &str) -> Reply {
    app.guest().post("/auth/password/forgot", &json!({"email": address}))
}

fn reset(app: &TestApp, token: &str, password: &str) -> Reply {
    app.guest().post("/auth/password/reset", &json!({"token": token, "new_password": password}))
}

/// A server that writes its mails to a folder.
fn app_with_mails(name: &str) -> (TestApp, PathBuf) {
    app_with_mails_and(name, |_| {})
}

fn app_with_mails_and(name: &str, change: impl FnOnce(&mut Settings)) -> (TestApp, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mails-{name}-{}", std::process::id()));
    std::fs::remove_dir_all(&folder).ok();
    let app = TestApp::with(|settings| {
        settings.mail.dir = folder.clone();
        settings.server.public_url = format!("{SHOP}/");
        change(settings);
    });
    (app, folder)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

fn count(app: &TestApp, rows: &str) -> i64 {
    let query = format!("SELECT count(*) AS count FROM {rows}");
    diesel::sql_query(query).get_result::<Count>(&mut app.connection()).unwrap().count
}
