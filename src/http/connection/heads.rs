//! A copy of the current request head. A refusal by the framework, before the application runs, takes the request id
//! from it.

use crate::kernel::current_request;

/// The maximal number of stored bytes. In a longer head, the id may be missed.
const KEPT_BYTES: usize = 8 * 1024;

const HEAD_END: &[u8] = b"\r\n\r\n";

/// The heads that were read after the last request that reached the application.
#[derive(Debug, Default)]
pub struct RecentHead {
    bytes: Vec<u8>,
    /// The number of requests that reached the application before these bytes.
    begun: u32,
}

impl RecentHead {
    pub fn add(&mut self, bytes: &[u8], begun: u32) {
        self.forget(begun);
        let room = KEPT_BYTES.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Removes the heads of the requests that have reached the application since then.
    pub fn forget(&mut self, begun: u32) {
        for _ in 0..begun.wrapping_sub(self.begun) {
            let length = self.head_bytes();
            self.bytes.drain(..length);
        }
        self.begun = begun;
        if self.bytes.is_empty() {
            // Most connections are idle most of the time, so their memory is freed.
            self.bytes = Vec::new();
        }
    }

    /// The request id of the first head, if it is well-formed.
    pub fn request_id(&mut self, begun: u32) -> Option<&str> {
        self.forget(begun);
        let head = self.bytes.get(..self.head_bytes())?;
        let value = head.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n")).find_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = line.split_at_checked(colon)?;
            name.eq_ignore_ascii_case(b"x-request-id").then(|| value.trim_ascii_end().strip_prefix(b":"))?
        });
        let id = std::str::from_utf8(value?.trim_ascii_start()).ok()?;
        current_request::is_well_formed(id).then_some(id)
    }

    /// True if the method of the first head is HEAD. Its response has no body.
    pub fn is_of_head(&mut self, begun: u32) -> bool {
        self.forget(begun);
        let start = self.bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
        self.bytes.get(start..).is_some_and(|request_line| request_line.starts_with(b"HEAD "))
    }

    /// The length of the first head.
    fn head_bytes(&self) -> usize {
        let end = self.bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END);
        end.map_or(self.bytes.len(), |end| end.saturating_add(HEAD_END.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_that_of_the_first_head_that_has_not_begun() {
        let mut head = RecentHead::default();
        head.add(b"GET /a HTTP/1.1\r\nX-Request-Id: a\r\n\r\nPOST /b HTTP/1.1\r\nx-request-ID:b \r\n\r\nGET ", 0);
        assert_eq!(head.request_id(0), Some("a"));
        assert_eq!(head.request_id(1), Some("b"));
        assert_eq!(head.request_id(2), None);
        head.add(b"/c HTTP/1.1\r\nX-Request-Id: c\r\nX-Request-Id: d", 2);
        assert_eq!(head.request_id(2), Some("c"));
        assert_eq!(head.request_id(3), None);
        assert_eq!(head.bytes.capacity(), 0);
        head.add(b"GET /d HTTP/1.1\r\nX-Request-Id: d", 3);
        assert_eq!(head.request_id(3), None, "the line has not ended");
        head.add(&[b'x'; 3 * KEPT_BYTES], 3);
        assert!(head.bytes.len() == KEPT_BYTES);
    }

    #[test]
    fn the_method_is_that_of_the_first_head_that_has_not_begun() {
        let mut head = RecentHead::default();
        head.add(b"GET /a HTTP/1.1\r\n\r\n\r\nHEAD /b HTTP/1.1\r\n\r\nHEADS /c", 0);
        assert_eq!([0, 1, 2].map(|begun| head.is_of_head(begun)), [false, true, false]);
    }
}
