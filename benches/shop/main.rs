//! Stockroom beside the textbook, on one PostgreSQL with its normal durability: `make bench`.

#![allow(
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "a program that measures and prints, and stops where something is not as it should be"
)]

mod options;
mod scenario;

mod cluster;
mod data;
mod server;
mod usage;

mod carts;
mod load;
mod seen;
mod shop;
mod start;
mod textbook;

mod measure;

use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cluster::Cluster;
use crate::data::Size;
use crate::measure::{Appetite, System, Task};
use crate::options::Options;
use crate::shop::Shop;

type Outcome<T> = Result<T, Box<dyn Error>>;

static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    match listen_for_signals().and_then(|()| run(&Options::read())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Outcome<()> {
    let cluster = Cluster::start()?;
    let mut shop = Shop::open(&cluster, "small", &Size { orders: 20_000, ..Size::small() })?;
    let mut appetite = Appetite::default();
    for scenario in &options.scenarios {
        let answer = shop.sample_answer(*scenario)?;
        for clients in &options.clients {
            for system in [System::Textbook, System::Stockroom] {
                let task = Task { system, scenario: *scenario, clients: *clients, round: 1, seconds: options.seconds, answer: &answer };
                println!("{:?}", measure::measure(&mut shop, &task, &mut appetite)?);
            }
            println!("{}", server::verify(&shop.url)?);
        }
    }
    Ok(())
}

/// PostgreSQL and the server are stopped in good order also when somebody has seen enough.
fn listen_for_signals() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            STOP.store(true, Ordering::Relaxed);
        });
    });
    Ok(())
}

/// Ends the run between two of its steps, if it was asked to end.
fn stop_if_asked() -> Outcome<()> {
    if STOP.load(Ordering::Relaxed) { Err("stopped".into()) } else { Ok(()) }
}
