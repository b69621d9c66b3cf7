//! The units in which providers count money. They are not always the minor units of ISO 4217.

use crate::kernel::money::{Currency, Money};
use crate::kernel::number::Number;
use crate::kernel::signature::Scheme;

/// Stripe uses two decimals for all currencies except these lists. Some differ from ISO 4217: ISK and UGX have no
/// decimals, but Stripe counts them in hundredths; MGA has two decimals, but Stripe counts whole ariary.
///
/// See <https://docs.stripe.com/currencies#zero-decimal>, `#three-decimal` and `#special-cases`.
const STRIPE_ZERO_DECIMAL: [&str; 15] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];
const STRIPE_THREE_DECIMAL: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// Converts an amount in a provider's units into minor units of its currency. None if it has too many decimals. It
/// may be larger than the largest amount of an order.
#[must_use]
pub fn to_money(scheme: Scheme, currency: &Currency, counted: i64) -> Option<Money> {
    let counted = Number::from_units(counted, decimals(scheme, currency));
    if counted.is_negative() { None } else { counted.to_units(currency.decimals()).map(Money) }
}

fn decimals(scheme: Scheme, currency: &Currency) -> u32 {
    match scheme {
        Scheme::Stripe if STRIPE_ZERO_DECIMAL.contains(&currency.code()) => 0,
        Scheme::Stripe if STRIPE_THREE_DECIMAL.contains(&currency.code()) => 3,
        Scheme::Stripe => 2,
        // "The smallest currency sub-unit": <https://razorpay.com/docs/api/orders/create/>.
        Scheme::Razorpay => currency.decimals(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_counts_in_its_own_units() {
        for (scheme, code, counted, minor) in [
            (Scheme::Stripe, "INR", 15_000, Some(15_000)),
            (Scheme::Stripe, "ISK", 50_000, Some(500)),
            (Scheme::Stripe, "UGX", 50_000, Some(500)),
            (Scheme::Stripe, "ISK", 50_050, None),
            (Scheme::Stripe, "MGA", 500, Some(50_000)),
            (Scheme::Stripe, "JPY", 500, Some(500)),
            (Scheme::Stripe, "KWD", 5_120, Some(5_120)),
            (Scheme::Stripe, "HUF", 1_045, Some(1_045)),
            (Scheme::Razorpay, "INR", 15_000, Some(15_000)),
            (Scheme::Razorpay, "JPY", 295, Some(295)),
            (Scheme::Razorpay, "KWD", 295_990, Some(295_990)),
            (Scheme::Razorpay, "ISK", 500, Some(500)),
            (Scheme::Razorpay, "INR", i64::MAX, Some(i64::MAX)),
            (Scheme::Razorpay, "INR", -1, None),
            (Scheme::Stripe, "MGA", i64::MAX, None),
        ] {
            let currency = Currency::parse(code).unwrap();
            assert_eq!(to_money(scheme, &currency, counted), minor.map(Money), "{scheme:?} {code} {counted}");
        }
    }
}
