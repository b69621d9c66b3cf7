//! Processor time and memory of processes, from the kernel.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Outcome;

/// Processor seconds since the start of the processes.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub server: f64,
    /// The main process of PostgreSQL and all its children, including those that have ended.
    pub postgres: f64,
    /// Ended child processes of the benchmark, such as the load tool.
    pub load: f64,
}

impl Usage {
    pub fn now(server: u32, postmaster: u32) -> Outcome<Self> {
        let tick = tick_seconds()?;
        let whole = stat(postmaster)?;
        let children: u64 = children_of(postmaster)?.iter().map(|child| child.own).sum();
        Ok(Self {
            server: stat(server)?.own as f64 * tick,
            postgres: (whole.own + whole.ended_children + children) as f64 * tick,
            load: stat(std::process::id())?.ended_children as f64 * tick,
        })
    }

    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            server: self.server - before.server,
            postgres: self.postgres - before.postgres,
            load: self.load - before.load,
        }
    }
}

struct Stat {
    parent: u32,
    own: u64,
    ended_children: u64,
}

fn children_of(parent: u32) -> Outcome<Vec<Stat>> {
    let pids = fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // A process may end between being listed and being read.
    Ok(pids.filter_map(|pid| stat(pid).ok()).filter(|stat| stat.parent == parent).collect())
}

/// See proc(5). The name of the program is in parentheses and may contain any character.
fn stat(pid: u32) -> Outcome<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, rest) = text.rsplit_once(')').ok_or("no name in /proc/…/stat")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |index: usize| -> Outcome<u64> { Ok(fields.get(index - 3).ok_or("a short /proc/…/stat")?.parse()?) };
    Ok(Stat {
        parent: u32::try_from(number(4)?)?,
        own: number(14)? + number(15)?,
        ended_children: number(16)? + number(17)?,
    })
}

fn tick_seconds() -> Outcome<f64> {
    let output = Command::new("getconf").arg("CLK_TCK").output()?;
    Ok(1.0 / String::from_utf8(output.stdout)?.trim().parse::<f64>()?)
}

/// Resident memory of a process in bytes: the current value and the peak.
pub fn memory(pid: u32) -> Outcome<(u64, u64)> {
    let text = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"))?;
    Ok((kilobytes(&text, "VmRSS:")? * 1024, kilobytes(&text, "VmHWM:")? * 1024))
}

/// A value of /proc/…/status or /proc/meminfo.
pub fn kilobytes(text: &str, name: &str) -> Outcome<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or_else(|| format!("no {name}"))?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
