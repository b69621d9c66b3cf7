//! The rules for SKUs.

use crate::kernel::id::is_digits;
use crate::kernel::text;

/// Words that have another meaning in paths.
const PATH_WORDS: [&str; 10] =
    ["low-stock", "bulk", "stock", "movements", "barcodes", "supply", "history", "explain", ".", ".."];

/// A SKU identifies a product in a path. So it must be one segment, and neither an id nor a word of a path.
pub fn check(sku: &str) -> Result<(), &'static str> {
    if !(1..=100).contains(&sku.chars().count()) {
        return Err("must have 1 to 100 characters");
    }
    if sku.trim() != sku {
        return Err("must not begin or end with a blank");
    }
    // Paths are compared in any spelling of a SKU.
    let key = text::code_key(sku);
    if is_digits(&key) {
        return Err("must not be digits only, which would be an id");
    }
    if sku.contains('/') || sku.chars().any(char::is_control) {
        return Err("must not contain a slash or control characters");
    }
    if PATH_WORDS.contains(&&*key) {
        return Err("must not be a word of the API's paths");
    }
    text::check_code(sku)
}

/// The SKU of a size without a given one. A slash is replaced, because it would end the path segment.
#[must_use]
pub fn for_size(product: &str, size: &str) -> String {
    format!("{product}-{}", text::as_code(size).replace('/', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_one_segment_of_a_path() {
        for taken in ["tee-red", "prod_001", "12a", "ürün 7", "12m²", "\u{ff54}w1", &"x".repeat(100)] {
            assert_eq!(check(taken), Ok(()), "{taken}");
        }
        assert_eq!(for_size("tee", "S/M\u{200b}"), "tee-S-M");
        assert_eq!(for_size("tee", "½"), "tee-½");
        let refused = [
            "tw1\u{ad}",
            "\u{200d}",
            "\u{ff11}2",
            "1\u{200d}2",
            "\u{ff53}tock",
            "",
            " ",
            "007",
            "low-stock",
            "stock",
            "movements",
            "barcodes",
            "supply",
            "history",
            "explain",
            "a/b",
            "a\tb",
            "a\0",
            " a",
            "a ",
            "..",
            ".",
        ];
        for sku in refused.iter().copied().chain([&*"x".repeat(101)]) {
            assert!(check(sku).is_err(), "{sku:?}");
        }
    }
}
