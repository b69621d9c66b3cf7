//! The random choices of the history. They are the same each time, so two new stores differ only by their days.

/// A generator of numbers (SplitMix64). Its numbers are the same in every version of the program.
pub(super) struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let count = u64::try_from(most.saturating_sub(least).saturating_add(1)).unwrap_or(1).max(1);
        let offset = self.draw().checked_rem(count).and_then(|offset| i64::try_from(offset).ok());
        least.saturating_add(offset.unwrap_or_default())
    }

    /// True in this number of a hundred cases.
    pub fn percent(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of the values, which are not none.
    pub fn pick<'a, T>(&mut self, values: &'a [T]) -> Option<&'a T> {
        let last = i64::try_from(values.len()).ok()?.checked_sub(1)?;
        values.get(usize::try_from(self.between(0, last)).ok()?)
    }

    /// One of the values in proportion to their weights. None if no value has any.
    pub fn weigh<'a, T>(&mut self, values: &'a [T], weight: impl Fn(&T) -> i64) -> Option<&'a T> {
        let sum = values.iter().map(&weight).sum::<i64>();
        let mut rest = self.between(1, sum);
        values.iter().find(|value| {
            rest = rest.saturating_sub(weight(value));
            sum > 0 && rest <= 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_repeat_and_keep_their_bounds() {
        let choose = |seed| {
            let mut chance = Chance::new(seed);
            (0..1_000).map(|_| chance.between(3, 7)).collect::<Vec<_>>()
        };
        assert_eq!(choose(1), choose(1));
        assert_ne!(choose(1), choose(2));
        let mut seen = choose(1);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_value_without_weight_is_never_chosen() {
        let mut chance = Chance::new(1);
        let values = [("never", 0), ("seldom", 1), ("often", 9)];
        let often = (0..1_000).filter(|_| chance.weigh(&values, |value| value.1).unwrap().0 == "often").count();
        assert!((850..950).contains(&often), "{often}");
        assert_eq!(chance.weigh(&values[..1], |value| value.1), None);
        assert!((0..1_000).all(|_| chance.weigh(&values, |value| value.1).unwrap().0 != "never"));
    }
}
