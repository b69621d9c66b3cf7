//! The candidates for the forecast of a variant.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::intermittent::Intermittent;
use super::moving_mean;
use super::outlook::Outlook;
use super::series::DemandSeries;
use super::smoothing::Smoothing;
use super::smoothing_fit::{self, Parts, Pattern};
use crate::kernel::text_enum::text_enum;

text_enum! {
    /// How the demand is computed.
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum Method {
        /// No demand.
        Zero,
        /// The mean of the last days, with the pattern of the week.
        WeekdayProfile,
        /// Simple exponential smoothing.
        Ses,
        /// Exponential smoothing with a trend, a pattern of the week, or both.
        Ets,
        /// The Syntetos-Boylan approximation, for demand with many days of zero.
        Sba,
        /// The method of Teunter, Syntetos and Babai, for demand with many days of zero that may end.
        Tsb,
        /// The pattern of the variant's category, because its own past is too short.
        CategoryProfile,
    }
}

/// A candidate. Its parameters are fitted to a past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidate {
    Zero,
    MovingMean { window: usize },
    Ses,
    Sba,
    Tsb,
    Ets(Parts),
}

/// A candidate with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fitted {
    Zero,
    MovingMean { window: usize },
    Smoothing(Smoothing),
    Intermittent(Intermittent),
}

const fn ets(has_trend: bool, pattern: Pattern) -> Candidate {
    Candidate::Ets(Parts { has_trend, pattern })
}

/// The candidates, from the simplest one to the most complex one.
pub const CANDIDATES: [Candidate; 12] = [
    Candidate::Zero,
    Candidate::Ses,
    Candidate::Sba,
    Candidate::Tsb,
    Candidate::MovingMean { window: 182 },
    Candidate::MovingMean { window: 56 },
    Candidate::MovingMean { window: 28 },
    ets(false, Pattern::Multiplied),
    ets(false, Pattern::Added),
    ets(true, Pattern::None),
    ets(true, Pattern::Multiplied),
    ets(true, Pattern::Added),
];

impl Candidate {
    #[must_use]
    pub fn method(self) -> Method {
        match self {
            Self::Zero => Method::Zero,
            Self::MovingMean { .. } => Method::WeekdayProfile,
            Self::Ses => Method::Ses,
            Self::Sba => Method::Sba,
            Self::Tsb => Method::Tsb,
            Self::Ets(_) => Method::Ets,
        }
    }

    /// Fits the parameters to the days before a day.
    #[must_use]
    pub fn fit(self, series: &DemandSeries, end: usize) -> Fitted {
        let level = Parts { has_trend: false, pattern: Pattern::None };
        match self {
            Self::Zero => Fitted::Zero,
            Self::MovingMean { window } => Fitted::MovingMean { window },
            Self::Ses => Fitted::Smoothing(smoothing_fit::fit(series, end, level)),
            Self::Ets(parts) => Fitted::Smoothing(smoothing_fit::fit(series, end, parts)),
            Self::Sba => Fitted::Intermittent(Intermittent::fit_sba(series, end)),
            Self::Tsb => Fitted::Intermittent(Intermittent::fit_tsb(series, end)),
        }
    }
}

impl Fitted {
    /// The outlooks at the end of the days before each of the days from `from` to `to`, both included. Each one uses only
    /// these days.
    #[must_use]
    pub fn outlooks(&self, series: &DemandSeries, from: usize, to: usize) -> Vec<Outlook> {
        match self {
            Self::Zero => (from..=to).map(|_| Outlook::flat(0.0)).collect(),
            Self::MovingMean { window } => (from..=to).map(|end| moving_mean::outlook(series, end, *window)).collect(),
            Self::Smoothing(smoothing) => smoothing.outlooks(series, from, to),
            Self::Intermittent(intermittent) => intermittent.outlooks(series, from, to),
        }
    }

    /// The parameters, by their names.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, f64)> {
        match *self {
            Self::Zero => Vec::new(),
            Self::MovingMean { window } => vec![("window_days", super::series::float(window))],
            Self::Intermittent(Intermittent::Sba { weight }) => vec![("alpha", weight)],
            Self::Intermittent(Intermittent::Tsb { size_weight, share_weight }) => {
                vec![("alpha", size_weight), ("beta", share_weight)]
            }
            Self::Smoothing(Smoothing { weights, .. }) => vec![
                ("alpha", weights.level),
                ("beta", weights.trend),
                ("gamma", weights.weekday),
                ("phi", weights.damping),
            ],
        }
    }
}
