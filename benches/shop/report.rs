//! The results as tables, for the screen and for a file.

use std::fmt::Write;

use crate::growth::Growth;
use crate::results::{Figure, Results, Side};

/// All tables, in Markdown.
pub fn render(results: &Results) -> String {
    let Results { machine, rounds, seconds, .. } = results;
    let parts = [
        format!(
            "{}\n\nMedians of {rounds} rounds of {seconds} s, in parentheses the worst and the best; load tools on the same \
             machine.\n",
            machine.describe()
        ),
        targets(results),
        loads(results),
        costs(results),
        others(results),
        results.growth.as_ref().map(growth).unwrap_or_default(),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn targets(results: &Results) -> String {
    let rows = results.targets.iter().map(|target| {
        let verdict = target.verdict.words().to_owned();
        vec![target.name.to_owned(), target.at_least.clone(), target.aim.clone(), target.measured.clone(), verdict]
    });
    table(&["Stockroom to the textbook", "at least", "aim", "measured", ""], rows)
}

fn loads(results: &Results) -> String {
    let header = ["load", "clients", "", "per second", "ratio", "p50 ms", "p95 ms", "p99 ms", "errors"];
    table(&header, results.figures.iter().flat_map(|figure| both(figure, load_row)))
}

fn load_row(figure: &Figure, name: &str, side: &Side) -> Vec<String> {
    let (worst, best) = side.per_second_range;
    let ratio = if name == "Stockroom" { format!("{:.2}", figure.ratio) } else { String::new() };
    vec![
        figure.scenario.title().to_owned(),
        figure.clients.to_string(),
        name.to_owned(),
        format!("{:.0} ({worst:.0} to {best:.0})", side.per_second),
        ratio,
        format!("{:.2}", side.p50_ms),
        format!("{:.2}", side.p95_ms),
        format!("{:.2}", side.p99_ms),
        side.errors.to_string(),
    ]
}

fn costs(results: &Results) -> String {
    let header = [
        "cost of 1,000 checkouts (mixed: requests), in CPU seconds",
        "clients",
        "",
        "server",
        "PostgreSQL",
        "load tool",
        "statements each",
        "resident MiB",
    ];
    table(&header, results.figures.iter().flat_map(|figure| both(figure, cost_row)))
}

fn cost_row(figure: &Figure, name: &str, side: &Side) -> Vec<String> {
    let of_server = |text: String| if name == "Stockroom" { text } else { String::new() };
    vec![
        figure.scenario.title().to_owned(),
        figure.clients.to_string(),
        name.to_owned(),
        of_server(format!("{:.2}", side.server_cpu_seconds)),
        format!("{:.2}", side.postgres_cpu_seconds),
        format!("{:.2}", side.load_cpu_seconds),
        format!("{:.2}", side.statements),
        of_server(format!("{:.1}", side.resident_mib)),
    ]
}

fn both(figure: &Figure, row: fn(&Figure, &str, &Side) -> Vec<String>) -> [Vec<String>; 2] {
    [row(figure, "textbook", &figure.textbook), row(figure, "Stockroom", &figure.stockroom)]
}

fn others(results: &Results) -> String {
    let mut text = String::new();
    if let Some(sale) = &results.sell_out {
        let rate = sale.buyers as f64 / sale.seconds;
        let verdict = sale.verify.lines().next().unwrap_or_default();
        text += &format!(
            "Sell-out: {} units, {} buyers, {} at a time: {} sold, {} left, answers {:?}, {rate:.0} answers/s; \
             verify: {verdict}\n",
            sale.units, sale.buyers, sale.clients, sale.sold, sale.left, sale.answers,
        );
    }
    if let Some(memory) = &results.memory {
        let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
        let (resident, peak) = (mib(memory.resident_bytes), mib(memory.peak_bytes));
        text += &format!(
            "Memory of a server after {} checkouts, {} at a time: {resident:.1} MiB, at most {peak:.1} MiB\n",
            memory.checkouts, memory.clients
        );
    }
    text
}

fn growth(growth: &Growth) -> String {
    let Growth { stores, products, orders, clients, small, large, reports, verify_seconds, verify_all_seconds } =
        growth;
    let mut text = format!(
        "Large shop: {stores} stores, {products} products, {orders} orders. A checkout at {clients} clients takes \
         {:.2} CPU seconds for 1,000 ({:.2} in the small shop), {:.0} a second ({:.0}); verify takes \
         {verify_seconds:.1} s, with --all {verify_all_seconds:.1} s.\n\n",
        large.cpu_seconds, small.cpu_seconds, large.per_second, small.per_second
    );
    let rows = reports.iter().map(|(name, ms)| vec![(*name).to_owned(), format!("{ms:.1}")]);
    text += &table(&["report of the large shop", "ms"], rows);
    text
}

/// A table in Markdown.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let mut text = String::new();
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    for row in [header, rule].iter().chain(&rows) {
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a String cannot fail.
            write!(text, "| {cell:<width$} ").ok();
        }
        text += "|\n";
    }
    text
}
