//! Pseudo-random numbers that are the same at each run: the mixing step of SplitMix64.

/// A number that depends on the given numbers only.
#[must_use]
pub fn hash(parts: [i64; 3]) -> u64 {
    parts.iter().fold(0x5107_c400_u64, |state, part| mix(state ^ part.cast_unsigned()))
}

fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// From 0 to one less than `end`.
#[must_use]
pub fn below(hash: u64, end: i64) -> i64 {
    (hash % end.cast_unsigned().max(1)).cast_signed()
}

/// From 0 to one less than `end`. Small numbers are more frequent: the first tenth of them gets a third of all.
#[must_use]
pub fn skewed(hash: u64, end: i64) -> i64 {
    let x = u128::from(hash >> 32);
    let end = u128::from(end.cast_unsigned());
    i64::try_from((((x * x) >> 32) * end) >> 32).unwrap_or(0)
}
