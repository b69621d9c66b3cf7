//! Text in the form in which it is compared: without case, accents and repeated spaces, in every script.
//!
//! Stored text and queries go through the same function. So neither the locale nor the version of the database
//! decides which texts are equal (ADR 0013). A change of this function needs a migration that clears the stored
//! texts.

use std::collections::BTreeSet;

use icu_casemap::CaseMapper;
use icu_normalizer::properties::CanonicalCombiningClassMap;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use super::text::{beginning_within, contains_pattern, is_invisible};

/// Returns text as it is compared: decomposed, without accents, in one case, composed again, with single spaces.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return join_words(&text.to_ascii_lowercase());
    }
    let decomposed = DecomposingNormalizer::new_nfkd().normalize(text).into_owned();
    let plain = without_accents(&decomposed);
    let one_case = CaseMapper::new().fold_string(&plain).into_owned();
    let mut equated = String::with_capacity(one_case.len());
    one_case.chars().for_each(|c| push_equal(&mut equated, c));
    let composed = ComposingNormalizer::new_nfkc().normalize(&equated).into_owned();
    join_words(&composed)
}

fn join_words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The search text of a row: its folded values, one per line. A word contains no line break, so no match spans two
/// values.
pub fn search_text<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    values.into_iter().map(fold_for_search).filter(|value| !value.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Folds the beginning of a text that has at most [`max_bytes`] in Unicode form NFKC.
fn fold_for_search(text: &str) -> String {
    fold(beginning_within(text, max_bytes(text)))
}

/// Ordinary texts have at most twice their bytes in form NFKC, except for single signs. A few ligatures have eleven
/// times their bytes, so texts of nothing else would cost far more than their limits allow.
///
/// A query is cut like the stored texts. Its limit grows with its length, so the words of a shorter text are found in a
/// longer one that begins with it.
const fn max_bytes(text: &str) -> usize {
    text.len().saturating_mul(2).saturating_add(100)
}

/// A LIKE pattern for each word of a query. A row matches if its search text matches all of them.
pub fn search_patterns(query: &str) -> Vec<String> {
    words(query).iter().map(|word| contains_pattern(word)).collect()
}

/// The LIKE patterns of a word that may be a part of a phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhonePatterns {
    pub text: String,
    /// The digits alone, if the word consists of digits and the punctuation of phone numbers.
    pub digits: Option<String>,
}

/// The patterns for each word of a query. A row matches if, for each word, its search text matches one of the patterns.
///
/// A national number begins with a zero where an international number has the code of the country. So the zeros at the
/// beginning are ignored if the query has enough other digits.
pub fn phone_patterns(query: &str) -> Vec<PhonePatterns> {
    let words = words(query);
    let significant = |word: &String| digits(word).trim_start_matches('0').len();
    let is_number = words.iter().filter(|word| is_phone(word)).map(significant).sum::<usize>() >= MIN_PHONE_DIGITS;
    let of_word = |word: String| {
        let all = digits(&word);
        let digits = if is_number { all.trim_start_matches('0') } else { &all };
        let is_useful = is_phone(&word) && !digits.is_empty() && digits != word;
        PhonePatterns { text: contains_pattern(&word), digits: is_useful.then(|| contains_pattern(digits)) }
    };
    words.into_iter().map(of_word).collect()
}

/// The number of digits from which a query is taken for a whole phone number.
const MIN_PHONE_DIGITS: usize = 7;

/// The distinct words of a query, folded.
fn words(query: &str) -> BTreeSet<String> {
    fold_for_search(query).split(' ').filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}

fn is_phone(word: &str) -> bool {
    word.chars().all(|c| digit(c).is_some() || "+-.()/".contains(c))
}

/// The digits of a phone number as ASCII, without their grouping.
pub fn digits(phone: &str) -> String {
    phone.chars().filter_map(digit).collect()
}

