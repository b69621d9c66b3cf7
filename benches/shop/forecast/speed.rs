//! The time and the memory for many variants on two threads.

use std::time::Instant;

use stockroom::forecasting::choose;

use super::compare::to_demand;
use super::random::Random;
use super::series::{self, Series};

const THREADS: usize = 2;

pub struct Speed {
    pub variants: i64,
    pub seconds: f64,
    pub peak_mib: f64,
}

/// Forecasts variants with two years of days. Half of them have demand on most days.
pub fn measure(variants: i64) -> Speed {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..THREADS as i64 {
            scope.spawn(move || {
                for number in (thread..variants).step_by(THREADS) {
                    let forecast = choose::forecast(&to_demand(&generate(number)), None, 0.95);
                    assert!(forecast.outlook.level.is_finite());
                }
            });
        }
    });
    Speed { variants, seconds: started.elapsed().as_secs_f64(), peak_mib: peak_mib() }
}

fn generate(number: i64) -> Series {
    let mut random = Random::new(100, number);
    if number % 4 < 2 { series::weekly(&mut random) } else { series::intermittent(&mut random) }
}

/// The largest memory of this process so far, or 0 if the system does not provide it.
pub fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}
