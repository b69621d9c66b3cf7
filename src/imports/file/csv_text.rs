//! The text of a CSV file before its rows are read: its encoding and its separator. Ambiguous forms are refused, because
//! the reader would have to guess their meaning.

use crate::error::ApiError;

/// More columns than any kind has.
pub const MAX_COLUMNS: usize = 100;

/// The longest text of a cell is a description of 5,000 characters.
pub const MAX_CELL_BYTES: usize = 32 * 1024;

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// The separator that is most frequent in the first line with text, outside of quotes. The reader skips empty lines, too.
pub fn separator_of(bytes: &[u8]) -> u8 {
    let (mut counts, mut is_quoted) = ([(b',', 0_usize), (b';', 0), (b'\t', 0)], false);
    for byte in bytes.iter().skip_while(|byte| is_line_end(**byte)) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            _ if is_quoted => {}
            other => {
                if let Some((_, count)) = counts.iter_mut().find(|(separator, _)| separator == other) {
                    *count = count.saturating_add(1);
                }
            }
        }
    }
    // If several are equally frequent, the first one is chosen.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| separator)
}

/// The position of a byte in a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CellPart {
    Begin,
    Plain,
    Quoted,
    /// After a quote, which ends the quoted text unless another one follows.
    Quote,
    /// A blank after a quoted text.
    Closed,
    /// Another text after a quoted text.
    Stray,
}

impl CellPart {
    fn then(self, byte: u8, separator: u8) -> Self {
        match (self, byte) {
            (Self::Quoted, b'"') => Self::Quote,
            (Self::Quoted, _) | (Self::Begin | Self::Quote, b'"') => Self::Quoted,
            (_, b'\n' | b'\r') => Self::Begin,
            (_, other) if other == separator => Self::Begin,
            (Self::Quote | Self::Closed, b' ' | b'\t') => Self::Closed,
            (Self::Quote | Self::Closed | Self::Stray, _) => Self::Stray,
            (Self::Begin | Self::Plain, _) => Self::Plain,
        }
    }
}

/// Refuses lines of very many cells, for which the reader would take much memory. Refuses quotes that do not enclose a
/// whole cell, because the reader would take the rows between two of them as one text, and would lose these rows.
pub fn check_cells(bytes: &[u8], separator: u8) -> Result<(), ApiError> {
    let (mut part, mut line, mut cells) = (CellPart::Begin, 1_usize, 1_usize);
    let (mut is_before_first, mut is_first) = (true, true);
    for (index, byte) in bytes.iter().enumerate() {
        if is_first && index > MAX_CELL_BYTES {
            return Err(ApiError::field("", "has a first line that is too long for the names of its columns"));
        }
        is_before_first = is_before_first && is_line_end(*byte);
        part = part.then(*byte, separator);
        if part == CellPart::Stray {
            let message =
                format!("has a text behind a closing quote in line {line}; a quote inside of quotes is doubled");
            return Err(ApiError::field("", message));
        }
        if *byte == b'\n' {
            line = line.saturating_add(1);
        }
        if part == CellPart::Begin {
            let is_end = *byte != separator;
            is_first = is_first && (is_before_first || !is_end);
            cells = if is_end { 1 } else { cells.saturating_add(1) };
        }
        if cells > MAX_COLUMNS {
            return Err(ApiError::field(
                "",
                format!("must have at most {MAX_COLUMNS} columns, and line {line} has more"),
            ));
        }
    }
    if part == CellPart::Quoted {
        return Err(ApiError::field("", "has a quote that is not closed, so its rows cannot be separated"));
    }
    Ok(())
}

/// Refuses other encodings, and names the line.
pub fn check_utf_8(bytes: &[u8]) -> Result<(), ApiError> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(ApiError::field("", "must be UTF-8, and is UTF-16"));
    }
    let Err(error) = std::str::from_utf8(bytes) else { return Ok(()) };
    let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
    let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
    let message = format!(
        "must be UTF-8: line {line} has the byte {byte:#04x}, as in Latin-1 or another encoding. Save the file as UTF-8"
    );
    Err(ApiError::field("", message))
}