/// The ASCII digit for a decimal digit of any script. In Unicode, the digits from 0 to 9 of a script follow each other.
fn digit(c: char) -> Option<char> {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_digit = |code: &u32| categories.get32(*code) == GeneralCategory::DecimalNumber;
    let code = u32::from(c);
    if !is_digit(&code) {
        return None;
    }
    // Some scripts stand side by side.
    let before = (0..code).rev().take_while(is_digit).count() % 10;
    char::from_digit(u32::try_from(before).ok()?, 10)
}

fn without_accents(decomposed: &str) -> String {
    let classes = CanonicalCombiningClassMap::new();
    let mut base = ' ';
    let mut kept = String::with_capacity(decomposed.len());
    for c in decomposed.chars().filter(|c| !is_ignored(*c)) {
        let class = classes.get_u8(c);
        if class == 0 {
            base = c;
        }
        if !is_accent(class) || is_part_of_letter(base, c) {
            kept.push(c);
        }
    }
    kept
}

/// True for accents of Latin, Greek and Cyrillic letters (1, and from 200 on) and points of Hebrew, Arabic and Syriac
/// (10 to 36). The marks of other scripts are vowels, tones and voicing. Without them the word is another word.
const fn is_accent(combining_class: u8) -> bool {
    matches!(combining_class, 1 | 10..=36 | 200..=240)
}

/// The Cyrillic й, ў and ї are separate letters. The ё is usually written as е.
const fn is_part_of_letter(base: char, mark: char) -> bool {
    matches!((base, mark), ('и' | 'И' | 'у' | 'У', '\u{306}') | ('і' | 'І', '\u{308}'))
}

/// Invisible characters, and the stroke that makes Arabic words longer.
fn is_ignored(c: char) -> bool {
    c == '\u{640}' || is_invisible(c)
}

