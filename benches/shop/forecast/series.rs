//! The seeded series.

use super::HORIZON;
use super::random::Random;

/// Two years of known days.
pub const DAYS: usize = 730;

/// The share of the demand of each weekday.
const WEEK: [f64; 7] = [0.7, 0.75, 0.8, 0.95, 1.3, 1.6, 0.9];

#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    pub is_intermittent: bool,
    pub series: Vec<Series>,
}

#[derive(Clone, Debug)]
pub struct Series {
    /// The known days. `None` is a day out of stock.
    pub days: Vec<Option<f64>>,
    /// The demand of the known days, with that of days out of stock.
    pub demand: Vec<f64>,
    /// The demand of the days to forecast.
    pub later: Vec<f64>,
}

impl Series {
    pub fn without_gaps(all: &[f64]) -> Self {
        let (demand, later) = all.split_at(all.len() - HORIZON);
        let days = demand.iter().copied().map(Some).collect();
        Self { days, demand: demand.to_vec(), later: later.to_vec() }
    }

    /// The mean absolute error of the seasonal naive forecast on the known demand, by which errors are divided.
    pub fn naive_error(&self) -> Option<f64> {
        let pairs = self.demand.iter().zip(self.demand.iter().skip(7));
        let errors: Vec<f64> = pairs.map(|(earlier, later)| (later - earlier).abs()).collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        (mean > 0.0).then_some(mean)
    }
}

type Generator = fn(&mut Random) -> Series;

const GENERATORS: [(&str, bool, Generator); 7] = [
    ("Poisson", false, poisson),
    ("negative binomial", false, negative_binomial),
    ("weekly pattern", false, weekly),
    ("trend and weekly pattern", false, trending),
    ("out of stock at times", false, censored),
    ("intermittent", true, intermittent),
    ("intermittent, ending or new", true, changing),
];

pub fn groups(per_group: i64) -> Vec<Group> {
    let groups = (1..).zip(GENERATORS).map(|(number, (name, is_intermittent, generate))| Group {
        name: name.to_owned(),
        is_intermittent,
        series: (0..per_group).map(|series| generate(&mut Random::new(number, series))).collect(),
    });
    groups.collect()
}

fn from_days(random: &mut Random, day: impl Fn(&mut Random, usize) -> f64) -> Series {
    let all: Vec<f64> = (0..DAYS + HORIZON).map(|number| day(random, number)).collect();
    Series::without_gaps(&all)
}

fn poisson(random: &mut Random) -> Series {
    let mean = random.between(2.0, 30.0);
    from_days(random, |random, _| random.poisson(mean))
}

fn negative_binomial(random: &mut Random) -> Series {
    let (mean, shape) = (random.between(2.0, 30.0), random.between(1.0, 6.0));
    from_days(random, |random, _| random.negative_binomial(mean, shape))
}

pub fn weekly(random: &mut Random) -> Series {
    let (mean, shape) = (random.between(3.0, 40.0), random.between(4.0, 20.0));
    from_days(random, |random, day| random.negative_binomial(mean * WEEK[day % 7], shape))
}

fn trending(random: &mut Random) -> Series {
    let (mean, shape, growth) = (random.between(10.0, 40.0), random.between(4.0, 20.0), random.between(-0.7, 2.0));
    from_days(random, |random, day| {
        let level = mean * (1.0 + growth * day as f64 / DAYS as f64);
        random.negative_binomial(level * WEEK[day % 7], shape)
    })
}

/// Sales are zero while nothing is in stock. The demand continues.
fn censored(random: &mut Random) -> Series {
    let mut series = weekly(random);
    let mut day = 0;
    while day < DAYS {
        day += random.between(20.0, 80.0) as usize;
        let end = (day + random.between(3.0, 25.0) as usize).min(DAYS);
        for gap in series.days.get_mut(day..end).unwrap_or_default() {
            *gap = None;
        }
        day = end;
    }
    series
}

pub fn intermittent(random: &mut Random) -> Series {
    let (share, size) = (random.between(0.03, 0.3), random.between(1.0, 5.0));
    from_days(random, |random, _| demand_at_times(random, share, size))
}

/// Demand that becomes rare or frequent.
fn changing(random: &mut Random) -> Series {
    let (first, last, size) = (random.between(0.05, 0.3), random.between(0.0, 0.3), random.between(1.0, 5.0));
    let change = random.between(200.0, 680.0) as usize;
    from_days(random, |random, day| demand_at_times(random, if day < change { first } else { last }, size))
}

fn demand_at_times(random: &mut Random, share: f64, size: f64) -> f64 {
    if random.uniform() < share { 1.0 + random.poisson(size - 1.0) } else { 0.0 }
}
