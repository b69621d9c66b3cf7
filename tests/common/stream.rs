//! A client of Server-Sent Events over a plain connection.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything that a test waits for.
const TIMEOUT: Duration = Duration::from_secs(30);

/// An open stream. Dropping it closes the connection.
pub struct EventStream {
    socket: TcpStream,
    /// The bytes of the response that are not read yet: in chunks, and without them.
    raw: Vec<u8>,
    text: Vec<u8>,
    pub status: u16,
    /// The head of the response in lower case.
    pub head: String,
    /// The last `id:` of the stream.
    pub last_id: Option<String>,
    /// True after the last chunk.
    pub has_ended: bool,
    /// True after the connection was closed.
    is_closed: bool,
}

/// The lines of a block of the stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    pub id: Option<String>,
    pub data: Option<Value>,
    pub is_comment: bool,
}

impl EventStream {
    /// Sends the request. `headers` are lines with their ends.
    pub fn open(address: &str, path: &str, headers: &str) -> Self {
        let host = address.trim_start_matches("http://");
        let mut socket = TcpStream::connect(host).unwrap();
        write!(socket, "GET /api/v1{path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n{headers}\r\n")
            .unwrap();
        let mut stream = Self {
            socket,
            raw: Vec::new(),
            text: Vec::new(),
            status: 0,
            head: String::new(),
            last_id: None,
            has_ended: false,
            is_closed: false,
        };
        stream.read_head();
        stream
    }

    fn read_head(&mut self) {
        let deadline = Instant::now() + TIMEOUT;
        let end = loop {
            if let Some(end) = self.raw.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            assert!(!self.is_closed && Instant::now() < deadline, "no head: {:?}", String::from_utf8_lossy(&self.raw));
            self.fill(Duration::from_millis(100));
        };
        let rest = self.raw.split_off(end + 4);
        self.head = String::from_utf8(std::mem::replace(&mut self.raw, rest)).unwrap().to_lowercase();
        self.status = self.head.split(' ').nth(1).unwrap().parse().unwrap();
        // A refusal has a length instead.
        if self.status == 200 {
            self.take_chunks();
        }
    }

    /// Reads what arrives within the time.
    fn fill(&mut self, wait: Duration) {
        self.socket.set_read_timeout(Some(wait.max(Duration::from_millis(1)))).unwrap();
        let mut bytes = [0; 16 * 1024];
        match self.socket.read(&mut bytes) {
            Ok(0) => self.is_closed = true,
            Ok(count) => self.raw.extend_from_slice(&bytes[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_reset) => self.is_closed = true,
        }
    }

    fn take_chunks(&mut self) {
        while let Some(line) = self.raw.windows(2).position(|bytes| bytes == b"\r\n") {
            let size =
                std::str::from_utf8(&self.raw[..line]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
            let raw = || String::from_utf8_lossy(&self.raw).into_owned();
            let size = size.unwrap_or_else(|| panic!("no chunk: {:?} after {:?}", raw(), self.head));
            let end = line + 2 + size + 2;
            if self.raw.len() < end {
                return;
            }
            self.text.extend_from_slice(&self.raw[line + 2..line + 2 + size]);
            self.raw.drain(..end);
            self.has_ended |= size == 0;
        }
    }

    /// The next block within the time. None if there is none, or at the end.
    pub fn block(&mut self, wait: Duration) -> Option<Block> {
        let deadline = Instant::now() + wait;
        loop {
            if let Some(end) = self.text.windows(2).position(|bytes| bytes == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                return Some(self.parse(&String::from_utf8(block).unwrap()));
            }
            let rest = deadline.saturating_duration_since(Instant::now());
            if self.has_ended || self.is_closed || rest.is_zero() {
                return None;
            }
            self.fill(rest);
            self.take_chunks();
        }
    }

    fn parse(&mut self, text: &str) -> Block {
        let mut block = Block::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match line.split_once(": ") {
                Some(("id", id)) => block.id = Some(id.to_owned()),
                Some(("data", data)) => block.data = Some(serde_json::from_str(data).unwrap()),
                Some(("retry", _)) => {}
                Some(("", _)) => block.is_comment = true,
                _ => panic!("unknown line: {line}"),
            }
        }
        self.last_id = block.id.clone().or(self.last_id.take());
        block
    }

    /// The data of the next event within the time.
    pub fn event_within(&mut self, wait: Duration) -> Option<Value> {
        let deadline = Instant::now() + wait;
        loop {
            let block = self.block(deadline.saturating_duration_since(Instant::now()))?;
            if block.data.is_some() {
                return block.data;
            }
        }
    }

    /// The data of the next event.
    #[track_caller]
    pub fn event(&mut self) -> Value {
        self.event_within(TIMEOUT).expect("no event comes")
    }

    /// Waits for the end of the stream. Returns true if the response is complete.
    pub fn wait_for_end(&mut self) -> bool {
        let deadline = Instant::now() + TIMEOUT;
        while !self.has_ended && !self.is_closed {
            assert!(Instant::now() < deadline, "the stream does not end");
            self.block(Duration::from_millis(100));
        }
        self.has_ended
    }
}
