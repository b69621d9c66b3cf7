//! The benchmark, `make bench`: compares Stockroom with plain SQL (the textbook) on one PostgreSQL with its normal
//! durability. `make bench ARGS=forecast` compares the forecasts with those of statsforecast.

#![allow(
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "a program that measures and prints, and stops at any error"
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
mod rounds;

mod growth;
mod memory;
mod sell_out;

mod forecast;

mod machine;
mod results;
mod targets;

mod plot;
mod report;

use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cluster::Cluster;
use crate::data::Size;
use crate::growth::Growth;
use crate::machine::Machine;
use crate::options::{Benchmark, Options};
use crate::results::Results;
use crate::shop::Shop;

type Outcome<T> = Result<T, Box<dyn Error>>;

static STOP: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    match listen_for_signals().and_then(|()| run(&Options::read())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A signal interrupts the current step, whose error is not of interest then.
            let stopped = stop_if_asked();
            eprintln!("{}", stopped.err().unwrap_or(error));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Outcome<()> {
    match options.benchmark {
        Benchmark::Shop => run_shop(options),
        Benchmark::Forecast => forecast::run(options),
    }
}

fn run_shop(options: &Options) -> Outcome<()> {
    let results = measure_all(options)?;
    let tables = report::render(&results);
    println!("\n{tables}");
    fs::create_dir_all(&options.out)?;
    fs::write(options.out.join("shop.md"), tables)?;
    fs::write(options.out.join("shop.json"), serde_json::to_string_pretty(&results)? + "\n")?;
    fs::write(options.out.join("shop.svg"), plot::draw(&results))?;
    println!("shop.md, shop.json and shop.svg are in {}", options.out.display());
    Ok(())
}

fn measure_all(options: &Options) -> Outcome<Results> {
    let cluster = Cluster::start()?;
    let mut small = Shop::open(&cluster, "small", Size { orders: 20_000, ..Size::small() })?;
    let machine = Machine::read(&mut small.conn, cluster.folder())?;
    println!("{}", machine.describe());
    let samples = rounds::run(&mut small, options)?;
    let memory = options.memory_checkouts().map(|checkouts| memory::run(&mut small, checkouts)).transpose()?;
    let growth = options.large_size().map(|size| grow(&cluster, &mut small, size, options)).transpose()?;
    let sell_out = options.sell_out().map(|(units, buyers)| sell_out::run(&mut small, units, buyers)).transpose()?;
    let figures = results::figures(&samples);
    let targets = targets::judge(&figures, memory.as_ref(), growth.as_ref(), sell_out.as_ref());
    let Options { rounds, seconds, .. } = *options;
    Ok(Results { machine, rounds, seconds, targets, figures, sell_out, memory, growth, samples })
}

fn grow<'a>(cluster: &'a Cluster, small: &mut Shop<'a>, size: Size, options: &Options) -> Outcome<Growth> {
    println!("loading a large shop: {size:?}");
    let mut large = Shop::open(cluster, "large", size)?;
    growth::run(small, &mut large, options)
}

/// Requests a stop on SIGINT or SIGTERM, so that PostgreSQL and the server are stopped in order.
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

/// Returns an error if a stop was requested. It is called between the steps of a run.
fn stop_if_asked() -> Outcome<()> {
    if STOP.load(Ordering::Relaxed) { Err("stopped".into()) } else { Ok(()) }
}
