//! Cells of CSV files. Spreadsheets run a cell that begins with `=`, `+`, `-`, `@` or a control character as a formula. Some
//! of them also read other forms of these signs as formulas, such as the full-width `＝`.

use std::borrow::Cow;
use std::iter;

use icu_normalizer::ComposingNormalizer;

/// Marks a cell as text for spreadsheets.
const MARK: char = '\'';

/// The signs with which a formula begins.
const SIGNS: [char; 4] = ['=', '+', '-', '@'];

/// The cell of a text. A text that a spreadsheet would run gets one mark. Cells of numbers are not escaped.
///
/// A text that is marked already gets one more, so that [`unescape`] restores every text.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("{MARK}{text}")) } else { Cow::Borrowed(text) }
}

/// The text of a cell, without the mark that [`escape`] has set.
#[must_use]
pub fn unescape(cell: &str) -> &str {
    cell.strip_prefix(MARK).filter(|text| is_formula(text)).unwrap_or(cell)
}

/// True if a spreadsheet would run the text, or if it begins with marks before such a text.
fn is_formula(text: &str) -> bool {
    let first = text.trim_start_matches(MARK).chars().next();
    first.is_some_and(|first| is_sign(first) || first.is_control())
}

/// True for the signs in every form. Spreadsheets that know other forms convert them by NFKC of Unicode, or know the
/// full-width ones.
fn is_sign(c: char) -> bool {
    if c.is_ascii() {
        return SIGNS.contains(&c);
    }
    let plain = ComposingNormalizer::new_nfkc().normalize_iter(iter::once(c)).next();
    plain.is_some_and(|plain| SIGNS.contains(&plain))
}

/// Appends a line of cells to a CSV file. The cells have been escaped where they are texts.
pub fn append_line<'a>(file: &mut Vec<u8>, cells: impl Iterator<Item = Cow<'a, str>>) {
    let mut writer = csv::WriterBuilder::new().from_writer(file);
    // Memory accepts every write, and a line of any length fits the writer.
    let _written = writer.write_record(cells.map(|cell| cell.into_owned().into_bytes()));
    let _flushed = writer.flush();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_that_begin_like_formulas_are_marked() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-", "'-"),
            ("-sum(a1)", "'-sum(a1)"),
            ("@cmd", "'@cmd"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("\n", "'\n"),
            ("\0", "'\0"),
            ("\u{7f}x", "'\u{7f}x"),
            ("\u{85}x", "'\u{85}x"),
            ("+1", "'+1"),
            (" =1", " =1"),
            ("1-1", "1-1"),
            ("＝1+1", "'＝1+1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠cmd", "'＠cmd"),
            ("﹦1", "'﹦1"),
            ("'＝1", "''＝1"),
            ("１-1", "１-1"),
            ("é=1", "é=1"),
            ("'=1", "''=1"),
            ("-7", "'-7"),
            ("'tis", "'tis"),
            ("plain", "plain"),
            ("", ""),
        ] {
            assert_eq!(escape(text), cell, "{text:?}");
            assert_eq!(unescape(cell), text, "{cell:?}");
        }
        assert_eq!(unescape("''=1"), "'=1", "only one mark is removed");
    }

    #[test]
    fn a_line_quotes_separators_quotes_and_line_ends() {
        let mut file = Vec::new();
        append_line(&mut file, ["a,b", "c\"d", "e\nf", ""].into_iter().map(Cow::Borrowed));
        append_line(&mut file, ["1", "2", "3", "4"].into_iter().map(Cow::Borrowed));
        assert_eq!(String::from_utf8(file).unwrap(), "\"a,b\",\"c\"\"d\",\"e\nf\",\n1,2,3,4\n");
    }

    proptest! {
        #[test]
        fn every_text_survives(text in "['=+@＝－\\-0-9a. \\t]{0,6}") {
            let cell = escape(&text).into_owned();
            prop_assert_eq!(unescape(&cell), text);
        }
    }
}
