//! The cells of an export, as a file shows them.

use std::borrow::Cow;

use super::kind::{ExportKind, Form};
use crate::kernel::csv;
use crate::kernel::money::{Currency, Money};
use crate::orders::tax_line::TaxLines;

/// The cells of a row as they are stored. None is an empty cell.
pub type StoredCells = Vec<Option<String>>;

/// A cell with its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportCell {
    Empty,
    Text(String),
    Number(String),
}

impl ExportCell {
    /// The cell in a CSV file.
    #[must_use]
    pub fn to_csv(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) => csv::escape(text),
            Self::Number(number) => Cow::Borrowed(number),
        }
    }
}

/// The cells of a row in the order of the columns.
#[must_use]
pub fn read(kind: ExportKind, stored: StoredCells, currency: &Currency) -> Vec<ExportCell> {
    let cell = |(form, stored): (Form, Option<String>)| match (form, stored) {
        (_, None) => ExportCell::Empty,
        (Form::Text, Some(text)) => ExportCell::Text(text),
        (Form::Number, Some(number)) => ExportCell::Number(number),
        (Form::Money, Some(minor)) => match minor.parse() {
            Ok(minor) => ExportCell::Number(currency.amount(Money(minor)).to_string()),
            Err(_no_number) => ExportCell::Text(minor),
        },
        (Form::Taxes, Some(lines)) => taxes(&lines, currency),
    };
    kind.columns().iter().map(|column| column.form).zip(stored).map(cell).collect()
}

/// The tax of each rate: `GST 5%: 5.00 of 100.00`.
fn taxes(lines: &str, currency: &Currency) -> ExportCell {
    let Ok(TaxLines(lines)) = serde_json::from_str(lines) else { return ExportCell::Empty };
    if lines.is_empty() {
        return ExportCell::Empty;
    }
    let line = |line: &crate::orders::tax_line::TaxLine| {
        let (tax, base) = (currency.amount(line.tax), currency.amount(line.base));
        format!("{} {}%: {tax} of {base}", line.name, line.percent)
    };
    ExportCell::Text(lines.iter().map(line).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_decimals_of_their_currency_and_texts_are_escaped() {
        let currency = Currency::parse("INR").unwrap();
        let stored =
            |cells: [&str; 4]| cells.map(|cell| Some(cell.to_owned()).filter(|cell| !cell.is_empty())).to_vec();
        let cells = read(ExportKind::Barcodes, stored(["=1", "", "0123", "-12"]), &currency);
        let csv: Vec<_> = cells.iter().map(|cell| cell.to_csv().into_owned()).collect();
        assert_eq!(csv, ["'=1", "", "0123", "-12"]);
        let lines = r#"[{"name":"GST","percent":5,"base":10000,"tax":500,"included":false}]"#;
        assert_eq!(taxes(lines, &currency), ExportCell::Text("GST 5%: 5.00 of 100.00".into()));
        assert_eq!(taxes("[]", &currency), ExportCell::Empty);
    }
}
