//! `stockroom import FILE --kind products`

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use diesel::PgConnection;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use sha2::{Digest, Sha256};
use stockroom::accounts::queries::users;
use stockroom::auth::principal::Account;
use stockroom::auth::{Permissions, Principal, Role, Scope};
use stockroom::db;
use stockroom::db::tx::{self, Mode};
use stockroom::db::{End, Failure};
use stockroom::error::{Abort, ApiError};
use stockroom::fulfilment::expire;
use stockroom::imports::document::{Import, ImportState, NewImport, not_found};
use stockroom::imports::dry_run;
use stockroom::imports::file::{File, Format};
use stockroom::imports::input_row::Columns;
use stockroom::imports::kind::{ImportKind, OnError};
use stockroom::imports::queries::{imports, rows};
use stockroom::imports::run;
use stockroom::kernel::id::{ImportId, StoreId, UserId};
use stockroom::settings::Settings;
use stockroom::stores::queries as stores;
use strum::VariantArray;

use super::error::CommandError;
use super::opened::Opened;
use super::print;

/// The largest number of refused rows that are printed.
const SHOWN: i64 = 20;

/// The time between two reads of an import that a server works on, and between two attempts of a transaction.
const PAUSE: Duration = Duration::from_millis(200);

/// The largest number of attempts of a transaction that other transactions disturb.
const MAX_ATTEMPTS: u32 = 20;

#[derive(Args)]
pub struct ImportArguments {
    /// A CSV file, or with the ending .json an array of rows
    file: PathBuf,
    #[arg(long, value_parser = kind())]
    kind: ImportKind,
    /// The effect of a refused row on the others
    #[arg(long, value_parser = on_error(), default_value = "stop")]
    on_error: OnError,
    /// Only find out the results of the rows
    #[arg(long)]
    dry_run: bool,
    /// The code of the store; the first one by default
    #[arg(long)]
    store: Option<String>,
    /// The email address of the account whose changes these are; the first administrator by default
    #[arg(long)]
    user: Option<String>,
}

fn kind() -> impl TypedValueParser<Value = ImportKind> {
    let known = ImportKind::VARIANTS.iter().map(|kind| kind.as_str());
    PossibleValuesParser::new(known).try_map(|text| text.parse::<ImportKind>())
}

fn on_error() -> impl TypedValueParser<Value = OnError> {
    let known = OnError::VARIANTS.iter().map(|choice| choice.as_str());
    PossibleValuesParser::new(known).try_map(|text| text.parse::<OnError>())
}

/// Imports the file. Fails if a row was refused.
pub fn run(settings: Settings, arguments: &ImportArguments) -> Result<(), CommandError> {
    let (file, content_hash) = open(&arguments.file, arguments.kind)?;
    run::check_row_count(file.row_count, arguments.on_error).map_err(refused)?;
    Opened::require_database(&settings)?;
    Opened::with(settings, |opened| {
        opened.migrate()?;
        let mut conn = opened.connect()?;
        let store = find_store(&mut conn, arguments.store.as_deref())?;
        let scope = scope(&mut conn, store, arguments.user.as_deref())?;
        let new = new_import(arguments, &file, content_hash, &scope)?;
        let import = write(&mut conn, |conn| run::create(conn, &scope, &new, &file).map(End::Commit))?;
        let done = work(&mut conn, &scope, import)?;
        report(&mut conn, store, &done)
    })
}

fn open(path: &Path, kind: ImportKind) -> Result<(File, Vec<u8>), CommandError> {
    let bytes = std::fs::read(path).map_err(CommandError::io(format!("read {}", path.display())))?;
    let is_json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let format = if is_json { Format::Json } else { Format::Csv };
    let content_hash = Sha256::digest(&bytes).to_vec();
    Ok((File::open(bytes.into(), format, kind).map_err(refused)?, content_hash))
}

fn new_import(
    arguments: &ImportArguments,
    file: &File,
    content_hash: Vec<u8>,
    scope: &Scope,
) -> Result<NewImport, CommandError> {
    let names = file.columns.iter().map(|name| (*name).to_owned()).collect();
    Ok(NewImport {
        columns: Columns { kind: arguments.kind, names },
        on_error: arguments.on_error,
        dry_run: arguments.dry_run,
        content_hash,
        row_count: db::count(file.row_count),
        created_by: scope.principal.account().map_err(refused)?.id,
    })
}

fn refused(refusal: ApiError) -> CommandError {
    CommandError::Other(refusal.detail)
}

/// The store with this code, or the first one.
pub fn find_store(conn: &mut PgConnection, code: Option<&str>) -> Result<StoreId, CommandError> {
    let found = match code {
        Some(code) => stores::find_by_code(conn, code),
        None => stores::find_default(conn),
    };
    let missing = || CommandError::Other(format!("there is no store {}", code.unwrap_or("yet")));
    found.map_err(Failure::from)?.ok_or_else(missing)
}

