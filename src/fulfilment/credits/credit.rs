//! A credit of an order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shares::Shares;
use crate::kernel::id::{OrderId, ReturnId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::text_enum::text_enum;

text_enum! {
    #[derive(Serialize, Deserialize, ToSchema)]
    #[serde(rename_all = "snake_case")]
    #[strum(serialize_all = "snake_case")]
    pub enum CreditKind {
        /// Units that were cancelled before they were shipped.
        Cancel,
        /// Units that came back.
        Return,
        /// An amount that is forgiven.
        Goodwill,
        /// The delivery, or a part of it.
        Shipping,
    }
}

/// A credit to write.
#[derive(Clone, Debug)]
pub struct Credit {
    pub order: OrderId,
    pub credit_number: String,
    pub kind: CreditKind,
    pub return_id: Option<ReturnId>,
    pub reason: Option<String>,
    pub actor: String,
    pub lines: Vec<CreditLine>,
    pub delivery: Shares,
    /// The part that pays for the order of an exchange.
    pub used_amount: Money,
}

/// The credited shares of an order item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditLine {
    pub variant: VariantId,
    /// The cancelled or returned units. 0 if only an amount is forgiven.
    pub quantity: i64,
    pub shares: Shares,
    /// The part of the shares that the buyer still owes. Less than 0 if the credit gives fees of earlier ones back.
    pub fee: Money,
}

impl Credit {
    /// The shares of all items.
    #[must_use]
    pub fn goods(&self) -> Shares {
        self.lines.iter().map(|line| line.shares).fold(Shares::default(), Shares::plus)
    }

    #[must_use]
    pub fn fee(&self) -> Money {
        Money(self.lines.iter().fold(0, |sum: i64, line| sum.saturating_add(line.fee.0)))
    }

    /// The amount by which the credit lowers what the buyer has to pay.
    #[must_use]
    pub fn total(&self) -> Money {
        let shares = self.goods().plus(self.delivery).total();
        Money(shares.0.saturating_sub(self.fee().0))
    }
}
