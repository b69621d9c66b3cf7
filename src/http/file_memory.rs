//! The memory of the files that clients send. Small bodies have limits of their own (`connection/registry.rs`).

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{Bytes, Data};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiError, Code};

/// The size of all files together. One has at most 10 MiB.
const MAX_KIB: u32 = 40 * 1024;

/// The seconds after which a refused client should try again.
const RETRY_SECONDS: u64 = 5;

/// The memory that is free for files.
pub struct FileMemory(Arc<Semaphore>);

/// A part of the memory, which is free again when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    _permit: OwnedSemaphorePermit,
}

impl Default for FileMemory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(usize::try_from(MAX_KIB).unwrap_or(usize::MAX))))
    }
}

impl FileMemory {
    /// Reserves memory for a file. Refuses if others use too much at the moment.
    pub fn reserve(&self, bytes: usize) -> Result<Reservation, ApiError> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.0).try_acquire_many_owned(kib);
        permit.map(|permit| Reservation { _permit: permit }).map_err(|_in_use| {
            let detail = "The server works on other files at the moment. Send this one again in a few seconds.";
            ApiError::new(Code::Busy, detail).retry_after(RETRY_SECONDS)
        })
    }
}

/// Reserves memory for the file of a request.
pub fn reserve(request: &HttpRequest, bytes: usize) -> Result<Reservation, ApiError> {
    request.app_data::<Data<FileMemory>>().ok_or_else(ApiError::internal)?.reserve(bytes)
}

impl Reservation {
    /// The bytes of the file. Their memory is reserved until they are dropped.
    #[must_use]
    pub fn hold(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Reserved { bytes, _reservation: self })
    }
}

struct Reserved {
    bytes: Bytes,
    _reservation: Reservation,
}

impl AsRef<[u8]> for Reserved {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beyond_the_memory_are_refused_until_others_are_dropped() {
        let memory = FileMemory::default();
        let file = || memory.reserve(10 * 1024 * 1024).map(|reserved| reserved.hold(Bytes::from_static(b"sku\n")));
        let files: Vec<Bytes> = (0..4).map(|_| file().unwrap()).collect();
        assert_eq!(&files[0][..], b"sku\n");
        let refusal = file().unwrap_err();
        assert_eq!(refusal.code, Code::Busy);
        assert!(memory.reserve(1).is_err());
        let part = files[0].slice(1..);
        drop(files);
        let more: Vec<Bytes> = (0..3).map(|_| file().unwrap()).collect();
        assert!(file().is_err(), "a part of the first file is in use");
        drop(part);
        assert!(file().is_ok());
        drop(more);
    }
}
