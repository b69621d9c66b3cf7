//! Stock that is held while a customer pays.

mod ending;
mod overdue_holds;
mod payment;
