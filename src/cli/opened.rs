//! The database of a command: the one of `DATABASE_URL`, or the embedded one.

use diesel::PgConnection;
use stockroom::db::{self, Failure};
use stockroom::embedded_postgres::{self, DATABASE, Embedded, Options};
use stockroom::jobs::fill_folded_text::fill_folded_text;
use stockroom::settings::{GenericPlans, Secret, Settings};

use super::error::CommandError;
use super::guard::Guard;

/// The connections of the embedded server beyond the pool, for other commands and its own maintenance.
const SPARE_CONNECTIONS: u32 = 20;
const MIN_CONNECTIONS: u32 = 100;

/// An open database, and the settings to connect to it.
pub struct Opened {
    pub settings: Settings,
    /// True if it was read-only at the start of the server.
    pub is_read_only: bool,
    embedded: Option<Guard>,
}

impl Opened {
    /// Starts the embedded server, or attaches to it, if the settings name no database.
    pub fn open(mut settings: Settings) -> Result<Self, CommandError> {
        if !settings.is_embedded() {
            return Ok(Self { settings, is_read_only: false, embedded: None });
        }
        let embedded = Embedded::start(&options(&settings))?;
        settings.database.url = Secret::new(embedded.url(DATABASE));
        settings.database.data_dir = embedded.data_dir().to_path_buf();
        Ok(Self { settings, is_read_only: false, embedded: Some(Guard::new(embedded)?) })
    }

    /// Refuses if there is no database yet. Opening it would create one.
    pub fn require_database(settings: &Settings) -> Result<(), CommandError> {
        let data_dir = &settings.database.data_dir;
        if settings.is_embedded() && !embedded_postgres::has_cluster(data_dir)? {
            return Err(CommandError::Other(format!("there is no database in {}", data_dir.display())));
        }
        Ok(())
    }

    /// Opens the database for some work, and closes it afterwards.
    pub fn with<T>(settings: Settings, work: impl FnOnce(&Self) -> Result<T, CommandError>) -> Result<T, CommandError> {
        let opened = Self::open(settings)?;
        let done = work(&opened);
        opened.close()?;
        done
    }

    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    pub fn connect(&self) -> Result<PgConnection, CommandError> {
        Ok(db::pool::connect_once(&self.settings.database.target())?)
    }

    /// Applies the missing migrations and returns their names. Then fills in missing folded text.
    ///
    /// Writes nothing to a read-only database, and returns None. It is refused if migrations are missing.
    pub fn migrate(&self) -> Result<Option<Vec<String>>, CommandError> {
        let mut conn = self.connect()?;
        if db::is_read_only(&mut conn).map_err(Failure::from)? {
            db::migrate::check(&mut conn)?;
            log::warn!("the database is read-only; writes are refused until it accepts them");
            return Ok(None);
        }
        let applied = db::migrate::run(&mut conn)?;
        fill_folded_text(&mut conn)?;
        Ok(Some(applied))
    }

    /// Chooses the query plan mode, if the settings leave the choice to the database.
    pub fn choose_plans(&mut self) -> Result<(), CommandError> {
        if self.settings.database.generic_plans == GenericPlans::Auto {
            let is_distributed = self.embedded.is_none() && db::distribute::has_citus(&mut self.connect()?)?;
            self.settings.database.generic_plans = if is_distributed { GenericPlans::Off } else { GenericPlans::On };
        }
        Ok(())
    }

    /// Stops the embedded server, unless other processes use it.
    pub fn close(self) -> Result<(), CommandError> {
        match self.embedded {
            Some(guard) => guard.stop(),
            None => Ok(()),
        }
    }
}

fn options(settings: &Settings) -> Options {
    let database = &settings.database;
    let connections = database.pool_size.saturating_add(SPARE_CONNECTIONS).max(MIN_CONNECTIONS);
    Options {
        data_dir: database.data_dir.clone(),
        bin_dir: Some(database.bin_dir.clone()).filter(|folder| !folder.as_os_str().is_empty()),
        settings: vec![("max_connections".to_owned(), connections.to_string())],
    }
}
