//! The memory of a server after many checkouts.

use serde::Serialize;

use crate::load::{self, Load};
use crate::scenario::Scenario;
use crate::server::Server;
use crate::shop::Shop;
use crate::{Outcome, usage};

const CLIENTS: u32 = 32;
const SECONDS: u32 = 10;

#[derive(Clone, Debug, Serialize)]
pub struct Memory {
    pub checkouts: u64,
    pub clients: u32,
    pub resident_bytes: u64,
    pub peak_bytes: u64,
}

/// Starts a new server and measures its memory after so many orders.
pub fn run(shop: &mut Shop<'_>, checkouts: u64) -> Outcome<Memory> {
    let mut buyers = 1_000;
    shop.prepare(Scenario::NoCart, buyers)?;
    let server = Server::start(&shop.url, &shop.cluster.folder().join("memory.log"))?;
    let mut done = 0;
    for part in 1.. {
        let load = Load {
            address: &server.address,
            kind: "order",
            clients: CLIENTS,
            seconds: SECONDS,
            buyers,
            label: &format!("memory-{part}"),
        };
        let seen = load::run(&load, &shop.tokens)?;
        crate::stop_if_asked()?;
        server.wait_until_idle()?;
        let now = u64::try_from(shop.written()?.orders)?;
        if now == done {
            return Err(format!("no order was placed: {} answers, {} refused", seen.answers, seen.refused).into());
        }
        done = now;
        if done >= checkouts {
            break;
        }
        // Each buyer sends one request in a part, so a part that used all buyers needs more of them.
        if seen.exhausted {
            buyers = (buyers * 4).min(checkouts);
            shop.provide_buyers(buyers)?;
        }
    }
    let (resident_bytes, peak_bytes) = usage::memory(server.pid())?;
    server.stop()?;
    Ok(Memory { checkouts: done, clients: CLIENTS, resident_bytes, peak_bytes })
}
