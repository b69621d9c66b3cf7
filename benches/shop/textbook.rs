//! The textbook: pgbench runs the classic transaction of `textbook/` directly on the database.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::carts::FIRST_BUYER;
use crate::data::FIRST_STORE_PRODUCTS;
use crate::scenario::Scenario;
use crate::seen::{Latencies, Seen};
use crate::{Outcome, cluster};

/// The seconds before the measurement. Each connection is opened, loads the catalog and prepares its statements.
/// Stockroom's connections are already open.
fn warm_up_seconds(clients: u32) -> u32 {
    1 + clients / 32
}

/// One run of the textbook.
pub struct Textbook<'a> {
    pub database: &'a str,
    pub scenario: Scenario,
    pub clients: u32,
    pub seconds: u32,
    /// Makes the keys of this run different from others.
    pub label: &'a str,
    /// The response that is stored for each checkout. It is one of Stockroom's.
    pub answer: &'a str,
}

/// Runs pgbench with its log in an empty folder. Each client uses the carts of its own buyers in turn.
pub fn run(textbook: &Textbook<'_>, folder: &Path) -> Outcome<Seen> {
    let Textbook { database, scenario, clients, seconds, label, answer } = textbook;
    let variables = [
        ("n", "0".to_owned()),
        ("first", FIRST_BUYER.to_string()),
        ("clients", clients.to_string()),
        ("products", FIRST_STORE_PRODUCTS.to_string()),
        ("label", (*label).to_owned()),
        ("answer", (*answer).to_owned()),
    ];
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/shop/textbook");
    let mut command = cluster::program("pgbench");
    command.args(["--no-vacuum", "--protocol=prepared", "--log", "--log-prefix=textbook"]);
    command.arg(format!("--client={clients}")).arg(format!("--jobs={}", (*clients).min(2)));
    let warm_up = warm_up_seconds(*clients);
    command.arg(format!("--time={}", warm_up + seconds));
    for (name, value) in variables {
        command.arg(format!("--define={name}={value}"));
    }
    for (script, share) in scenario.scripts() {
        command.arg("--file").arg(format!("{}@{share}", scripts.join(script).display()));
    }
    fs::create_dir_all(folder)?;
    let output = command.arg(database).current_dir(folder).output();
    let output = output.map_err(|error| format!("pgbench, which comes with PostgreSQL, could not be run: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stderr);
    let exhausted = printed.contains("expected one row, got 0");
    if !output.status.success() && !exhausted {
        return Err(format!("pgbench failed: {printed}").into());
    }
    let seen = read_logs(folder, u64::from(warm_up), u64::from(*seconds))?;
    fs::remove_dir_all(folder)?;
    Ok(Seen { exhausted, ..seen })
}

/// A line of pgbench's log: client, transaction, duration in microseconds, script, and time of the end.
struct Entry {
    took: u64,
    ended: u64,
}

impl Entry {
    fn read(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(' ').collect();
        let seconds: u64 = fields.get(4)?.parse().ok()?;
        let microseconds: u64 = fields.get(5)?.parse().ok()?;
        Some(Self { took: fields.get(2)?.parse().ok()?, ended: seconds * 1_000_000 + microseconds })
    }
}

fn read_logs(folder: &Path, warm_up: u64, seconds: u64) -> Outcome<Seen> {
    let mut entries = Vec::new();
    let mut broken = 0;
    for file in fs::read_dir(folder)? {
        for line in fs::read_to_string(file?.path())?.lines() {
            match Entry::read(line) {
                Some(entry) => entries.push(entry),
                None => broken += 1,
            }
        }
    }
    let first = entries.iter().map(|entry| entry.ended - entry.took).min().unwrap_or(0);
    let from = first + warm_up * 1_000_000;
    let to = from + seconds * 1_000_000;
    let mut latencies = Latencies::default();
    for entry in entries.iter().filter(|entry| from < entry.ended && entry.ended <= to) {
        latencies.add(entry.took);
    }
    Ok(Seen {
        answers: latencies.count(),
        seconds: seconds as f64,
        total: u64::try_from(entries.len())?,
        refused: 0,
        broken,
        statuses: BTreeMap::new(),
        latencies,
        exhausted: false,
    })
}

/// The statements of a checkout, including BEGIN and COMMIT; in the mixed load those of a request.
pub fn statements(scenario: Scenario) -> f64 {
    match scenario {
        Scenario::NoCart => 12.0,
        Scenario::Mixed => 0.35 * 1.0 + 0.35 * 2.0 + 0.3 * 14.0,
        _ => 14.0,
    }
}
