//! Figures of reports with few decimals.

#![allow(clippy::float_arithmetic, reason = "means and shares are not integers")]

/// The number with three decimals.
#[must_use]
pub fn rounded(number: f64) -> f64 {
    rounded_to(3, number)
}

/// The number, rounded to this number of decimals. A large number stays as it is.
#[must_use]
pub fn rounded_to(decimals: i32, number: f64) -> f64 {
    let factor = 10_f64.powi(decimals);
    let rounded = (number * factor).round() / factor;
    // Zero has no sign.
    if rounded.is_finite() { rounded + 0.0 } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_few_decimals_and_zero_has_no_sign() {
        assert_eq!((rounded(1.23456), rounded_to(1, -0.05), rounded(1e300)), (1.235, -0.1, 1e300));
        assert!(rounded(-0.0001).is_sign_positive());
        assert_eq!(rounded(f64::MAX), f64::MAX);
    }
}
