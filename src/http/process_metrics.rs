//! Processor time, memory, open files and threads of this process, with the usual names of Prometheus.

use procfs::process::{LimitValue, Process};
use procfs::{ProcResult, boot_time_secs, page_size, ticks_per_second};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Error, IntCounter, IntGauge};

/// The values are read at each scrape.
pub struct ProcessMetrics {
    cpu_seconds: IntCounter,
    open_files: IntGauge,
    max_files: IntGauge,
    virtual_bytes: IntGauge,
    resident_bytes: IntGauge,
    started_at: IntGauge,
    threads: IntGauge,
}

impl ProcessMetrics {
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            cpu_seconds: IntCounter::new("stockroom_process_cpu_seconds_total", "User and system CPU time in seconds")?,
            open_files: IntGauge::new("stockroom_process_open_fds", "Open file descriptors")?,
            max_files: IntGauge::new("stockroom_process_max_fds", "Maximum number of open file descriptors")?,
            virtual_bytes: IntGauge::new("stockroom_process_virtual_memory_bytes", "Virtual memory size in bytes")?,
            resident_bytes: IntGauge::new("stockroom_process_resident_memory_bytes", "Resident memory size in bytes")?,
            started_at: IntGauge::new(
                "stockroom_process_start_time_seconds",
                "Start time since unix epoch in seconds",
            )?,
            threads: IntGauge::new("stockroom_process_threads", "Threads of the process")?,
        })
    }

    fn read(&self) -> ProcResult<()> {
        let process = Process::myself()?;
        let stat = process.stat()?;
        let seconds = |ticks: u64| ticks.checked_div(ticks_per_second()).unwrap_or(0);
        let used = seconds(stat.utime.saturating_add(stat.stime));
        self.cpu_seconds.inc_by(used.saturating_sub(self.cpu_seconds.get()));
        set(&self.open_files, u64::try_from(process.fd_count()?).unwrap_or(u64::MAX));
        if let LimitValue::Value(most) = process.limits()?.max_open_files.soft_limit {
            set(&self.max_files, most);
        }
        set(&self.virtual_bytes, stat.vsize);
        set(&self.resident_bytes, stat.rss.saturating_mul(page_size()));
        set(&self.started_at, boot_time_secs()?.saturating_add(seconds(stat.starttime)));
        self.threads.set(stat.num_threads);
        Ok(())
    }

    fn parts(&self) -> [&dyn Collector; 7] {
        [
            &self.cpu_seconds,
            &self.open_files,
            &self.max_files,
            &self.virtual_bytes,
            &self.resident_bytes,
            &self.started_at,
            &self.threads,
        ]
    }
}

fn set(gauge: &IntGauge, value: u64) {
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
}

impl Collector for ProcessMetrics {
    fn desc(&self) -> Vec<&Desc> {
        self.parts().into_iter().flat_map(Collector::desc).collect()
    }

    /// Returns no metrics if `/proc` cannot be read.
    fn collect(&self) -> Vec<MetricFamily> {
        match self.read() {
            Ok(()) => self.parts().into_iter().flat_map(Collector::collect).collect(),
            Err(_unreadable) => Vec::new(),
        }
    }
}