/// Replaces letters that Unicode does not decompose but people type without their stroke, and apostrophes and dashes
/// of all kinds.
fn push_equal(text: &mut String, c: char) {
    match c {
        'ø' => text.push('o'),
        'ł' => text.push('l'),
        'đ' | 'ð' => text.push('d'),
        'ħ' => text.push('h'),
        'ŧ' => text.push('t'),
        'ı' => text.push('i'),
        'æ' => text.push_str("ae"),
        'œ' => text.push_str("oe"),
        'þ' => text.push_str("th"),
        '\u{2018}' | '\u{2019}' | '\u{2bc}' => text.push('\''),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => text.push('-'),
        _ => text.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_and_accents_make_no_difference_in_any_script() {
        for (text, same) in [
            ("Äpfel", "apfel"),
            ("A\u{308}pfel", "ÄPFEL"),
            ("Straße", "STRASSE"),
            ("Молоко", "МОЛОКО"),
            ("Ёлка", "елка"),
            ("Καφές", "ΚΑΦΕΣ"),
            ("Łódź", "lodz"),
            ("Smørrebrød", "SMORREBROD"),
            ("İstanbul", "istanbul"),
            ("Ｔ－Ｓｈｉｒｔ", "t-shirt"),
            ("ﬁne", "FINE"),
            ("مُحَمَّد", "محمد"),
            ("שָׁלוֹם", "שלום"),
            ("Việt Nam", "viet nam"),
            ("L\u{2019}Oréal", "l'oreal"),
            (" two \t words\n", "TWO WORDS"),
            ("ｶﾞﾑ", "ガム"),
            ("ᲥᲐᲠᲗᲣᲚᲘ", "ქართული"),
        ] {
            assert_eq!(fold(text), fold(same), "{text} and {same}");
        }
    }

    #[test]
    fn marks_that_make_another_word_are_kept() {
        for (text, other) in [("की", "कि"), ("が", "か"), ("май", "маи"), ("มา", "ม้า"), ("їжа", "іжа"), ("한", "하")]
        {
            assert_ne!(fold(text), fold(other), "{text} and {other}");
        }
    }

    #[test]
    fn every_word_of_a_query_is_a_pattern() {
        assert_eq!(search_patterns("  Tee  RED tee "), ["%red%", "%tee%"]);
        assert_eq!(search_patterns("50%_"), ["%50\\%\\_%"]);
        assert_eq!(search_patterns(" \t"), [""; 0]);
        assert_eq!(search_text(["Äpfel  rot", "", "SKU-1"]), "apfel rot\nsku-1");
        assert_eq!(digits("+91 98-76"), "919876");
    }

    #[test]
    fn a_phone_is_searched_by_its_digits_too() {
        for (word, digits) in [
            ("0987-654321", "987654321"),
            ("09876543210", "9876543210"),
            ("0091-98765-43210", "919876543210"),
            ("0123456", "0123456"),
            ("(098)", "098"),
            ("098.765/4321", "987654321"),
            ("+098765", "098765"),
            ("\u{2066}098\u{2011}7\u{2069}", "0987"),
            ("٠٩٨٧٦٥", "098765"),
            ("۰۹۸", "098"),
            ("०९८", "098"),
            ("\u{116d1}\u{116db}", "11"),
        ] {
            let [patterns] = <[PhonePatterns; 1]>::try_from(phone_patterns(word)).unwrap();
            let expected = Some(format!("%{digits}%")).filter(|_| digits != word);
            assert_eq!(patterns.digits, expected, "{word}");
            assert_eq!(patterns.text, contains_pattern(&fold(word)));
        }
        for word in ["098765", "ORD-20261121-A4", "-", "1e5", "½"] {
            assert!(phone_patterns(word).iter().all(|patterns| patterns.digits.is_none()), "{word}");
        }
        let grouped: Vec<_> = phone_patterns("098765 43210").into_iter().map(|patterns| patterns.digits).collect();
        assert_eq!(grouped, [Some("%98765%".to_owned()), None]);
        assert_eq!(digits("٠٩٨-９ 7"), "09897");
        // No run of digits begins or ends within a script.
        let all = (0..=0x10_ffff).filter_map(char::from_u32).filter_map(digit).collect::<Vec<_>>();
        assert!(all.chunks(10).all(|script| script.iter().copied().eq('0'..='9')), "{}", all.len());
    }

    #[test]
    fn texts_that_grow_are_cut() {
        for repeated in [255, 5_000] {
            let text = "\u{fdfa}".repeat(repeated);
            let stored = search_text([text.as_str()]);
            assert!(stored.len() <= max_bytes(&text), "{}", stored.len());
            // The words of a cut query are also in a text that is not cut.
            let whole = fold(&text);
            assert!(whole.len() > 2 * stored.len() && whole.starts_with(&stored), "{}", whole.len());
            for query in [1, 2, 50, repeated] {
                for word in search_patterns(&"\u{fdfa}".repeat(query)) {
                    assert!(stored.contains(word.trim_matches('%')), "{word} of {query}");
                }
            }
        }
    }

    #[test]
    fn ordinary_texts_are_not_cut() {
        for text in [
            "Two words ",
            "Straße, Smørrebrød, İstanbul ",
            "e\u{302}\u{309} mì Việt Nam ",
            "ба\u{301}нка й ",
            "ΰΐᾧ",
            "한국어 ",
            "ｶﾞﾑ ガム 牛奶 ",
            "ल\u{95c}का प\u{95d}ाई",
            "½ kg, 12 m², 5 ㎏ ™ ",
            "محمد رسول الله \u{fdfa} ",
            "❤\u{fe0f}👩\u{200d}🚀",
        ] {
            for text in [text.to_owned(), text.repeat(300)] {
                assert_eq!(search_text([text.as_str()]), fold(&text));
            }
        }
        assert_eq!(search_text(["\u{fdfa}"]), fold("\u{fdfa}"));
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,20}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
