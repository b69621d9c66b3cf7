//! Draws the throughput: a panel for each load, with bars for each number of clients.

use std::fmt::Write;

use crate::results::{Figure, Results};
use crate::scenario::Scenario;

const COLUMNS: usize = 3;
const PANEL: (f64, f64) = (300.0, 210.0);
const MARGIN: f64 = 24.0;
const HEAD: f64 = 84.0;
const FOOT: f64 = 44.0;

const TEXTBOOK: &str = "#9aa5b1";
const STOCKROOM: &str = "#c2410c";
const INK: &str = "#1f2933";
const FAINT: &str = "#616e7c";

/// The plot as SVG.
pub fn draw(results: &Results) -> String {
    let panels = panels(&results.figures);
    let rows = panels.len().div_ceil(COLUMNS).max(1);
    let width = 2.0 * MARGIN + COLUMNS as f64 * PANEL.0;
    let height = HEAD + rows as f64 * PANEL.1 + FOOT;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"system-ui, sans-serif\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#ffffff\"/>\n"
    );
    head(&mut svg);
    for (place, figures) in panels.iter().enumerate() {
        let x = MARGIN + (place % COLUMNS) as f64 * PANEL.0;
        let y = HEAD + (place / COLUMNS) as f64 * PANEL.1;
        panel(&mut svg, figures, (x, y));
    }
    let Results { machine, rounds, seconds, .. } = results;
    let foot = format!("Medians of {rounds} rounds of {seconds} s. {}", machine.describe());
    text(&mut svg, (MARGIN, height - 18.0), 10, FAINT, "start", &foot);
    svg + "</svg>\n"
}

/// The figures of each load.
fn panels(figures: &[Figure]) -> Vec<Vec<&Figure>> {
    let of = |scenario: Scenario| figures.iter().filter(|figure| figure.scenario == scenario).collect::<Vec<_>>();
    Scenario::ALL.into_iter().map(of).filter(|panel| !panel.is_empty()).collect()
}

fn head(svg: &mut String) {
    let title = "Stockroom over HTTP, and the textbook transaction directly on the same PostgreSQL";
    text(svg, (MARGIN, 32.0), 16, INK, "start", title);
    let legend = [(TEXTBOOK, "textbook (pgbench)"), (STOCKROOM, "Stockroom (HTTP, JWT, JSON, idempotency key)")];
    let mut x = MARGIN;
    for (colour, name) in legend {
        rectangle(svg, (x, 48.0), (12.0, 12.0), colour);
        text(svg, (x + 18.0, 58.0), 12, FAINT, "start", name);
        x += 160.0;
    }
}

fn panel(svg: &mut String, figures: &[&Figure], (left, top): (f64, f64)) {
    let Some(first) = figures.first() else { return };
    let title = format!("{}, {}", first.scenario.title(), first.scenario.unit());
    text(svg, (left, top + 14.0), 13, INK, "start", &title);
    let (floor, room) = (top + PANEL.1 - 40.0, PANEL.1 - 90.0);
    let rates = figures.iter().flat_map(|figure| [figure.textbook.per_second, figure.stockroom.per_second]);
    let scale = room / rates.fold(1.0, f64::max);
    let group = (PANEL.0 - 30.0) / figures.len() as f64;
    let bar = (group * 0.4).min(30.0);
    for (place, figure) in figures.iter().enumerate() {
        let middle = left + (place as f64 + 0.5) * group;
        let bars = [(TEXTBOOK, figure.textbook.per_second, -bar), (STOCKROOM, figure.stockroom.per_second, 0.0)];
        for (colour, rate, shift) in bars {
            let height = rate * scale;
            rectangle(svg, (middle + shift + 1.0, floor - height), (bar - 2.0, height), colour);
            text(svg, (middle + shift + bar / 2.0, floor - height - 4.0), 9, FAINT, "middle", &format!("{rate:.0}"));
        }
        text(svg, (middle, floor + 14.0), 11, INK, "middle", &figure.clients.to_string());
    }
    rectangle(svg, (left, floor), (PANEL.0 - 30.0, 1.0), FAINT);
    text(svg, (left + (PANEL.0 - 30.0) / 2.0, floor + 28.0), 10, FAINT, "middle", "clients");
}

// Writing to a String cannot fail, so the results below are ignored.

fn rectangle(svg: &mut String, (x, y): (f64, f64), (width, height): (f64, f64), colour: &str) {
    writeln!(svg, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>")
        .ok();
}

fn text(svg: &mut String, (x, y): (f64, f64), size: u32, colour: &str, anchor: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{colour}\" text-anchor=\"{anchor}\">{words}</text>"
    )
    .ok();
}
