//! Keys by which lists sort names, in the order of the Unicode collation algorithm.
//!
//! The keys are computed by the program and stored, and the database compares their bytes. So the order is the same on
//! every server, whatever its locale is and whether it has ICU (ADR 0013). A change of the tables of the collation needs
//! a migration that clears the stored keys.

use std::sync::LazyLock;

use base64::Engine;
use base64::alphabet::CRYPT;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};

use super::text::beginning_within;

/// The characters of this alphabet are in the order of their values, so encoded keys sort like their bytes.
const SORTED: GeneralPurpose = GeneralPurpose::new(&CRYPT, NO_PAD);

/// An entry of an index has at most 2,700 bytes. Names of which so long keys begin alike are sorted by id.
const MAX_BYTES: usize = 600;

/// The bytes of a name in Unicode form NFKC that its key is computed from. A character has at most four bytes, and
/// nearly all have at least one byte of the key, so the rest of the name would be cut off with the end of the key.
const MAX_NAME_BYTES: usize = 4 * MAX_BYTES;

#[expect(clippy::expect_used, reason = "the tables of the root collation are a part of the program")]
static COLLATOR: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    Collator::try_new(Default::default(), CollatorOptions::default()).expect("the root collation exists")
});

/// The key of a name. Keys in the collation `C` sort like their names: by letters first, then by accents, then by case.
#[must_use]
pub fn sort_key(name: &str) -> String {
    let mut key = Vec::new();
    let Ok(()) = COLLATOR.write_sort_key_to(beginning_within(name, MAX_NAME_BYTES), &mut key);
    key.truncate(MAX_BYTES);
    SORTED.encode(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_in_the_order_of_a_dictionary() {
        let sorted = [
            "!",
            "2",
            "apfel",
            "Apfel",
            "äpfel",
            "Äpfel",
            "Apfelmus",
            "birne",
            "cote",
            "coté",
            "côte",
            "côté",
            "Straße",
            "Strasse 2",
            "zebra",
            "Ζεύς",
            "елка",
            "ёлка",
            "Елочка",
            "йод",
            "Молоко",
            "תה",
            "شاي",
            "चाय",
            "ชา",
            "かき",
            "がき",
            "牛奶",
        ];
        let mut found = sorted;
        found.reverse();
        found.sort_by_key(|name| sort_key(name));
        assert_eq!(found, sorted);
    }

    #[test]
    fn a_key_fits_into_an_index() {
        // This character stands for eighteen others.
        let longest = sort_key(&"\u{fdfa}".repeat(255));
        assert_eq!(longest.len(), 800);
    }

    #[test]
    fn the_end_of_a_very_long_name_does_not_change_its_key() {
        for text in ["\u{fdfa}", "\u{3316}", "\u{337f}"] {
            let name = text.repeat(255);
            assert!(beginning_within(&name, MAX_NAME_BYTES).len() < name.len());
            let mut whole = Vec::new();
            let Ok(()) = COLLATOR.write_sort_key_to(&name, &mut whole);
            whole.truncate(MAX_BYTES);
            assert_eq!(sort_key(&name), SORTED.encode(whole), "{text}");
        }
        let emoji = "😀".repeat(255);
        assert_eq!(beginning_within(&emoji, MAX_NAME_BYTES), emoji);
    }

    proptest! {
        #[test]
        fn keys_compare_like_their_names(one in "\\PC{0,12}", other in "\\PC{0,12}") {
            prop_assert_eq!(sort_key(&one).cmp(&sort_key(&other)), COLLATOR.compare(&one, &other));
        }
    }
}
