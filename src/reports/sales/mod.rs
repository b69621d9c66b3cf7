//! Sales by day: the roll-ups, and the reports that read them ([ADR 0029](docs/adr/0029-daily-roll-ups-of-sales.md)).

pub mod api;
pub mod figures;
pub mod fold;
pub mod period;
pub mod queries;
pub mod report;
pub mod response;
