//! Alerts, mails about orders, and stock notices.

mod bounds;
mod digests;
mod order_mails;
mod orders;
mod races;
mod refusals;
mod retries;
mod rules;
mod stock;
mod stock_notices;
mod templates;

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use stockroom::db::End;
use stockroom::db::tx::{self, Mode};
use stockroom::events::{self, EventType, RecordedEvent};

use crate::common::shop::Product;
use crate::common::{Client, TestApp, Value, json, smtp};

pub const SHOP: &str = "https://shop.example.com/stock";

/// A server that writes its mails to a folder, and a member of staff who manages alerts.
pub struct Office {
    pub app: TestApp,
    pub admin: Client,
    pub mails: PathBuf,
}

impl Office {
    /// The name makes the folder of the mails unique among the tests.
    pub fn open(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mails-alerts-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        let app = TestApp::with(|settings| {
            settings.mail.dir = folder.clone();
            settings.server.public_url = SHOP.to_owned();
        });
        Self { admin: app.admin(), app, mails: folder }
    }

    /// A rule for `ann@example.com` with further fields.
    pub fn rule(&self, kind: &str, fields: &Value) -> Value {
        let mut body = json!({"kind": kind, "to": ["mail:ann@example.com"]});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.admin.post("/alerts", &body).expect(201).json()
    }

    /// Writes and sends all mails that are due, and returns the new ones.
    pub fn deliver(&self) -> Vec<Mail> {
        self.app.relay_feed();
        self.app.follow_feed();
        self.app.send_alerts();
        self.app.send_mails();
        let mails = smtp::written(&self.mails).iter().map(|text| Mail::parse(text)).collect();
        std::fs::remove_dir_all(&self.mails).unwrap();
        std::fs::create_dir(&self.mails).unwrap();
        mails
    }

    /// The subjects of the new mails, in alphabetical order.
    pub fn subjects(&self) -> Vec<String> {
        let mut subjects: Vec<String> = self.deliver().into_iter().map(|mail| mail.subject).collect();
        subjects.sort();
        subjects
    }
}

/// A mail as its recipient sees it.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The lines before the first empty one.
    pub head: String,
}

impl Mail {
    pub fn parse(source: &str) -> Self {
        let (head, body) = source.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let field = |name: &str| {
            let line = unfolded.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("no {name} in {head}")).to_owned()
        };
        let (text, html) = body.split_once("Content-Type: text/html").unwrap();
        Self { to: field("To"), subject: field("Subject"), text: decode(text), html: decode(html), head: unfolded }
    }
}

/// Text in the encoding `quoted-printable`, or as it is.
pub fn decode(text: &str) -> String {
    if !text.contains("quoted-printable") {
        return text.to_owned();
    }
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'=').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap()
}

/// Records an event about a product, as the server does it: in a transaction, by the outbox.
pub fn record(app: &TestApp, event_type: EventType, product: &Product, data: &Value) {
    let store = app.store;
    let record = |conn: &mut PgConnection| {
        let at = stockroom::db::clock(conn)?;
        let event = RecordedEvent::new(event_type, product.id, "system", at).with_data(data.clone());
        Ok(End::Commit(events::record(store, &event)?))
    };
    tx::run(&mut app.connection(), Mode::Write, record).unwrap();
}

/// The data of an event about the stock of a product without sizes.
pub fn level(available: i64) -> Value {
    json!({"size": null, "available_quantity": available, "min_stock_level": 5})
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

pub fn count(app: &TestApp, rows: &str) -> i64 {
    let query = format!("SELECT count(*) AS count FROM {rows}");
    diesel::sql_query(query).get_result::<Count>(&mut app.connection()).unwrap().count
}
