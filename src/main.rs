//! The command line.

use std::process::ExitCode;

mod cli;

/// Gives large blocks back to the system when they are freed: each password that is hashed needs 19 MiB
/// for a moment, and the usual allocator would keep them for every thread that has ever hashed one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
