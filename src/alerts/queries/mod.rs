//! The SQL of rules, their states, waiting alerts, and the position of the follower.

pub mod facts;
pub mod notices;
pub mod order_mail_counts;
pub mod progress;
pub mod rules;
pub mod states;
