//! A description of the machine.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use diesel::PgConnection;
use serde::Serialize;

use crate::seen::median;
use crate::{Outcome, cluster, usage};

#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub memory_gib: f64,
    pub kernel: String,
    pub postgres: String,
    pub rustc: String,
    pub date: String,
    /// The time to write 8 KiB durably. No commit is faster.
    pub sync_ms: f64,
}

impl Machine {
    pub fn read(conn: &mut PgConnection, folder: &Path) -> Outcome<Self> {
        let processors = fs::read_to_string("/proc/cpuinfo")?;
        let model =
            processors.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(':'));
        let memory = usage::kilobytes(&fs::read_to_string("/proc/meminfo")?, "MemTotal:")?;
        let rustc = Command::new("rustc").arg("--version").output()?;
        Ok(Self {
            processor: model.map_or("unknown", |(_, name)| name.trim()).to_owned(),
            cores: std::thread::available_parallelism()?.get(),
            memory_gib: memory as f64 / 1024.0 / 1024.0,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            postgres: cluster::show(conn, "server_version")?,
            rustc: String::from_utf8(rustc.stdout)?.split(" (").next().unwrap_or_default().to_owned(),
            date: chrono::Utc::now().format("%Y-%m-%d").to_string(),
            sync_ms: sync_ms(&folder.join("sync"))?,
        })
    }

    /// The description in one line.
    pub fn describe(&self) -> String {
        let Self { processor, cores, memory_gib, kernel, postgres, rustc, date, sync_ms } = self;
        let postgres = postgres.split(' ').next().unwrap_or_default();
        format!(
            "{processor}, {cores} cores, {memory_gib:.0} GiB, Linux {kernel}, PostgreSQL {postgres}, {rustc}; \
             8 KiB to disk {sync_ms:.2} ms; {date}"
        )
    }
}

fn sync_ms(path: &Path) -> Outcome<f64> {
    let mut file = File::create(path)?;
    let page = [7; 8192];
    let mut times = Vec::new();
    for _ in 0..200 {
        let started = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&page)?;
        file.sync_data()?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    fs::remove_file(path)?;
    Ok(median(times))
}
