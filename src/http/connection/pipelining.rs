//! Gives the framework one request at a time.
//!
//! The framework decodes every request that it has read, before it answers the first one. A client that sends thousands
//! of small requests at once and reads no response would make it keep all of them in memory. So the bytes after the end
//! of a request wait here, and in the buffers of the system, until the framework has a response for that request.

use actix_web::web::BytesMut;

/// The framework gets at most this many bytes of a chunked body at a time, because the end of such a body is unknown.
const MAX_CHUNKED_BYTES: usize = 1024;

/// The rest of the body that the framework reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyRest {
    None,
    Sized(u64),
    Chunked,
}

/// The bytes that were read from the peer and that the framework must not have yet.
#[derive(Debug, Default)]
pub struct Pipelining {
    held: BytesMut,
    head: HeadScan,
    /// True if the framework must decode the bytes that it has before it gets more.
    is_at_boundary: bool,
}

impl Pipelining {
    #[must_use]
    pub fn has_held(&self) -> bool {
        !self.held.is_empty()
    }

    pub fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Returns true once after a portion, if more bytes are held.
    pub fn take_boundary(&mut self) -> bool {
        std::mem::take(&mut self.is_at_boundary) && self.has_held()
    }

    /// Moves the next portion of the held bytes out: at most `room` bytes.
    pub fn next_held(&mut self, room: usize, body: BodyRest) -> BytesMut {
        let held = std::mem::take(&mut self.held);
        let length = self.portion(held.get(..room).unwrap_or(&held), body);
        self.held = held;
        self.is_at_boundary = true;
        self.held.split_to(length)
    }

    /// Returns the number of bytes that the framework may have now. The others are held.
    pub fn take_portion(&mut self, bytes: &[u8], body: BodyRest) -> usize {
        let length = self.portion(bytes, body);
        self.hold(bytes.get(length..).unwrap_or_default());
        self.is_at_boundary = true;
        length
    }

    fn portion(&mut self, bytes: &[u8], body: BodyRest) -> usize {
        match body {
            BodyRest::None => self.head.through_head(bytes),
            BodyRest::Sized(rest) => usize::try_from(rest).unwrap_or(usize::MAX).min(bytes.len()),
            BodyRest::Chunked => bytes.len().min(MAX_CHUNKED_BYTES),
        }
    }
}

/// Finds the ends of heads. A head ends with an empty line; empty lines before it belong to it.
#[derive(Debug, Default)]
struct HeadScan {
    has_content: bool,
    is_at_line_start: bool,
}

impl HeadScan {
    /// Returns the number of bytes up to the end of the first head, or of all bytes if no head ends in them.
    fn through_head(&mut self, bytes: &[u8]) -> usize {
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if self.is_at_line_start && self.has_content => {
                    *self = Self::default();
                    return index.saturating_add(1);
                }
                b'\n' => self.is_at_line_start = true,
                b'\r' => {}
                _ => (self.has_content, self.is_at_line_start) = (true, false),
            }
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portions(bytes: &[u8], body: BodyRest) -> Vec<String> {
        let mut pipelining = Pipelining::default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let length = pipelining.take_portion(bytes, body);
        let mut portions = vec![text(&bytes[..length])];
        while pipelining.take_boundary() {
            portions.push(text(&pipelining.next_held(1 << 20, body)));
        }
        portions
    }

    #[test]
    fn each_portion_ends_with_a_head() {
        let (a, b) = ("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /b HTTP/1.1\n\n");
        let rest = "GET /c HTTP/1.1\r\nHost: x\r\n";
        let bytes = format!("\r\n\r\n{a}{b}\n\n\n{a}{rest}");
        let expected = [format!("\r\n\r\n{a}"), b.to_owned(), format!("\n\n\n{a}"), rest.to_owned()];
        assert_eq!(portions(bytes.as_bytes(), BodyRest::None), expected);
    }

    #[test]
    fn a_head_may_arrive_byte_by_byte() {
        let mut head = HeadScan::default();
        let bytes = b"GET / HTTP/1.1\r\n\r\nG";
        let ends: Vec<usize> =
            (0..bytes.len()).filter(|index| head.through_head(&bytes[*index..=*index]) == 1).collect();
        assert_eq!(ends.len(), bytes.len());
        assert!(head.has_content && !head.is_at_line_start, "the next head has begun");
    }

    #[test]
    fn a_body_is_given_whole_and_a_chunked_one_in_small_portions() {
        assert_eq!(portions(b"{\n\n}GET", BodyRest::Sized(4))[0], "{\n\n}");
        let chunked = portions(&[b'x'; 2 * MAX_CHUNKED_BYTES + 1], BodyRest::Chunked);
        assert_eq!(chunked.iter().map(String::len).collect::<Vec<_>>(), [MAX_CHUNKED_BYTES, MAX_CHUNKED_BYTES, 1]);
    }
}
