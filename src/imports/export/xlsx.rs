//! A spreadsheet that is written row by row, so that it can be sent while its rows are read.

use super::cells::ExportCell;
use super::kind::ExportKind;
use super::zip::{self, ZipWriter};

/// The content type of the file.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The limits of a sheet. Further rows are in further sheets.
#[derive(Clone, Copy, Debug)]
struct MaxSizes {
    rows_of_sheet: u32,
    bytes_of_sheet: u32,
    /// After compression.
    bytes_of_file: u32,
}

/// Other programs open sheets of at most this number of rows. The size of a sheet has 32 bits, so a large row must still
/// fit after the limit of bytes is reached.
const MAX_SIZES: MaxSizes =
    MaxSizes { rows_of_sheet: 1_048_576, bytes_of_sheet: 1024 * 1024 * 1024, bytes_of_file: zip::MAX_BYTES };

/// The remaining rows do not fit into a spreadsheet.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a spreadsheet has at most 4 GiB: export CSV, or a shorter time")]
pub struct SpreadsheetFull;

const SHEET: &str = "xl/worksheets/sheet#.xml";
const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const CONTENT: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// A spreadsheet of which a part has been written.
pub struct XlsxWriter {
    zip: ZipWriter,
    kind: ExportKind,
    sheets: usize,
    rows: u32,
    max: MaxSizes,
}

impl XlsxWriter {
    /// Begins a file with the names of the columns.
    #[must_use]
    pub fn new(kind: ExportKind) -> Self {
        Self::with_sizes(kind, MAX_SIZES)
    }

    fn with_sizes(kind: ExportKind, max: MaxSizes) -> Self {
        let mut writer = Self { zip: ZipWriter::default(), kind, sheets: 0, rows: 0, max };
        writer.begin_sheet();
        writer
    }

