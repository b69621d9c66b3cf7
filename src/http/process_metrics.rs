//! Processor time, memory, open files and threads of this process, with the usual names of Prometheus.

use procfs::process::{LimitValue, Process};
use procfs::{ProcResult, boot_time_secs, page_size, ticks_per_second};
use prometheus::{Error, IntCounter, IntGauge, Registry};

use super::metrics::add;

/// Adds the current values. Adds nothing if `/proc` cannot be read.
pub fn add_to(registry: &Registry) -> Result<(), Error> {
    let Ok((used_seconds, gauges)) = read() else { return Ok(()) };
    let cpu_seconds = IntCounter::new("stockroom_process_cpu_seconds_total", "User and system CPU time in seconds")?;
    add(registry, cpu_seconds)?.inc_by(used_seconds);
    for (name, help, value) in gauges {
        add(registry, IntGauge::new(name, help)?)?.set(i64::try_from(value).unwrap_or(i64::MAX));
    }
    Ok(())
}

/// The name, the description and the value of a gauge.
type Reading = (&'static str, &'static str, u64);

/// The seconds of processor time, and the gauges.
fn read() -> ProcResult<(u64, [Reading; 6])> {
    let process = Process::myself()?;
    let stat = process.stat()?;
    let seconds = |ticks: u64| ticks.checked_div(ticks_per_second()).unwrap_or(0);
    let open_files = u64::try_from(process.fd_count()?).unwrap_or(u64::MAX);
    let max_files = match process.limits()?.max_open_files.soft_limit {
        LimitValue::Value(most) => most,
        LimitValue::Unlimited => 0,
    };
    let resident_bytes = stat.rss.saturating_mul(page_size());
    let started_at = boot_time_secs()?.saturating_add(seconds(stat.starttime));
    let threads = u64::try_from(stat.num_threads).unwrap_or(0);
    let gauges = [
        ("stockroom_process_open_fds", "Open file descriptors", open_files),
        ("stockroom_process_max_fds", "Maximum number of open file descriptors", max_files),
        ("stockroom_process_virtual_memory_bytes", "Virtual memory size in bytes", stat.vsize),
        ("stockroom_process_resident_memory_bytes", "Resident memory size in bytes", resident_bytes),
        ("stockroom_process_start_time_seconds", "Start time since unix epoch in seconds", started_at),
        ("stockroom_process_threads", "Threads of the process", threads),
    ];
    Ok((seconds(stat.utime.saturating_add(stat.stime)), gauges))
}
