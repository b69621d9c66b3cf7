//! Rows in the format of COPY. They are created while they are sent, and not stored.

/// COPY of the named columns; the body writes the rows.
macro_rules! copy {
    ($conn:expr, $table:ident ($($column:ident),+), |$out:ident| $body:expr) => {
        diesel::copy_from(stockroom::db::schema::$table::table)
            .from_raw_data(($(stockroom::db::schema::$table::$column,)+), |sink: &mut dyn std::io::Write| {
                use std::io::Write as _;
                let mut writer = std::io::BufWriter::with_capacity(1 << 16, sink);
                let $out = &mut writer;
                let mut rows = || -> std::io::Result<()> {
                    $body
                    $out.flush()
                };
                rows().map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
            })
            .execute($conn)
    };
}

/// Writes one row. No value of these tables needs escaping.
macro_rules! row {
    ($out:expr, $first:expr $(, $value:expr)* $(,)?) => {{
        write!($out, "{}", $first)?;
        $(write!($out, "\t{}", $value)?;)*
        $out.write_all(b"\n")?;
    }};
}

pub(super) use {copy, row};

pub const NULL: &str = "\\N";

#[must_use]
pub fn or_null(value: Option<impl ToString>) -> String {
    value.map_or_else(|| NULL.to_owned(), |value| value.to_string())
}
