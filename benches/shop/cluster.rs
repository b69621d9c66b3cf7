//! The PostgreSQL of the benchmark. Stockroom's code for the embedded server starts it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use stockroom::embedded_postgres::{DATABASE, Embedded, Options};

use crate::Outcome;

/// The textbook needs a connection for each client. The default of the embedded server is 100.
const MAX_CONNECTIONS: &str = "300";

/// A running cluster. It is stopped and its folder removed on drop.
pub struct Cluster {
    embedded: Option<Embedded>,
    folder: PathBuf,
}

impl Cluster {
    /// Starts the cluster on the disk of the build, because other temporary folders may be in memory.
    pub fn start() -> Outcome<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let mut cluster = Self { embedded: None, folder };
        cluster.embedded = Some(Embedded::start(&Options {
            data_dir: cluster.folder.join("postgres"),
            bin_dir: None,
            settings: vec![("max_connections".to_owned(), MAX_CONNECTIONS.to_owned())],
        })?);
        Ok(cluster)
    }

    /// Creates a migrated database and returns its URL.
    pub fn database(&self, name: &str) -> Outcome<String> {
        let embedded = self.embedded()?;
        PgConnection::establish(&embedded.url(DATABASE))?.batch_execute(&format!("CREATE DATABASE {name}"))?;
        let url = embedded.url(name);
        let mut conn = PgConnection::establish(&url)?;
        stockroom::db::migrate::run(&mut conn).map_err(|failure| format!("the migrations failed: {failure}"))?;
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            if show(&mut conn, setting)? != "on" {
                return Err(format!("{setting} is not on, so the results would be meaningless").into());
            }
        }
        Ok(url)
    }

    pub fn postmaster(&self) -> Outcome<u32> {
        self.embedded()?.postmaster_pid().ok_or_else(|| "PostgreSQL does not run".into())
    }

    /// A folder for files of the benchmark. It is removed with the cluster.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn embedded(&self) -> Outcome<&Embedded> {
        self.embedded.as_ref().ok_or_else(|| "PostgreSQL is stopped".into())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.embedded.take().map(Embedded::stop) {
            eprintln!("PostgreSQL did not stop: {error}");
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} could not be removed: {error}", self.folder.display());
        }
    }
}

#[derive(QueryableByName)]
struct SettingRow {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The value of a setting of the server.
pub fn show(conn: &mut PgConnection, setting: &str) -> Outcome<String> {
    let row: SettingRow =
        diesel::sql_query("SELECT current_setting($1) AS value").bind::<Text, _>(setting).get_result(conn)?;
    Ok(row.value)
}

/// Writes all changed pages to disk, so that a round does not pay for the round before.
pub fn checkpoint(conn: &mut PgConnection) -> Outcome<()> {
    Ok(conn.batch_execute("CHECKPOINT")?)
}

/// A client program of PostgreSQL: from the folder of the server's programs if it is there, else from the PATH.
pub fn program(name: &str) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/postgres_bindir.sh");
    let folder = Command::new(script).output().map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let beside = Path::new(&folder.unwrap_or_default()).join(name);
    Command::new(if beside.is_file() { beside } else { PathBuf::from(name) })
}
