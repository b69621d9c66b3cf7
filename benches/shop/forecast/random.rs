//! Random numbers that are the same at each run.

use crate::data::hash::hash;

pub struct Random {
    seed: i64,
    drawn: i64,
}

impl Random {
    pub fn new(group: i64, series: i64) -> Self {
        Self { seed: group * 1_000_003 + series, drawn: 0 }
    }

    /// Between 0 and 1.
    pub fn uniform(&mut self) -> f64 {
        self.drawn += 1;
        let bits = hash([self.seed, self.drawn, 7]) >> 11;
        (bits as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// A normal number with the mean 0 and the variance 1 (Box-Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A count with this mean. A large mean is split, because the product would become too small.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        let mut left = mean;
        let mut count = 0.0;
        while left > 30.0 {
            count += self.poisson(30.0);
            left -= 30.0;
        }
        let end = (-left).exp();
        let mut product = self.uniform();
        while product > end {
            count += 1.0;
            product *= self.uniform();
        }
        count
    }

    /// A count with this mean and the variance `mean + mean² / shape`: a Poisson count with a mean of the gamma
    /// distribution.
    pub fn negative_binomial(&mut self, mean: f64, shape: f64) -> f64 {
        let rate = mean * self.gamma(shape) / shape;
        self.poisson(rate)
    }

    /// A number of the gamma distribution with the scale 1, by the method of Marsaglia and Tsang. The shape is at least 1.
    fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}
