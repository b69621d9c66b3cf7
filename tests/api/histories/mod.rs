//! Random histories of a shop's goods, compared with a plain model after each act.
//!
//! Every history has five new products at three places. The same seed always plays the same histories, and a failed
//! one is shortened before it is shown. `STOCKROOM_HISTORIES` sets their number, `PROPTEST_RNG_SEED` the seed of the
//! first server.

mod act;
mod counts;
mod goods;
mod ledger;
mod model;
mod orders;
mod past;
mod play;
mod purchases;
mod transfers;
mod valuation;
mod value;

use std::thread;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::common::TestApp;
use play::Play;

/// Servers that play histories at the same time, each with its part of them.
const SERVERS: u64 = 4;
/// The length of the longest history.
const MAX_ACTS: usize = 80;

fn histories() -> u32 {
    let number = std::env::var("STOCKROOM_HISTORIES").unwrap_or_else(|_unset| "40".to_owned());
    number.parse().expect("STOCKROOM_HISTORIES is no number")
}

#[test]
fn every_figure_equals_a_plain_model() {
    thread::scope(|scope| {
        for server in 0..SERVERS {
            scope.spawn(move || play_histories(server));
        }
    });
}

fn play_histories(server: u64) {
    let app = TestApp::start();
    let shop = play::Shop::open(&app);
    let mut config = Config { cases: histories().div_ceil(4), failure_persistence: None, ..Config::default() };
    let seed = match config.rng_seed {
        RngSeed::Random => server,
        RngSeed::Fixed(first) => first.wrapping_add(server),
    };
    config.rng_seed = RngSeed::Fixed(seed);
    let mut runner = TestRunner::new(config);
    let acts = prop::collection::vec(act::act(), 1..=MAX_ACTS);
    let played = runner.run(&acts, |acts| {
        let shop = shop.sign_in_again();
        let before = shop.totals();
        let mut play = Play::begin(&shop);
        for act in &acts {
            play.act(act);
            play.compare();
        }
        play.compare_products();
        play.compare_past();
        play.compare_parts();
        play.compare_values();
        play.compare_totals(&before);
        Ok(())
    });
    played.unwrap_or_else(|failure| panic!("a history of seed {seed} differs from the model: {failure}"));
}
