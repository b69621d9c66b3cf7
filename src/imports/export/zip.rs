//! A ZIP archive that is written from its beginning to its end, so that it can be sent while it is created. The size of
//! an entry is written after its content.

use crc32fast::Hasher;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params};

/// The version of the format that compressed entries need: 2.0.
const VERSION: u16 = 20;
/// The sizes of an entry follow its content, and its name is UTF-8.
const FLAGS: u16 = 0x0808;
const DEFLATED: u16 = 8;
/// The first day of 1980, the earliest time of the format. All entries have it, so equal rows give equal files.
const TIME_AND_DATE: u32 = 0x0021_0000;
/// The level of compression. A higher level takes more time and saves few bytes.
const LEVEL: i32 = 1;

/// The largest size of the content. Positions in an archive have 32 bits. The difference is for the bytes that the
/// compressor holds back, and for the list of the entries.
pub const MAX_BYTES: u32 = u32::MAX - 64 * 1024 * 1024;

/// An archive of which a part has been written.
#[derive(Default)]
pub struct ZipWriter {
    /// The bytes that have not been taken yet.
    out: Vec<u8>,
    taken: u32,
    entries: Vec<Entry>,
    open: Option<OpenEntry>,
}

struct Entry {
    name: &'static str,
    number: usize,
    offset: u32,
    crc: u32,
    compressed: u32,
    size: u32,
}

struct OpenEntry {
    name: &'static str,
    number: usize,
    offset: u32,
    begin: u32,
    crc: Hasher,
    size: u32,
    compressor: Box<CompressorOxide>,
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl ZipWriter {
    /// The bytes since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        self.taken = self.position();
        std::mem::take(&mut self.out)
    }

    /// The bytes of the archive so far.
    pub fn position(&self) -> u32 {
        self.taken.saturating_add(length(self.out.len()))
    }

    /// The bytes of the content of the open entry.
    pub fn open_size(&self) -> u32 {
        self.open.as_ref().map_or(0, |open| open.size)
    }

    /// Begins an entry. `#` in its name stands for the number.
    pub fn begin(&mut self, name: &'static str, number: usize) {
        self.end();
        let offset = self.position();
        let full = full_name(name, number);
        self.put_u32(0x0403_4b50);
        for field in [VERSION, FLAGS, DEFLATED] {
            self.put_u16(field);
        }
        for field in [TIME_AND_DATE, 0, 0, 0] {
            self.put_u32(field);
        }
        self.put_u16(u16::try_from(full.len()).unwrap_or(u16::MAX));
        self.put_u16(0);
        self.out.extend_from_slice(full.as_bytes());
        // Window bits of 0 mean that the stream has no header of its own.
        let compressor = Box::new(CompressorOxide::new(create_comp_flags_from_zip_params(LEVEL, 0, 0)));
        let begin = self.position();
        self.open = Some(OpenEntry { name, number, offset, begin, crc: Hasher::new(), size: 0, compressor });
    }

    /// Adds content to the entry that was begun.
    pub fn write(&mut self, content: &[u8]) {
        let Some(open) = &mut self.open else { return };
        open.crc.update(content);
        open.size = open.size.saturating_add(length(content.len()));
        compress(open, content, TDEFLFlush::None, &mut self.out);
    }

    fn end(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        compress(&mut open, &[], TDEFLFlush::Finish, &mut self.out);
        let OpenEntry { name, number, offset, begin, crc, size, .. } = open;
        let (crc, compressed) = (crc.finalize(), self.position().saturating_sub(begin));
        for field in [0x0807_4b50, crc, compressed, size] {
            self.put_u32(field);
        }
        self.entries.push(Entry { name, number, offset, crc, compressed, size });
    }

    /// Ends the archive with the list of its entries.
    pub fn finish(mut self) -> Vec<u8> {
        self.end();
        let begin = self.position();
        for entry in std::mem::take(&mut self.entries) {
            self.list(&entry);
            self.entries.push(entry);
        }
        let size = self.position().saturating_sub(begin);
        let count = u16::try_from(self.entries.len()).unwrap_or(u16::MAX);
        self.put_u32(0x0605_4b50);
        for field in [0, 0, count, count] {
            self.put_u16(field);
        }
        self.put_u32(size);
        self.put_u32(begin);
        self.put_u16(0);
        self.out
    }

    fn list(&mut self, entry: &Entry) {
        let full = full_name(entry.name, entry.number);
        self.put_u32(0x0201_4b50);
        for field in [VERSION, VERSION, FLAGS, DEFLATED] {
            self.put_u16(field);
        }
        for field in [TIME_AND_DATE, entry.crc, entry.compressed, entry.size] {
            self.put_u32(field);
        }
        // The lengths of the name, of further fields and of a comment, the disk, and the attributes.
        for field in [u16::try_from(full.len()).unwrap_or(u16::MAX), 0, 0, 0, 0] {
            self.put_u16(field);
        }
        self.put_u32(0);
        self.put_u32(entry.offset);
        self.out.extend_from_slice(full.as_bytes());
    }

    fn put_u16(&mut self, value: u16) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u32(&mut self, value: u32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }
}

fn full_name(name: &str, number: usize) -> String {
    name.replace('#', &number.to_string())
}

fn compress(open: &mut OpenEntry, content: &[u8], flush: TDEFLFlush, out: &mut Vec<u8>) {
    let take = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        true
    };
    // Writing to memory never stops early, so all content is compressed.
    let (_status, _read) = compress_to_output(&mut open.compressor, content, flush, take);
}
