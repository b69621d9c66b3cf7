//! Sends load over HTTP by wrk.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use stockroom::auth::Role;
use stockroom::auth::token::Tokens;
use stockroom::kernel::id::UserId;
use stockroom::settings::{Secret, Settings};

use crate::carts::FIRST_BUYER;
use crate::data::FIRST_STORE_PRODUCTS;
use crate::seen::{Latencies, Seen};
use crate::{Outcome, server};

/// Longer than the time after which Stockroom refuses a waiting request.
const TIMEOUT: &str = "15s";

/// One run of the load tool.
pub struct Load<'a> {
    pub address: &'a str,
    /// The kind of requests, see `load.lua`.
    pub kind: &'a str,
    pub clients: u32,
    pub seconds: u32,
    /// The number of buyers with a cart and a token.
    pub buyers: u64,
    /// Makes the keys of this run different from others.
    pub label: &'a str,
}

#[derive(Deserialize)]
struct WrkResult {
    requests: u64,
    microseconds: u64,
    refused: u64,
    broken: u64,
    exhausted: bool,
    statuses: BTreeMap<String, u64>,
    latencies: Vec<(u64, u64)>,
}

/// The access tokens of all buyers, in a file.
pub struct TokenFile {
    path: PathBuf,
    tokens: u64,
}

impl TokenFile {
    pub fn new(folder: &Path, name: &str) -> Self {
        Self { path: folder.join(format!("{name}.tokens")), tokens: 0 }
    }

    /// Signs tokens until each of so many buyers has one.
    pub fn provide(&mut self, buyers: u64) -> Outcome<()> {
        let signer = signer()?;
        let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.path)?;
        let mut lines = String::new();
        for buyer in self.tokens..buyers {
            let user = UserId(FIRST_BUYER + i64::try_from(buyer)?);
            lines += &signer.sign(user, Role::Customer, 0, None).map_err(|_refused| "a token could not be signed")?;
            lines.push('\n');
        }
        file.write_all(lines.as_bytes())?;
        self.tokens = self.tokens.max(buyers);
        Ok(())
    }

    /// The token of the first buyer.
    pub fn first(&self) -> Outcome<String> {
        let tokens = fs::read_to_string(&self.path)?;
        Ok(tokens.lines().next().ok_or("there are no tokens yet")?.to_owned())
    }
}

/// The access token of one account.
pub fn sign(account: i64, role: Role) -> Outcome<String> {
    signer()?.sign(UserId(account), role, 0, None).map_err(|_refused| "a token could not be signed".into())
}

fn signer() -> Outcome<Tokens> {
    let mut auth = Settings::load(None)?.auth;
    auth.jwt_secret = Secret::new(server::SECRET.to_owned());
    auth.access_ttl_seconds = server::TTL_SECONDS;
    Ok(Tokens::new(&auth))
}

/// Sends requests for the given time, or until all buyers of a sell-out have an answer.
pub fn run(load: &Load<'_>, tokens: &TokenFile) -> Outcome<Seen> {
    let mut wrk = command(load, tokens)
        .spawn()
        .map_err(|error| format!("wrk could not be run (scripts/setup.sh bench installs it): {error}"))?;
    let mut result = None;
    for line in BufReader::new(wrk.stdout.take().ok_or("wrk has no output")?).lines() {
        let line = line?;
        if line == "ANSWERED" {
            Command::new("kill").args(["-INT", &wrk.id().to_string()]).status()?;
        } else if let Some(json) = line.strip_prefix("RESULT ") {
            result = Some(serde_json::from_str::<WrkResult>(json)?);
        }
    }
    let status = wrk.wait()?;
    let result = result.ok_or_else(|| format!("wrk ended without a result: {status}"))?;
    Ok(Seen {
        answers: result.requests,
        total: result.requests,
        seconds: result.microseconds as f64 / 1e6,
        refused: result.refused,
        broken: result.broken,
        exhausted: result.exhausted,
        latencies: measured(&result, u64::from(load.clients)),
        statuses: result.statuses,
    })
}

fn command(load: &Load<'_>, tokens: &TokenFile) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/shop/load.lua");
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads", "1", "--connections", &load.clients.to_string()])
        .args(["--duration", &format!("{}s", load.seconds), "--timeout", TIMEOUT, "--script"])
        .arg(script)
        .arg(load.address)
        .env("BENCH_KIND", load.kind)
        .env("BENCH_TOKENS", &tokens.path)
        .env("BENCH_FIRST", FIRST_BUYER.to_string())
        .env("BENCH_BUYERS", load.buyers.to_string())
        .env("BENCH_LABEL", load.label)
        .env("BENCH_PRODUCTS", FIRST_STORE_PRODUCTS.to_string())
        .stdout(Stdio::piped());
    wrk
}

/// Removes the latencies that wrk adds. For each answer that took more than twice the usual interval, wrk adds shorter
/// latencies at every interval below it. pgbench adds none, so they are removed for a fair comparison, from the slowest
/// answer to the fastest.
fn measured(result: &WrkResult, clients: u64) -> Latencies {
    let mut counts: BTreeMap<u64, u64> = result.latencies.iter().copied().collect();
    let interval = result.requests.checked_div(clients).and_then(|each| result.microseconds.checked_div(each));
    let (Some(interval), true) = (interval, counts.values().sum::<u64>() > result.requests) else {
        return Latencies::new(counts);
    };
    let values: Vec<u64> = counts.keys().rev().copied().take_while(|value| *value >= 2 * interval).collect();
    for value in values {
        let count = counts.get(&value).copied().unwrap_or(0);
        let mut added = value - interval;
        while added > interval {
            if let Some(inflated) = counts.get_mut(&added) {
                *inflated = inflated.saturating_sub(count);
            }
            added -= interval;
        }
    }
    Latencies::new(counts)
}
