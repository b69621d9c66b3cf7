//! A small HTTP server that receives webhooks, and what it received.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver as Channel, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

const TIMEOUT: Duration = Duration::from_secs(60);

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    /// By their names in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// The receiver's reaction to a request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Sends this response.
    Answer(String),
    /// Closes the connection without a response.
    Drop,
    /// Sends this part of a response, and no more. The connection stays open.
    Hang(String),
    /// Sends this part of a response, and closes the connection.
    Cut(String),
}

impl Behaviour {
    pub fn status(status: u16) -> Self {
        Self::answer(status, "", "")
    }

    /// A response with further headers, each with its line break.
    pub fn answer(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Answer(format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{body}"))
    }
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// True if one of the signatures is that of this secret.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.", self.id(), self.header("webhook-timestamp")).as_bytes());
        mac.update(&self.body);
        let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.header("webhook-signature").split(' ').any(|signature| signature == wanted)
    }
}

/// Receives requests on a free port until it is dropped.
pub struct Receiver {
    /// Without a slash at the end.
    pub url: String,
    port: u16,
    requests: Channel<Received>,
    seen: Mutex<Vec<Received>>,
    is_over: Arc<AtomicBool>,
}

impl Receiver {
    /// `behave` decides what happens to each request, on the thread of its connection.
    pub fn start(behave: impl Fn(&Received) -> Behaviour + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = mpsc::channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let (behave, over) = (Arc::new(behave), Arc::clone(&is_over));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Acquire) {
                    return;
                }
                let (behave, sender) = (Arc::clone(&behave), sender.clone());
                thread::spawn(move || serve(stream.unwrap(), behave.as_ref(), &sender));
            }
        });
        Self { url: format!("http://127.0.0.1:{port}"), port, requests, seen: Mutex::default(), is_over }
    }

    /// A receiver that keeps no requests.
    pub fn forgetting(behave: impl Fn(&Received) -> Behaviour + Send + Sync + 'static) -> Self {
        let mut receiver = Self::start(behave);
        (_, receiver.requests) = mpsc::channel();
        receiver
    }

    /// A receiver that answers 204.
    pub fn accepting() -> Self {
        Self::start(|_| Behaviour::status(204))
    }

    /// All requests until now.
    pub fn all(&self) -> Vec<Received> {
        let mut seen = self.seen.lock().unwrap();
        seen.extend(self.requests.try_iter());
        seen.clone()
    }

    /// The requests since the last call.
    pub fn new_ones(&self) -> Vec<Received> {
        let new: Vec<Received> = self.requests.try_iter().collect();
        self.seen.lock().unwrap().extend(new.iter().cloned());
        new
    }

    /// Waits for the next request.
    pub fn wait(&self) -> Received {
        let next = self.requests.recv_timeout(TIMEOUT).expect("no request arrived");
        self.seen.lock().unwrap().push(next.clone());
        next
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // Wakes the thread that accepts connections.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

fn serve(mut stream: TcpStream, behave: &(dyn Fn(&Received) -> Behaviour + Send + Sync), sender: &Sender<Received>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = read_request(&mut reader) {
        let behaviour = behave(&request);
        sender.send(request).ok();
        match behaviour {
            Behaviour::Answer(response) => {
                if stream.write_all(response.as_bytes()).is_err() {
                    return;
                }
            }
            Behaviour::Drop => {
                stream.shutdown(Shutdown::Both).ok();
                return;
            }
            Behaviour::Cut(part) => {
                stream.write_all(part.as_bytes()).ok();
                stream.shutdown(Shutdown::Both).ok();
                return;
            }
            Behaviour::Hang(part) => {
                stream.write_all(part.as_bytes()).ok();
                // Ends when the client closes the connection.
                reader.read_to_end(&mut Vec::new()).ok();
                return;
            }
        }
    }
}

/// None if the client has closed the connection.
fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received { path, headers, body })
}
