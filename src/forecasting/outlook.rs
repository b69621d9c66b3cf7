//! The expected demand of the days after a day, as each candidate describes it.

use serde::{Deserialize, Serialize};

use super::series::Weekdays;

/// A level that may change by a trend, with a pattern of the week.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    pub level: f64,
    /// The change of the level on the next day. On each later day, it is `damping` times that of the day before.
    pub trend: f64,
    pub damping: f64,
    /// Added to the level.
    pub offsets: Weekdays,
    /// Multiplies the level with its offset.
    pub factors: Weekdays,
}

impl Outlook {
    /// The same demand on every day.
    #[must_use]
    pub fn flat(level: f64) -> Self {
        Self { level, trend: 0.0, damping: 1.0, offsets: Weekdays::default(), factors: Weekdays::all(1.0) }
    }

    /// The expected demand of the following days, of which the first one has this weekday.
    pub fn days(self, first_weekday: usize) -> impl Iterator<Item = f64> {
        let (mut level, mut trend) = (self.level, self.trend);
        (first_weekday..).map(move |weekday| {
            level += trend;
            trend *= self.damping;
            let expected = (level + self.offsets.get(weekday)) * self.factors.get(weekday);
            if expected.is_finite() { expected.max(0.0) } else { 0.0 }
        })
    }
}
