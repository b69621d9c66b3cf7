//! The results as tables.

use std::fmt::Write;

use super::compare::{Forecasts, Metrics};
use super::series::Group;
use super::speed::Speed;
use crate::report::table;

/// All tables, in Markdown.
pub fn render(groups: &[Group], methods: &[Forecasts], figures: &[Vec<Metrics>], speed: &Speed) -> String {
    let mut text = String::new();
    let header: Vec<&str> =
        ["series", "number"].into_iter().chain(methods.iter().map(|one| one.name.as_str())).collect();
    for (title, cell) in [
        ("MASE", (|one: &Metrics| format!("{:.3}", one.mase)) as fn(&Metrics) -> String),
        ("Bias, in percent of the demand", |one| format!("{:+.1}", one.bias * 100.0)),
        ("Coverage of the intervals of 80 and 95 percent", |one| {
            format!("{:.0} / {:.0}", one.coverage_80 * 100.0, one.coverage_95 * 100.0)
        }),
    ] {
        let rows = groups.iter().zip(figures).map(|(group, figures)| row(group, figures, cell));
        let _ = writeln!(text, "{title}:\n\n{}", table(&header, rows));
    }
    let _ = writeln!(text, "{}\n{}", verdicts(groups, methods, figures), costs(methods, speed));
    text
}

fn row(group: &Group, figures: &[Metrics], cell: fn(&Metrics) -> String) -> Vec<String> {
    let mut row = vec![group.name.clone(), group.series.len().to_string()];
    row.extend(figures.iter().map(cell));
    row
}

/// The MASE of Stockroom as a share of that of the model with which it is compared.
fn verdicts(groups: &[Group], methods: &[Forecasts], figures: &[Vec<Metrics>]) -> String {
    let position = |name: &str| methods.iter().position(|method| method.name == name).unwrap_or(0);
    let rows = groups.iter().zip(figures).map(|(group, figures)| {
        let (other, most) = if group.is_intermittent { ("CrostonSBA", 1.0) } else { ("AutoETS", 1.05) };
        let ratio = figures[position("Stockroom")].mase / figures[position(other)].mase;
        let verdict = if ratio <= most { "reached" } else { "missed" };
        vec![group.name.clone(), other.to_owned(), format!("≤ {most:.2}"), format!("{ratio:.3}"), verdict.to_owned()]
    });
    table(&["MASE of Stockroom", "to that of", "at most", "measured", ""], rows)
}

fn costs(methods: &[Forecasts], speed: &Speed) -> String {
    let number = methods.first().map_or(0, |one| one.series.len());
    let of_methods = methods.iter().map(|one| {
        vec![
            one.name.clone(),
            number.to_string(),
            "1".to_owned(),
            format!("{:.2}", one.seconds),
            format!("{:.0}", one.peak_mib),
        ]
    });
    let many = vec![
        "Stockroom".to_owned(),
        speed.variants.to_string(),
        "2".to_owned(),
        format!("{:.2}", speed.seconds),
        format!("{:.0}", speed.peak_mib),
    ];
    table(&["time and memory", "series", "threads", "seconds", "peak MiB"], of_methods.chain([many]))
}
