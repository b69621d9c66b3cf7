//! Gives the framework one request at a time.
//!
//! The framework decodes every request that it has read, before it answers the first one. A client that sends thousands
//! of small requests at once and reads no response would make it keep all of them in memory. So the bytes after the end
//! of a request wait here, and in the buffers of the system, until the framework has a response for that request.

use actix_web::web::BytesMut;

use super::chunks::{ChunkScan, Scanned};
use super::upgrade::UpgradeMask;

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
    chunks: ChunkScan,
    has_ended_chunks: bool,
}

impl Pipelining {
    pub fn has_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// True if no part of the next head was read yet.
    pub fn is_between_heads(&self) -> bool {
        !self.head.has_content
    }

    pub fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Returns true once after the portion with the end of a chunked body.
    pub fn take_end_of_chunks(&mut self) -> bool {
        std::mem::take(&mut self.has_ended_chunks)
    }

    /// Moves the next portion of the held bytes out: at most `room` bytes.
    pub fn next_held(&mut self, room: usize, body: BodyRest) -> BytesMut {
        let mut held = std::mem::take(&mut self.held);
        let room = room.min(held.len());
        let length = self.portion(held.get_mut(..room).unwrap_or_default(), body);
        let rest = held.split_off(length);
        // An empty rest would keep the memory of the whole portion. After a refusal, the rest is not needed.
        if !rest.is_empty() && self.held.is_empty() {
            self.held = rest;
        }
        held
    }

    /// Returns the number of bytes that the framework may have now. The others are held.
    pub fn take_portion(&mut self, bytes: &mut [u8], body: BodyRest) -> usize {
        let length = self.portion(bytes, body);
        self.hold(bytes.get(length..).unwrap_or_default());
        length
    }

    fn portion(&mut self, bytes: &mut [u8], body: BodyRest) -> usize {
        match body {
            BodyRest::None => self.head.through_head(bytes),
            BodyRest::Sized(rest) => usize::try_from(rest).unwrap_or(usize::MAX).min(bytes.len()),
            BodyRest::Chunked => {
                let scanned = self.chunks.scan(bytes);
                self.has_ended_chunks = matches!(scanned, Scanned::Ended(_));
                match scanned {
                    Scanned::Open => bytes.len(),
                    Scanned::Ended(length) => length,
                    Scanned::Refused(length) => {
                        // The framework refuses the body at the second CR.
                        self.hold(b"\r");
                        length
                    }
                }
            }
        }
    }
}

/// Finds the ends of heads, and hides requests to upgrade. A head ends with an empty line; empty lines before it belong
/// to it.
#[derive(Debug, Default)]
struct HeadScan {
    has_content: bool,
    is_at_line_start: bool,
    /// None before the end of the request line.
    header: Option<UpgradeMask>,
}

impl HeadScan {
    /// Returns the number of bytes up to the end of the first head, or of all bytes if no head ends in them.
    fn through_head(&mut self, bytes: &mut [u8]) -> usize {
        for (index, byte) in bytes.iter_mut().enumerate() {
            match byte {
                b'\n' if self.is_at_line_start && self.has_content => {
                    *self = Self::default();
                    return index.saturating_add(1);
                }
                b'\n' => {
                    self.is_at_line_start = true;
                    self.header = self.has_content.then(UpgradeMask::default);
                }
                b'\r' => {}
                _ => {
                    (self.has_content, self.is_at_line_start) = (true, false);
                    if let Some(header) = &mut self.header {
                        header.mask(byte);
                    }
                }
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
        let mut bytes = bytes.to_vec();
        let length = pipelining.take_portion(&mut bytes, body);
        let mut portions = vec![text(&bytes[..length])];
        while pipelining.has_held() {
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
        let mut bytes = *b"GET / HTTP/1.1\r\n\r\nG";
        let ends: Vec<usize> =
            (0..bytes.len()).filter(|index| head.through_head(&mut bytes[*index..=*index]) == 1).collect();
        assert_eq!(ends.len(), bytes.len());
        assert!(head.has_content && !head.is_at_line_start, "the next head has begun");
    }

    #[test]
    fn requests_to_upgrade_are_hidden_in_heads_alone() {
        let head = "\r\nUPGRADE / HTTP/1.1\r\nUpgrade: a\r\nX: 1\nConnection: upgrade\r\nupgrade: b\r\n\r\n";
        let hidden = "\r\nUPGRADE / HTTP/1.1\r\nUpgrad_: a\r\nX: 1\nConnection: upgrad_\r\nupgrad_: b\r\n\r\n";
        assert_eq!(portions(head.repeat(2).as_bytes(), BodyRest::None), [hidden, hidden]);
        let sized = BodyRest::Sized(u64::try_from(head.len()).unwrap());
        assert_eq!(portions(head.as_bytes(), sized), [head]);
    }

    #[test]
    fn a_body_is_given_up_to_its_end() {
        assert_eq!(portions(b"{\n\n}GET", BodyRest::Sized(4))[0], "{\n\n}");
        for body in
            ["0\r\n\r\n", "1c;a=\"0\"\r\n0\r\n\r\n0\r\n\r\n0123456789abcdefgh\r\n000\r\nX-Trailer: 1\r\nY: 0\r\n\r\n"]
        {
            let bytes = format!("{body}GET / HTTP/1.1\r\n\r\n");
            assert_eq!(portions(bytes.as_bytes(), BodyRest::Chunked)[0], body);
        }
    }

    #[test]
    fn a_bare_lf_in_a_trailer_becomes_two_cr() {
        let given = |body: &str| portions(body.as_bytes(), BodyRest::Chunked);
        assert_eq!(given("0\r\n\nGET / HTTP/1.1\r\n\r\n")[..2], ["0\r\n\r", "\rGET / HTTP/1.1\r\n\r\n"]);
        assert_eq!(given("0\r\nX: y\n"), ["0\r\nX: y\r", "\r"]);
    }

    #[test]
    fn a_refusal_in_held_bytes_needs_nothing_behind_it() {
        let mut pipelining = Pipelining::default();
        pipelining.hold(b"2\r\n{}\r\n0\r\n\n\r\nGET");
        assert_eq!(&pipelining.next_held(1 << 20, BodyRest::Chunked)[..], b"2\r\n{}\r\n0\r\n\r");
        assert!(!pipelining.take_end_of_chunks());
        assert_eq!(&pipelining.next_held(1 << 20, BodyRest::Chunked)[..], b"\r");
        assert!(!pipelining.has_held() && !pipelining.take_end_of_chunks());
    }
}
