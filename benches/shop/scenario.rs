//! The kinds of load.

use clap::ValueEnum;
use serde::Serialize;

/// A kind of load. A new one needs a line in each of these functions, and a script in `textbook/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Carts of three lines, over all products
    Spread,
    /// Carts of three lines, one of them the same product in every cart
    Hot,
    /// Carts of one line, over all products
    OneLine,
    /// Carts of twenty lines, over all products
    TwentyLines,
    /// Orders of three products without a cart
    NoCart,
    /// Seven reads of a product or its availability for every three checkouts as in spread
    Mixed,
}

impl Scenario {
    pub const ALL: [Self; 6] = [Self::Spread, Self::Hot, Self::OneLine, Self::TwentyLines, Self::NoCart, Self::Mixed];

    /// The name in the tables.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Spread => "spread",
            Self::Hot => "hot product",
            Self::OneLine => "1 line",
            Self::TwentyLines => "20 lines",
            Self::NoCart => "without a cart",
            Self::Mixed => "mixed reads",
        }
    }

    /// The unit of the throughput.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Mixed => "requests/s",
            _ => "checkouts/s",
        }
    }

    /// The number of lines of a cart or an order.
    pub const fn lines(self) -> u32 {
        match self {
            Self::OneLine => 1,
            Self::TwentyLines => 20,
            Self::Spread | Self::Hot | Self::NoCart | Self::Mixed => 3,
        }
    }

    /// The kind of requests for the load tool, see `load.lua`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::NoCart => "order",
            Self::Mixed => "mixed",
            Self::Spread | Self::Hot | Self::OneLine | Self::TwentyLines => "checkout",
        }
    }

    /// The textbook's scripts, each with its weight.
    pub const fn scripts(self) -> &'static [(&'static str, u32)] {
        match self {
            Self::NoCart => &[("order.sql", 1)],
            Self::Mixed => &[("availability.sql", 35), ("product.sql", 35), ("checkout.sql", 30)],
            Self::Spread | Self::Hot | Self::OneLine | Self::TwentyLines => &[("checkout.sql", 1)],
        }
    }

    /// A rate of checkouts per second that is higher than expected. It decides the number of carts of the first round.
    /// A round with too few carts is repeated with more.
    pub const fn first_estimate(self, clients: u32) -> u64 {
        match (self, clients) {
            (Self::TwentyLines, 1) => 1_000,
            (_, 1) => 2_000,
            (Self::TwentyLines, _) => 2_500,
            _ => 6_000,
        }
    }
}
