//! Limits on the number of connections.

use std::num::NonZeroUsize;

use crate::settings::Settings;

/// The maximal size of a request line with its headers.
pub const MAX_HEAD_BYTES: u64 = 16 * 1024;

/// The memory of a request that waits for its body, without that body.
pub const BODY_OVERHEAD_BYTES: u64 = 32 * 1024;

/// File descriptors for the listener, the threads, the log and mails, and for requests to webhooks.
const RESERVED_FILES: usize = 256;

/// One process gains nothing from more connections.
const MAX_CONNECTIONS: usize = 25_000;

/// The size of the send buffer of each connection, which it inherits from the listening socket. The system would let it
/// grow to some megabytes. Then many clients that read nothing cost memory and processor time of the kernel.
pub const SEND_BUFFER_BYTES: usize = 128 * 1024;

/// The memory of a full send buffer. Linux doubles the size, for its own records.
pub const SEND_BUFFER_MEMORY: u64 = 2 * 128 * 1024;

/// The limits on the number of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub workers: usize,
    /// At this number, others are displaced for each new one.
    pub open: usize,
    /// At this number, a worker accepts no more. It includes connections that are being closed.
    pub accepted_by_each: usize,
}

impl Bounds {
    pub fn new(settings: &Settings) -> Self {
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let files = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
        // Each connection of the pool has two.
        let database = usize::try_from(settings.database.pool_size).unwrap_or(usize::MAX).saturating_mul(2);
        let others = RESERVED_FILES.saturating_add(database).max(files / 8).min(files / 2);
        let workers = match settings.server.workers {
            0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            workers => workers,
        };
        Self::within(files.saturating_sub(others), settings.server.max_connections, workers)
    }

    /// The number of connections that may be closing.
    pub fn closing(&self) -> usize {
        self.accepted_by_each.saturating_mul(self.workers).saturating_sub(self.open)
    }

    /// Applies the setting, or uses all room if it is 0. The difference between the two limits leaves room for
    /// connections that are being closed. At least one connection is allowed.
    fn within(room: usize, setting: usize, workers: usize) -> Self {
        let closing = |open: usize| (open / 8).max(workers);
        let most = room.saturating_sub(closing(room)).clamp(1, MAX_CONNECTIONS);
        let open = if setting == 0 { most } else { setting.min(most) };
        let accepted = open.saturating_add(closing(open));
        Self { workers, open, accepted_by_each: accepted.checked_div(workers).unwrap_or(1).max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_are_accepted_have_room() {
        for (room, setting, workers) in
            [(888, 0, 2), (128, 0, 2), (128, 100_000, 8), (1 << 40, 0, 64), (888, 8, 2), (888, 8, 16), (100, 1, 1)]
        {
            let bounds = Bounds::within(room, setting, workers);
            let accepted = bounds.accepted_by_each * workers;
            assert!(bounds.open < accepted && accepted <= room, "{bounds:?} of {room}");
            assert!(setting == 0 || bounds.open <= setting, "{bounds:?}");
        }
        assert_eq!(Bounds::within(888, 0, 2), Bounds { workers: 2, open: 777, accepted_by_each: 437 });
        assert_eq!(Bounds::within(888, 8, 2).open, 8);
        assert_eq!(Bounds::within(1 << 40, 0, 2).open, MAX_CONNECTIONS);
    }
}
