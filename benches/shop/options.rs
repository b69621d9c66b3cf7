//! What is measured, and how long.

use std::path::PathBuf;

use clap::Parser;

use crate::data::Size;
use crate::scenario::Scenario;

/// After so many the memory of a server is judged.
pub const MEMORY_CHECKOUTS: u64 = 100_000;

/// Measures Stockroom beside the textbook transaction, on one PostgreSQL
#[derive(Clone, Debug, Parser)]
#[command(name = "make bench ARGS='…'")]
pub struct Options {
    /// Rounds; of each figure the median is told
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
    /// Seconds of load for each figure and round
    #[arg(long, default_value_t = 5)]
    pub seconds: u32,
    /// How many clients at a time
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 128])]
    pub clients: Vec<u32>,
    /// Which loads
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Scenario::ALL)]
    pub scenarios: Vec<Scenario>,
    /// Leave out the sell-out
    #[arg(long)]
    pub no_sell_out: bool,
    /// Leave out the 100,000 checkouts of one server after which its memory is told
    #[arg(long)]
    pub no_memory: bool,
    /// The same carts among a million products and orders as well
    #[arg(long)]
    pub large: bool,
    /// How large that is, in percent
    #[arg(long, default_value_t = 100)]
    pub percent: i64,
    /// Only to see that it works: one round of two seconds, few clients, and little memory
    #[arg(long)]
    pub quick: bool,
    /// Where the table, the JSON and the plot are written
    #[arg(long, default_value = "target/bench", value_name = "FOLDER")]
    pub out: PathBuf,
    /// Cargo passes it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// As on the command line, with what `--quick` changes.
    pub fn read() -> Self {
        let options = Self::parse();
        if !options.quick {
            return options;
        }
        let few: Vec<u32> = options.clients.iter().copied().filter(|clients| [1, 32].contains(clients)).collect();
        let clients = if few.is_empty() { options.clients } else { few };
        Self { rounds: 1, seconds: 2, clients, percent: options.percent.min(2), ..options }
    }

    /// Checkouts of one server before its memory is looked at.
    pub fn memory_checkouts(&self) -> Option<u64> {
        (!self.no_memory).then_some(if self.quick { 5_000 } else { MEMORY_CHECKOUTS })
    }

    /// Units and buyers of the sell-out.
    pub fn sell_out(&self) -> Option<(u64, u64)> {
        (!self.no_sell_out).then_some(if self.quick { (1_000, 2_000) } else { (10_000, 20_000) })
    }

    pub fn large_size(&self) -> Option<Size> {
        self.large.then(|| Size::large().scaled(self.percent))
    }
}