fn scope(conn: &mut PgConnection, store: StoreId, email: Option<&str>) -> Result<Scope, CommandError> {
    let found: Option<UserId> = match email {
        Some(email) => users::find_by_email(conn, email).map(|user| user.map(|user| user.id)),
        None => users::find_first_admin(conn),
    }
    .map_err(Failure::from)?;
    let missing = || CommandError::Other(format!("there is no account {}", email.unwrap_or("of an administrator")));
    let account =
        Account { id: found.ok_or_else(missing)?, role: Role::Admin, permissions: Permissions::all(), store: None };
    Ok(Scope { store, principal: Principal::User(account) })
}

/// Runs a transaction, several times if it conflicts with others. If only overdue holds block it, they expire first.
fn write<T>(
    conn: &mut PgConnection,
    work: impl Fn(&mut PgConnection) -> Result<End<T>, Abort>,
) -> Result<T, CommandError> {
    let mut attempts = 0_u32;
    loop {
        attempts = attempts.saturating_add(1);
        let attempt = tx::run(conn, Mode::Write, |conn| match work(conn) {
            Ok(end) => Ok(end.map(Ok)),
            Err(abort) => abort.into_end(),
        });
        match attempt {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(Abort::Overdue(_, overdue))) if attempts < MAX_ATTEMPTS => {
                tx::run(conn, Mode::Write, |conn| expire::reclaim(conn, &overdue).map(End::Commit))?;
            }
            Ok(Err(abort)) => return Err(refused(abort.into())),
            Err(Failure::Retry(_) | Failure::LockTimeout) if attempts < MAX_ATTEMPTS => sleep(PAUSE),
            Err(failure) => return Err(failure.into()),
        }
    }
}

/// Processes the remaining slices. A running server may process some of them.
fn work(conn: &mut PgConnection, scope: &Scope, mut import: Import) -> Result<Import, CommandError> {
    let length = u64::try_from(import.row_count).unwrap_or_default();
    let bar = ProgressBar::new(length).with_finish(ProgressFinish::AndClear);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} rows, {eta} left") {
        bar.set_style(style);
    }
    while import.state == ImportState::Running {
        let id = import.id;
        import = match work_on_slice(conn, scope, id)? {
            Some(import) => import,
            None => {
                sleep(PAUSE);
                let found = imports::find(conn, scope.store, id).map_err(Failure::from)?;
                found.ok_or_else(|| refused(not_found()))?
            }
        };
        bar.set_position(u64::try_from(import.next_row.saturating_sub(1)).unwrap_or_default());
    }
    bar.finish_and_clear();
    Ok(import)
}

/// Does the next slice. None if a server works on the import. The results of a dry run may need a transaction of their own.
fn work_on_slice(conn: &mut PgConnection, scope: &Scope, id: ImportId) -> Result<Option<Import>, CommandError> {
    let (done, decided) = write(conn, |conn| {
        let Some(mut import) = imports::lock_running(conn, scope.store, id)? else {
            return Ok(End::RollBack((None, None)));
        };
        if dry_run::needs_earlier_rows(&import) {
            let slice = dry_run::decide_slice(conn, scope, &import)?;
            return Ok(End::RollBack((None, Some(slice))));
        }
        run::run_slice(conn, scope, &mut import)?;
        Ok(End::Commit((Some(import), None)))
    })?;
    let Some(slice) = decided else { return Ok(done) };
    write(conn, |conn| Ok(dry_run::write_decided(conn, scope.store, id, &slice)?))
}

/// Prints the numbers of rows and the first refused ones.
fn report(conn: &mut PgConnection, store: StoreId, import: &Import) -> Result<(), CommandError> {
    let counts = import.counts;
    print(&format!(
        "import {}: {} created, {} updated, {} unchanged, {} refused{}",
        import.id,
        counts.created,
        counts.updated,
        counts.unchanged,
        counts.refused,
        if import.dry_run { " (dry run)" } else { "" }
    ));
    for row in rows::list_refused_after(conn, store, import.id, 0, SHOWN)? {
        let errors = row.errors.iter().map(|error| format!("{} {}", error.field, error.message));
        print(&format!("row {} ({}): {}", row.row.number, row.key, errors.collect::<Vec<_>>().join("; ")));
    }
    match (import.state, counts.refused) {
        (ImportState::Failed, _) if import.failure.is_some() => {
            let reason = import.failure.as_deref().unwrap_or_default();
            let from = import.next_row;
            Err(CommandError::Other(format!("the rows from {from} on were not written: {reason}")))
        }
        (ImportState::Failed, _) => Err(CommandError::Other("nothing was changed, because a row was refused".into())),
        (_, 0) => Ok(()),
        (_, refused) => Err(CommandError::Other(format!("{refused} rows were refused"))),
    }
}
