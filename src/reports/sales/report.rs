//! The rows and the totals of a sales report.

use diesel::PgConnection;

use super::figures::{self, Summary};
use super::period::{Period, Step};
use super::queries::customers::{self, Customers};
use super::queries::reading::{self, Dimension, Reading, Sums, SumsOfDay, SumsOfKey};
use crate::db::Failure;
use crate::kernel::text_enum::text_enum;

/// The largest number of rows of a report that is not grouped by days, weeks or months.
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

/// The rows of a report with their keys, and the sums of the whole period.
#[derive(Clone, Debug)]
pub struct Report {
    pub items: Vec<(Option<String>, Summary)>,
    pub totals: Summary,
}

/// The meaning of the rows of a report.
enum Rows {
    Parts(Step),
    Keys(Dimension),
}

impl From<Grouping> for Rows {
    fn from(grouping: Grouping) -> Self {
        match grouping {
            Grouping::Day => Self::Parts(Step::Day),
            Grouping::Week => Self::Parts(Step::Week),
            Grouping::Month => Self::Parts(Step::Month),
            Grouping::Product => Self::Keys(Dimension::Product),
            Grouping::Category => Self::Keys(Dimension::Category),
            Grouping::Location => Self::Keys(Dimension::Location),
            Grouping::PaymentMethod => Self::Keys(Dimension::PaymentMethod),
            Grouping::Customer => Self::Keys(Dimension::Customer),
        }
    }
}

/// Reads a report. The sums of the days are read once, for the rows and for the totals.
pub fn read(
    conn: &mut PgConnection,
    reading: &Reading,
    grouping: Grouping,
    period: &Period,
) -> Result<Report, Failure> {
    let days = reading::list_by_day(conn, reading, period.ends())?;
    let sums = figures::total(days.iter().map(|day| &day.sums));
    match Rows::from(grouping) {
        Rows::Parts(step) => {
            let parts = step.parts(period);
            let ends: Vec<_> = parts.iter().map(Period::ends).collect();
            let (customers, of_all) = customers::count_customers(conn, reading, &ends)?;
            let totals = Summary::new(sums, Some(of_all));
            let keys = parts.iter().map(|part| Some(step.key(part.from)));
            let parts = sums_of_parts(&parts, &days).into_iter().zip(customers);
            let figures = parts.map(|(sums, customers)| Summary::new(sums, Some(customers)));
            Ok(Report { items: keys.zip(figures).collect(), totals })
        }
        Rows::Keys(dimension) => {
            let found = reading::list_by_key(conn, reading, dimension, period.ends(), MAX_KEYS)?;
            let (_, customers) = customers::count_customers(conn, reading, &[period.ends()])?;
            let items = found.into_iter().map(|one| row(one, dimension)).collect();
            Ok(Report { items, totals: Summary::new(sums, Some(customers)) })
        }
    }
}

/// The sums of all parts, also of those without sales. Both lists ascend.
fn sums_of_parts(parts: &[Period], days: &[SumsOfDay]) -> Vec<Sums> {
    let mut days = days.iter().peekable();
    let sum = |part: &Period| {
        let mut sums = Sums::default();
        while let Some(day) = days.next_if(|day| day.day <= part.to) {
            sums.add(&day.sums);
        }
        sums
    };
    parts.iter().map(sum).collect()
}

fn row(found: SumsOfKey, dimension: Dimension) -> (Option<String>, Summary) {
    let SumsOfKey { key, sums, is_new } = found;
    let customers = (dimension == Dimension::Customer).then(|| match is_new {
        None => Customers::default(),
        Some(true) => Customers { new: 1, returning: 0 },
        Some(false) => Customers { new: 0, returning: 1 },
    });
    (key, Summary::new(sums, customers))
}

/// The sums of a whole period.
pub fn total(conn: &mut PgConnection, reading: &Reading, period: &Period) -> Result<Summary, Failure> {
    let days = reading::list_by_day(conn, reading, period.ends())?;
    let (_, customers) = customers::count_customers(conn, reading, &[period.ends()])?;
    Ok(Summary::new(figures::total(days.iter().map(|day| &day.sums)), Some(customers)))
}
