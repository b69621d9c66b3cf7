//! Finds the end of a chunked body.
//!
//! The steps are those of the framework. If both disagreed about the end, the next request would be read as a part of
//! this body, or the application would wait for an end that never comes. The framework accepts a line feed without a
//! carriage return in the trailers, where other servers see the end of a line. Such a body is refused.

/// The result of a scan. The numbers are the bytes of the body up to its end, or up to the refused byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// The body goes on, or the framework refuses it.
    Open,
    Ended(usize),
    /// The last byte has been replaced by a CR. The framework refuses the body at a second one.
    Refused(usize),
}

#[derive(Debug, Default)]
pub struct ChunkScan {
    part: ChunkPart,
    /// The size of the chunk, then the rest of it.
    size: u64,
}

/// The part of the body to which the next byte belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ChunkPart {
    #[default]
    SizeStart,
    Size,
    SpaceAfterSize,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// The start of a line after the last chunk.
    End,
    EndLf,
    Ended,
    Trailer,
    TrailerLf,
    /// The body is malformed, so it has no end.
    Refused,
}

impl ChunkScan {
    /// Reads the next bytes, up to the end of the body.
    pub fn scan(&mut self, bytes: &mut [u8]) -> Scanned {
        let mut index = 0_usize;
        while let Some(rest) = bytes.get_mut(index..).filter(|rest| !rest.is_empty()) {
            if self.part == ChunkPart::Data {
                index = index.saturating_add(self.skip_data(rest.len()));
                continue;
            }
            index = index.saturating_add(1);
            let Some(byte) = rest.first_mut() else { break };
            let is_in_trailers = matches!(self.part, ChunkPart::End | ChunkPart::Trailer);
            if is_in_trailers && *byte == b'\n' {
                *byte = b'\r';
                self.part = ChunkPart::Refused;
                return Scanned::Refused(index);
            }
            self.part = self.next_part(*byte);
            if self.part == ChunkPart::Ended {
                *self = Self::default();
                return Scanned::Ended(index);
            }
        }
        Scanned::Open
    }

    /// Returns the number of the bytes that are data of the chunk.
    fn skip_data(&mut self, bytes: usize) -> usize {
        let data = usize::try_from(self.size).unwrap_or(usize::MAX).min(bytes);
        self.size = self.size.saturating_sub(u64::try_from(data).unwrap_or(u64::MAX));
        if self.size == 0 {
            self.part = ChunkPart::DataCr;
        }
        data
    }

    /// Reads a byte outside of the data.
    fn next_part(&mut self, byte: u8) -> ChunkPart {
        match (self.part, byte) {
            (ChunkPart::SizeStart | ChunkPart::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.add_digit(byte),
            (ChunkPart::Size | ChunkPart::SpaceAfterSize, b' ' | b'\t') => ChunkPart::SpaceAfterSize,
            (ChunkPart::Size | ChunkPart::SpaceAfterSize, b';') => ChunkPart::Extension,
            (ChunkPart::Size | ChunkPart::SpaceAfterSize | ChunkPart::Extension, b'\r') => ChunkPart::SizeLf,
            (ChunkPart::Extension, b'\t' | b' '..=b'~' | 0x80..) => ChunkPart::Extension,
            (ChunkPart::SizeLf, b'\n') if self.size == 0 => ChunkPart::End,
            (ChunkPart::SizeLf, b'\n') => ChunkPart::Data,
            (ChunkPart::DataCr, b'\r') => ChunkPart::DataLf,
            (ChunkPart::DataLf, b'\n') => ChunkPart::SizeStart,
            (ChunkPart::End, b'\r') => ChunkPart::EndLf,
            (ChunkPart::EndLf, b'\n') => ChunkPart::Ended,
            (ChunkPart::Trailer, b'\r') => ChunkPart::TrailerLf,
            (ChunkPart::End | ChunkPart::Trailer, _) => ChunkPart::Trailer,
            (ChunkPart::TrailerLf, b'\n') => ChunkPart::End,
            _ => ChunkPart::Refused,
        }
    }

    /// Adds a digit of the size. The framework refuses a size above 64 bits.
    fn add_digit(&mut self, byte: u8) -> ChunkPart {
        let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
        match self.size.checked_mul(16) {
            Some(size) => {
                self.size = size.saturating_add(digit);
                ChunkPart::Size
            }
            None => ChunkPart::Refused,
        }
    }
}

#[cfg(test)]
mod tests;
