//! The options of the benchmark.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::data::Size;
use crate::scenario::Scenario;

/// The number of checkouts after which the memory of a server is judged.
pub const MEMORY_CHECKOUTS: u64 = 100_000;

/// Compares Stockroom with the textbook transaction in plain SQL, on one PostgreSQL
#[derive(Clone, Debug, Parser)]
#[command(name = "make bench ARGS='…'")]
pub struct Options {
    /// The benchmark of the shop, or that of the forecasts
    #[arg(value_enum, default_value_t = Benchmark::Shop)]
    pub benchmark: Benchmark,
    /// Number of rounds; the report has the median of each figure
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
    /// Seconds of load for each figure and round
    #[arg(long, default_value_t = 5)]
    pub seconds: u32,
    /// Numbers of concurrent clients
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 128])]
    pub clients: Vec<u32>,
    /// The loads
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Scenario::ALL)]
    pub scenarios: Vec<Scenario>,
    /// Leave out the sell-out
    #[arg(long)]
    pub no_sell_out: bool,
    /// Leave out the memory of a server after 100,000 checkouts
    #[arg(long)]
    pub no_memory: bool,
    /// Also measure in a database with a million products and orders
    #[arg(long)]
    pub large: bool,
    /// The size of that database, in percent
    #[arg(long, default_value_t = 100)]
    pub percent: i64,
    /// A trial only: one round of two seconds, few clients, and few checkouts for the memory
    #[arg(long)]
    pub quick: bool,
    /// The folder for the tables, the JSON and the plot
    #[arg(long, default_value = "target/bench", value_name = "FOLDER")]
    pub out: PathBuf,
    /// Cargo passes it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Benchmark {
    Shop,
    Forecast,
}

impl Options {
    /// The options of the command line, changed by `--quick`.
    pub fn read() -> Self {
        let options = Self::parse();
        if !options.quick {
            return options;
        }
        let few: Vec<u32> = options.clients.iter().copied().filter(|clients| [1, 32].contains(clients)).collect();
        let clients = if few.is_empty() { options.clients } else { few };
        Self { rounds: 1, seconds: 2, clients, percent: options.percent.min(2), ..options }
    }

    /// The number of checkouts before the memory of a server is measured.
    pub fn memory_checkouts(&self) -> Option<u64> {
        (!self.no_memory).then_some(if self.quick { 5_000 } else { MEMORY_CHECKOUTS })
    }

    /// The units and the buyers of the sell-out.
    pub fn sell_out(&self) -> Option<(u64, u64)> {
        (!self.no_sell_out).then_some(if self.quick { (1_000, 2_000) } else { (10_000, 20_000) })
    }

    pub fn large_size(&self) -> Option<Size> {
        self.large.then(|| Size::large().scaled(self.percent))
    }
}
