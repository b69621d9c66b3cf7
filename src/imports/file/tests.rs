//! Tests of files.

use super::*;
use crate::error::Code;

fn open(text: impl AsRef<[u8]>, format: Format) -> Result<(Vec<&'static str>, Vec<Vec<Cell>>), ApiError> {
    let file = File::open(Bytes::copy_from_slice(text.as_ref()), format, ImportKind::Suppliers)?;
    let mut rows = Vec::new();
    file.each_row(|row| {
        assert_eq!(row.error, None);
        rows.push(row.cells);
        Ok::<(), ()>(())
    })
    .unwrap();
    assert_eq!(rows.len(), file.row_count);
    Ok((file.columns, rows))
}

fn text(cell: &str) -> Cell {
    Cell::Text(cell.to_owned())
}

#[test]
fn separators_line_ends_and_marks_make_no_difference() {
    let expected = (vec!["code", "name"], vec![vec![text("A"), text("One; two")], vec![text("B"), Cell::Leave]]);
    for csv in [
        "code,name\nA,One; two\nB,\n",
        "\u{feff}code,name\r\nA,One; two\r\nB,\r\n",
        "code\tname\rA\tOne; two\rB\t",
        "code;name\nA;\"One; two\"\n\nB;\"\"",
        "\"code\" , name\nA,One; two\nB,",
        "\r\n\ncode;name\nA;\"One; two\"\nB;\"\"",
    ] {
        assert_eq!(open(csv, Format::Csv).unwrap(), expected, "{csv:?}");
    }
    let quoted = open("code,name\nA,\"One\r\n\"\"two\"\", three\"\n", Format::Csv).unwrap();
    assert_eq!(quoted.1, [[text("A"), text("One\r\n\"two\", three")]]);
    let cells = open("code,name,phone\nA,-,'+49\nB,'-,'tis\n", Format::Csv).unwrap();
    assert_eq!(cells.1, [[text("A"), Cell::Clear, text("+49")], [text("B"), text("-"), text("'tis")]]);
}

#[test]
fn json_values_become_cells() {
    let rows =
        open(r#"[{"code":"A","lead_time_days":1e3},{"name":null,"code":"B","active":true},{"code":""}]"#, Format::Json);
    let (columns, rows) = rows.unwrap();
    assert_eq!(columns, ["active", "code", "lead_time_days", "name"]);
    assert_eq!(rows[0], [Cell::Leave, text("A"), text("1e3"), Cell::Leave]);
    assert_eq!(rows[1], [text("true"), text("B"), Cell::Leave, Cell::Clear]);
    assert_eq!(rows[2][1], Cell::Leave);
    assert_eq!(open("[]", Format::Json).unwrap(), (vec![], vec![]));
}

#[test]
fn what_is_no_file_of_the_kind_is_refused() {
    let refused = |bytes: &[u8], format| {
        let refusal = open(bytes, format).unwrap_err();
        (
            refusal.code,
            refusal.extra.errors.first().map(|error| error.field.clone()).unwrap_or_default(),
            refusal.detail,
        )
    };
    let (_, field, detail) = refused(b"code,name\nA,Th\xe9\n", Format::Csv);
    assert!(field.is_empty() && detail.contains("line 2") && detail.contains("0xe9"), "{detail}");
    assert!(refused(b"\xff\xfec\0o\0", Format::Csv).2.contains("UTF-16"));
    assert_eq!(refused(b"code,colour\n", Format::Csv).1, "colour");
    assert_eq!(refused(b"code,name,name\n", Format::Csv).1, "name");
    assert_eq!(refused(b"name\nA\n", Format::Csv).1, "code");
    assert_eq!(refused(b"", Format::Csv).0, Code::ValidationFailed);
    assert!(refused(b"code,name\nA,\"One\nB,Two\n", Format::Csv).2.contains("not closed"));
    assert!(refused(b"code,name\nA,\"One\"\"\nB,Two\n", Format::Csv).2.contains("not closed"));
    for stray in ["code,name\nA,\"One\nB,\"Two\"\n", "code,name\nA,\nB,\"5\" pipe\"\n", "code,name\nA,\nB,\"Two\" x\n"]
    {
        let (_, field, detail) = refused(stray.as_bytes(), Format::Csv);
        assert!(field.is_empty() && detail.contains("a closing quote in line 3"), "{stray:?}: {detail}");
    }
    assert_eq!(open("code,name\nA,5\" pipe\nB,\"\"\"Two\"\n", Format::Csv).unwrap().1.len(), 2);
    for (json, code) in [
        ("{}", Code::ValidationFailed),
        ("[1]", Code::ValidationFailed),
        (r#"[{"code":"A"}"#, Code::MalformedRequest),
        (r#"[{"code":"A","code":"B"}]"#, Code::ValidationFailed),
        (r#"[{"name":"A"}]"#, Code::ValidationFailed),
    ] {
        assert_eq!(refused(json.as_bytes(), Format::Json).0, code, "{json}");
    }
    let many = format!("code\n{}", "A\n".repeat(MAX_ROWS + 1));
    assert!(refused(many.as_bytes(), Format::Csv).2.contains("50001"));
}

#[test]
fn a_row_that_does_not_fit_is_kept_with_its_error() {
    let errors = |body: &str, format| {
        let file = File::open(Bytes::copy_from_slice(body.as_bytes()), format, ImportKind::Suppliers).unwrap();
        let mut errors = Vec::new();
        file.each_row(|row| {
            errors.push(row.error.map(|error| error.field));
            Ok::<(), ()>(())
        })
        .unwrap();
        errors
    };
    let csv = errors("code,name,error\nA,One\nB,Two,\nC,Three,x,y\n", Format::Csv);
    assert_eq!(csv, [Some(String::new()), None, Some(String::new())]);
    let json = errors(r#"[{"code":"A","name":["x"]},{"code":"B"}]"#, Format::Json);
    assert_eq!(json, [Some("name".to_owned()), None]);
    let csv = errors("code,name\nA,a\0b\n-,One\nA,-\n", Format::Csv);
    assert_eq!(csv, [Some("name".to_owned()), Some("code".to_owned()), None]);
    let json = errors(r#"[{"code":"A\u0000"},{"code":"-"},{"code":null,"name":null}]"#, Format::Json);
    assert_eq!(json, [Some("code".to_owned()), Some("code".to_owned()), None]);
}
