//! The rows and the totals of a sales report.

use diesel::PgConnection;

use super::figures::{self, Figures};
use super::period::{Period, Step};
use super::queries::customers::{self, Customers};
use super::queries::reading::{self, Dimension, Reading, SumsOfKey};
use crate::db::Failure;
use crate::kernel::text_enum::text_enum;

/// The maximal number of rows that are no days, weeks or months.
const MAX_KEYS: i64 = 1_000;

text_enum! {
    /// The parts of a report.
    #[strum(serialize_all = "snake_case")]
    pub enum Grouping {
        Day,
        Week,
        Month,
        Product,
        Category,
        Location,
        PaymentMethod,
        Customer,
    }
}

/// The rows of a report with their keys.
pub fn list_items(
    conn: &mut PgConnection,
    reading: &Reading,
    grouping: Grouping,
    period: &Period,
) -> Result<Vec<(Option<String>, Figures)>, Failure> {
    let dimension = match grouping {
        Grouping::Day => return list_parts(conn, reading, Step::Day, period),
        Grouping::Week => return list_parts(conn, reading, Step::Week, period),
        Grouping::Month => return list_parts(conn, reading, Step::Month, period),
        Grouping::Product => Dimension::Product,
        Grouping::Category => Dimension::Category,
        Grouping::Location => Dimension::Location,
        Grouping::PaymentMethod => Dimension::PaymentMethod,
        Grouping::Customer => Dimension::Customer,
    };
    let found = reading::list_by_key(conn, reading, dimension, period.ends(), MAX_KEYS)?;
    Ok(found.into_iter().map(|one| row(one, dimension)).collect())
}

fn row(found: SumsOfKey, dimension: Dimension) -> (Option<String>, Figures) {
    let SumsOfKey { key, sums, is_new } = found;
    let customers = (dimension == Dimension::Customer).then(|| match is_new {
        None => Customers::default(),
        Some(true) => Customers { new: 1, returning: 0 },
        Some(false) => Customers { new: 0, returning: 1 },
    });
    (key, Figures::new(sums, customers))
}

/// All parts of the period, also those without sales.
fn list_parts(
    conn: &mut PgConnection,
    reading: &Reading,
    step: Step,
    period: &Period,
) -> Result<Vec<(Option<String>, Figures)>, Failure> {
    let parts = step.parts(period);
    let days = reading::list_by_day(conn, reading, period.ends())?;
    let ends: Vec<_> = parts.iter().map(Period::ends).collect();
    let customers = customers::count_customers(conn, reading, &ends)?;
    let mut days = days.iter().peekable();
    let items = parts.iter().zip(customers).map(|(part, customers)| {
        let mut sums = reading::Sums::default();
        while let Some(day) = days.next_if(|day| day.day <= part.to) {
            sums.add(&day.sums);
        }
        (Some(step.key(part.from)), Figures::new(sums, Some(customers)))
    });
    Ok(items.collect())
}

/// The sums of a whole period.
pub fn total(conn: &mut PgConnection, reading: &Reading, period: &Period) -> Result<Figures, Failure> {
    let days = reading::list_by_day(conn, reading, period.ends())?;
    let customers = customers::count_customers(conn, reading, &[period.ends()])?;
    Ok(Figures::new(figures::total(days.iter().map(|day| &day.sums)), customers.first().copied()))
}
