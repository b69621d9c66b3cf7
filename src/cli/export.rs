//! `stockroom export --kind products FILE`

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use diesel::PgConnection;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use stockroom::db::tx::{self, Mode};
use stockroom::db::{self, End};
use stockroom::imports::export::file::{ExportFile, ExportFormat, Slice, read_slice};
use stockroom::imports::export::kind::ExportKind;
use stockroom::imports::queries::exports::{Position, TimeRange};
use stockroom::kernel::id::StoreId;
use stockroom::settings::Settings;
use strum::VariantArray;

use super::error::CommandError;
use super::import::find_store;
use super::opened::Opened;
use super::output::Output;
use super::print;

#[derive(Args)]
pub struct ExportArguments {
    /// The file to write; - for standard output
    file: PathBuf,
    #[arg(long, value_parser = kind())]
    kind: ExportKind,
    #[arg(long, value_parser = format(), default_value = "csv")]
    format: ExportFormat,
    /// Only rows from this moment on, such as 2026-11-01T00:00:00Z
    #[arg(long)]
    from: Option<DateTime<Utc>>,
    /// Only rows before this moment
    #[arg(long)]
    to: Option<DateTime<Utc>>,
    /// The code of the store; the first one by default
    #[arg(long)]
    store: Option<String>,
}

fn kind() -> impl TypedValueParser<Value = ExportKind> {
    let known = ExportKind::VARIANTS.iter().map(|kind| kind.as_str());
    PossibleValuesParser::new(known).try_map(|text| text.parse::<ExportKind>())
}

fn format() -> impl TypedValueParser<Value = ExportFormat> {
    let known = ExportFormat::VARIANTS.iter().map(|format| format.as_str());
    PossibleValuesParser::new(known).try_map(|text| text.parse::<ExportFormat>())
}

/// Writes the file slice by slice.
pub fn run(settings: Settings, arguments: &ExportArguments) -> Result<(), CommandError> {
    let ExportArguments { file, kind, format, from, to, store } = arguments;
    if (from.is_some() || to.is_some()) && !kind.has_time() {
        return Err(CommandError::Other(format!("--from and --to are not for the kind {}", kind.as_str())));
    }
    let is_stdout = file.as_path() == Path::new("-");
    Opened::require_database(&settings)?;
    let rows = Opened::with(settings, |opened| {
        let mut conn = opened.connect()?;
        // A command that only reads does not upgrade a database that older servers may use.
        db::migrate::check(&mut conn)?;
        let store = find_store(&mut conn, store.as_deref())?;
        let failed = || CommandError::io(format!("write {}", file.display()));
        let mut out = Output::create(file).map_err(failed())?;
        let range = TimeRange { from: *from, to: *to };
        let rows = write(&mut conn, store, (*kind, range), ExportFile::new(*kind, *format), &mut out)?;
        out.complete().map_err(failed())?;
        Ok(rows)
    })?;
    if !is_stdout {
        print(&format!("{rows} rows written to {}", file.display()));
    }
    Ok(())
}

/// Returns the number of rows.
fn write(
    conn: &mut PgConnection,
    store: StoreId,
    (kind, range): (ExportKind, TimeRange),
    mut file: ExportFile,
    out: &mut Output,
) -> Result<usize, CommandError> {
    let bar = ProgressBar::new_spinner().with_finish(ProgressFinish::AndClear);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} rows") {
        bar.set_style(style);
    }
    let mut send = |bytes: &[u8]| out.write_all(bytes).map_err(CommandError::io("write the file"));
    let (mut next, mut rows) = (Some(Position::start(range)), 0_usize);
    while let Some(position) = next {
        let read = |conn: &mut PgConnection| read_slice(conn, store, (kind, range), position).map(End::RollBack);
        let slice: Slice = tx::run(conn, Mode::List, read)?;
        file.append(&slice.rows).map_err(|full| CommandError::Other(full.to_string()))?;
        send(&file.take())?;
        rows = rows.saturating_add(slice.rows.len());
        bar.set_position(u64::try_from(rows).unwrap_or(u64::MAX));
        next = slice.next;
    }
    send(&file.finish())?;
    bar.finish_and_clear();
    Ok(rows)
}
