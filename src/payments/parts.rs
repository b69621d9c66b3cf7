//! The references of payments that are recorded in parts, and of sums of refunds.

use crate::kernel::money::Money;

/// The reference of the rest of a payment that was recorded with a smaller amount. It contains the reported amount.
#[must_use]
pub fn rest_reference(reference: &str, amount: Money) -> String {
    format!("{reference}:{}", amount.0)
}

/// True for the reference itself, and for that of a rest of its payment or of a sum of refunds of its charge.
#[must_use]
pub fn is_part_of(known: &str, reference: &str) -> bool {
    let rest = known.strip_prefix(reference).map(|rest| rest.strip_prefix(':'));
    known == reference || rest.flatten().is_some_and(|amount| amount.parse::<i64>().is_ok())
}
