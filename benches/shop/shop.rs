//! The shop under test: its database, its server and its buyers.

use diesel::prelude::*;
use serde_json::{Value, json};
use stockroom::auth::Role;

use crate::carts::{self, ADMIN, FIRST_BUYER};
use crate::cluster::{self, Cluster};
use crate::data::{self, Size};
use crate::load::{self, Load, TokenFile};
use crate::scenario::Scenario;
use crate::server::Server;
use crate::start::{Start, Written};
use crate::usage::Usage;
use crate::{Outcome, stop_if_asked};

pub struct Shop<'a> {
    pub cluster: &'a Cluster,
    pub name: &'static str,
    pub size: Size,
    pub url: String,
    pub conn: PgConnection,
    pub server: Server,
    pub tokens: TokenFile,
    start: Start,
    buyers: u64,
}

impl<'a> Shop<'a> {
    /// Creates a database of that name, fills it and starts a server on it.
    pub fn open(cluster: &'a Cluster, name: &'static str, size: Size) -> Outcome<Self> {
        let url = cluster.database(name)?;
        data::load(&url, &size)?;
        stop_if_asked()?;
        let mut conn = PgConnection::establish(&url)?;
        carts::insert_admin(&mut conn)?;
        let start = Start::remember(&mut conn)?;
        let server = Server::start(&url, &cluster.folder().join(format!("{name}.log")))?;
        let tokens = TokenFile::new(cluster.folder(), name);
        let mut shop = Self { cluster, name, size, url, conn, server, tokens, start, buyers: 0 };
        shop.warm_up()?;
        Ok(shop)
    }

    /// Runs a short load, so that the first round has open connections, prepared statements and cached pages.
    fn warm_up(&mut self) -> Outcome<()> {
        let buyers = 4_000;
        self.prepare(Scenario::Spread, buyers)?;
        let Self { server, tokens, .. } = self;
        let load =
            Load { address: &server.address, kind: "checkout", clients: 8, seconds: 2, buyers, label: "warm-up" };
        load::run(&load, tokens)?;
        server.wait_until_idle()
    }

    /// Restores the start, fills a cart for each of so many buyers, and writes everything to disk.
    pub fn prepare(&mut self, scenario: Scenario, buyers: u64) -> Outcome<()> {
        self.restore()?;
        self.provide_buyers(buyers)?;
        carts::fill(&mut self.conn, scenario, buyers)?;
        cluster::checkpoint(&mut self.conn)
    }

    pub fn restore(&mut self) -> Outcome<()> {
        stop_if_asked()?;
        self.start.restore(&mut self.conn)
    }

    pub fn provide_buyers(&mut self, buyers: u64) -> Outcome<()> {
        if buyers > self.buyers {
            carts::provide_buyers(&mut self.conn, buyers)?;
            self.tokens.provide(buyers)?;
            self.buyers = buyers;
        }
        Ok(())
    }

    pub fn written(&mut self) -> Outcome<Written> {
        self.start.written(&mut self.conn)
    }

    pub fn usage(&self) -> Outcome<Usage> {
        Usage::now(self.server.pid(), self.cluster.postmaster()?)
    }

    /// Stockroom's response to a checkout of this scenario by the first buyer.
    pub fn sample_answer(&mut self, scenario: Scenario) -> Outcome<String> {
        self.prepare(scenario, 1)?;
        let address = format!(r#"{{"shipping_address_id":{FIRST_BUYER}}}"#);
        let items: Vec<Value> = (1..=3).map(|product| json!({"product_id": product, "quantity": 1})).collect();
        let (path, body) = match scenario {
            Scenario::NoCart => ("orders", json!({"items": items, "shipping_address_id": FIRST_BUYER}).to_string()),
            _ => ("checkout", address),
        };
        let token = self.tokens.first()?;
        let answer = self.post(path, &token, &body)?;
        let lines = serde_json::from_str::<Value>(&answer)?["items"].as_array().map_or(0, Vec::len);
        if lines != scenario.lines() as usize {
            return Err(format!("{lines} lines in {answer}").into());
        }
        Ok(answer)
    }

    /// An access token of the admin.
    pub fn admin_token(&self) -> Outcome<String> {
        load::sign(ADMIN, Role::Admin)
    }

    pub fn post(&self, path: &str, token: &str, body: &str) -> Outcome<String> {
        let mut response = ureq::post(format!("{}/api/v1/{path}", self.server.address))
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", "sample")
            .send(body)?;
        Ok(response.body_mut().read_to_string()?)
    }

    pub fn get(&self, path: &str, token: &str) -> Outcome<String> {
        let mut response = ureq::get(format!("{}/api/v1/{path}", self.server.address))
            .header("Authorization", format!("Bearer {token}"))
            .call()?;
        Ok(response.body_mut().read_to_string()?)
    }
}
