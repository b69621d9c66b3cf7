//! Splits amounts without a rest.

/// Splits an amount over the parts of a whole by cumulative shares: all parts up to one have the rounded share of
/// their sum. So the shares of all parts add up to the amount.
#[derive(Clone, Copy, Debug)]
pub struct Split {
    amount: i128,
    whole: i128,
    upto: i128,
}

impl Split {
    /// Amounts and parts are not negative, and the product of the amount and the whole is less than 10^37.
    #[must_use]
    pub const fn new(amount: i128, whole: i128) -> Self {
        Self { amount, whole, upto: 0 }
    }

    /// The share of the next part. It is 0 if the whole is 0.
    pub const fn take(&mut self, part: i128) -> i128 {
        let before = self.share_of(self.upto);
        self.upto = self.upto.saturating_add(part);
        self.share_of(self.upto).saturating_sub(before)
    }

    /// `amount × part / whole`, rounded half up.
    const fn share_of(&self, part: i128) -> i128 {
        let doubled = self.amount.saturating_mul(part).saturating_mul(2).saturating_add(self.whole);
        match doubled.checked_div(self.whole.saturating_mul(2)) {
            Some(share) => share,
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_amount() {
        for (amount, parts, shares) in [
            (5, vec![10, 10, 10], vec![2, 1, 2]),
            (100, vec![1, 1, 1], vec![33, 34, 33]),
            (140, vec![1_400, 0, 1_400], vec![70, 0, 70]),
            (7, vec![0, 0], vec![0, 0]),
            (0, vec![3, 4], vec![0, 0]),
            (10_i128.pow(18), vec![10_i128.pow(18)], vec![10_i128.pow(18)]),
        ] {
            let mut split = Split::new(amount, parts.iter().sum());
            assert_eq!(parts.iter().map(|part| split.take(*part)).collect::<Vec<_>>(), shares, "{amount} {parts:?}");
        }
    }
}