    fn begin_sheet(&mut self) {
        self.sheets = self.sheets.saturating_add(1);
        self.rows = 0;
        self.zip.begin(SHEET, self.sheets);
        self.zip.write(format!(r#"{DECLARATION}<worksheet xmlns="{MAIN}"><sheetData>"#).as_bytes());
        let names = self.kind.columns().iter().map(|column| ExportCell::Text(column.name.to_owned()));
        self.write_row(&names.collect::<Vec<_>>());
    }

    fn end_sheet(&mut self) {
        self.zip.write(b"</sheetData></worksheet>");
    }

    pub fn append(&mut self, cells: &[ExportCell]) -> Result<(), SpreadsheetFull> {
        if self.zip.position() >= self.max.bytes_of_file {
            return Err(SpreadsheetFull);
        }
        let is_full = self.rows >= self.max.rows_of_sheet || self.zip.open_size() >= self.max.bytes_of_sheet;
        // Each sheet begins with a row of the names of the columns.
        if is_full && self.rows > 1 {
            self.end_sheet();
            self.begin_sheet();
        }
        self.write_row(cells);
        Ok(())
    }

    fn write_row(&mut self, cells: &[ExportCell]) {
        self.rows = self.rows.saturating_add(1);
        let mut row = String::from("<row>");
        cells.iter().for_each(|cell| append_cell(&mut row, cell));
        row.push_str("</row>");
        self.zip.write(row.as_bytes());
    }

    /// The bytes since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        self.zip.take()
    }

    /// Ends the file with the parts that name its sheets.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.end_sheet();
        let sheets = 1..=self.sheets;
        let list = |line: &dyn Fn(usize) -> String| sheets.clone().map(line).collect::<String>();
        let name = self.kind.as_str();
        let workbook = list(&|n| format!(r#"<sheet name="{name} {n}" sheetId="{n}" r:id="rId{n}"/>"#));
        let relations = list(&|n| {
            format!(r#"<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>"#)
        });
        let types = list(&|n| {
            format!(r#"<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{CONTENT}.worksheet+xml"/>"#)
        });
        let parts = [
            (
                "xl/workbook.xml",
                format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{workbook}</sheets></workbook>"#),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(r#"<Relationships xmlns="{RELATIONS}">{relations}</Relationships>"#),
            ),
            (
                "_rels/.rels",
                format!(
                    r#"<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
                ),
            ),
            (
                "[Content_Types].xml",
                format!(
                    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{CONTENT}.sheet.main+xml"/>{types}</Types>"#
                ),
            ),
        ];
        for (name, text) in parts {
            self.zip.begin(name, 0);
            self.zip.write(format!("{DECLARATION}{text}").as_bytes());
        }
        self.zip.finish()
    }
}

/// Texts are marked as in CSV files, because the file may be converted to one.
fn append_cell(row: &mut String, cell: &ExportCell) {
    match cell {
        ExportCell::Empty => row.push_str("<c/>"),
        ExportCell::Number(number) => {
            row.push_str("<c><v>");
            row.push_str(number);
            row.push_str("</v></c>");
        }
        ExportCell::Text(_) => {
            row.push_str(r#"<c t="inlineStr"><is><t xml:space="preserve">"#);
            let text = cell.to_csv();
            for (place, c) in text.char_indices() {
                if text.get(place..).is_some_and(begins_with_code) {
                    row.push_str("_x005F");
                }
                append_escaped(row, c);
            }
            row.push_str("</t></is></c>");
        }
    }
}

/// True if the text begins like `_x0041_`, which stands for a character in this format. The code `_x005F_` stands for
/// `_` itself.
fn begins_with_code(text: &str) -> bool {
    let code = text.strip_prefix("_x").and_then(|rest| rest.split_once('_'));
    code.is_some_and(|(code, _)| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Control characters cannot be in XML.
fn append_escaped(row: &mut String, c: char) {
    match c {
        '&' => row.push_str("&amp;"),
        '<' => row.push_str("&lt;"),
        '>' => row.push_str("&gt;"),
        '\t' | '\n' => row.push(c),
        '\r' => row.push_str("&#13;"),
        c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
        c => row.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_numbers_are_not() {
        let mut row = String::new();
        for cell in [ExportCell::Text("=a<b & \u{1}c".into()), ExportCell::Number("-12.50".into()), ExportCell::Empty] {
            append_cell(&mut row, &cell);
        }
        let text = r#"<c t="inlineStr"><is><t xml:space="preserve">'=a&lt;b &amp; c</t></is></c>"#;
        assert_eq!(row, format!("{text}<c><v>-12.50</v></c><c/>"));
        let mut row = String::new();
        append_cell(&mut row, &ExportCell::Text("a_x0041_x_xyz_".into()));
        assert!(row.contains(">a_x005F_x0041_x_xyz_<"), "{row}");
    }

    #[test]
    fn a_file_begins_and_ends_as_an_archive() {
        let mut writer = XlsxWriter::new(ExportKind::Barcodes);
        writer.append(&[ExportCell::Text("rice".into()), ExportCell::Empty]).unwrap();
        let mut file = writer.take();
        writer.append(&[ExportCell::Text("dal".into())]).unwrap();
        file.extend(writer.finish());
        assert!(file.starts_with(b"PK\x03\x04"));
        let end = file.len() - 22;
        assert_eq!(&file[end..end + 4], b"PK\x05\x06");
        assert_eq!(file[end + 10], 5, "a sheet and four parts");
    }

    #[test]
    fn rows_behind_the_end_of_a_sheet_are_in_the_next_one() {
        let row = [ExportCell::Text("rice".into())];
        let sheets = |max: MaxSizes| {
            let mut writer = XlsxWriter::with_sizes(ExportKind::Barcodes, max);
            (0..7).for_each(|_| writer.append(&row).unwrap());
            writer.sheets
        };
        assert_eq!(sheets(MAX_SIZES), 1);
        assert_eq!(sheets(MaxSizes { rows_of_sheet: 4, ..MAX_SIZES }), 3, "a sheet has its header and three rows");
        assert_eq!(sheets(MaxSizes { bytes_of_sheet: 1, ..MAX_SIZES }), 7);
    }

    #[test]
    fn a_full_spreadsheet_takes_no_more_rows_and_stays_an_archive() {
        let mut writer = XlsxWriter::with_sizes(ExportKind::Barcodes, MaxSizes { bytes_of_file: 200_000, ..MAX_SIZES });
        // Texts without a pattern, so that the compressor returns their bytes early.
        let texts = (0_u64..).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let rows = texts.map(|n| [ExportCell::Text(format!("{n:x}").repeat(3))]);
        let (mut file, mut written) = (Vec::new(), 0);
        for row in rows.take(100_000) {
            if writer.append(&row).is_err() {
                break;
            }
            file.extend(writer.take());
            written += 1;
        }
        assert!((1_000..100_000).contains(&written), "{written} rows");
        assert!(writer.append(&[ExportCell::Empty]).is_err());
        file.extend(writer.finish());
        assert_eq!(&file[file.len() - 22..][..4], b"PK\x05\x06");
    }
}
