//! A network between the server and its database that can fall silent: nothing arrives, and no connection is closed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Forwards TCP connections to a Unix socket.
pub struct Network {
    port: u16,
    /// Connections with a number below this are silent.
    silent_below: Arc<AtomicUsize>,
    /// Connections on which this was sent are silent.
    silent_text: Arc<Mutex<Option<&'static str>>>,
    count: Arc<AtomicUsize>,
    /// Connections that the client has not closed.
    open: Arc<AtomicUsize>,
}

impl Network {
    /// To the database with this URL, which names a Unix socket.
    pub fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let network = Self {
            port,
            silent_below: Arc::default(),
            silent_text: Arc::default(),
            count: Arc::default(),
            open: Arc::default(),
        };
        let (silent_below, silent_text) = (Arc::clone(&network.silent_below), Arc::clone(&network.silent_text));
        let (count, open, socket) = (Arc::clone(&network.count), Arc::clone(&network.open), socket_of(url));
        thread::spawn(move || {
            // Sockets of silent connections stay open for as long as the test runs.
            let kept = Arc::new(Mutex::new(Vec::new()));
            for client in listener.incoming().map_while(Result::ok) {
                let gate = Gate {
                    number: count.fetch_add(1, Ordering::SeqCst),
                    silent_below: Arc::clone(&silent_below),
                    silent_text: Arc::clone(&silent_text),
                    sent: Arc::default(),
                };
                connect(client, &socket, gate, &open, &kept);
            }
        });
        network
    }

    /// The URL of a database behind this network.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://stockroom@127.0.0.1:{}/{database}", self.port)
    }

    /// All open connections fall silent permanently. New ones work.
    pub fn lose_connections(&self) {
        self.silent_below.store(self.count.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// Connections on which this text is sent fall silent, and those on which it was sent already.
    pub fn lose_connections_that_send(&self, text: &'static str) {
        *self.silent_text.lock().unwrap() = Some(text);
    }

    /// Connections that the client has not closed, silent ones included.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// All connections are silent, new ones too.
    pub fn fail(&self) {
        self.silent_below.store(usize::MAX, Ordering::SeqCst);
    }
}

/// `postgresql:///stockroom?host=/folder&port=5432…`
fn socket_of(url: &str) -> PathBuf {
    let of = |name: &str| {
        let value = url.split(['?', '&']).find_map(|part| part.strip_prefix(&format!("{name}=")));
        value.map(|value| value.replace("%2F", "/"))
    };
    let port = of("port").unwrap_or_else(|| "5432".to_owned());
    Path::new(&of("host").unwrap()).join(format!(".s.PGSQL.{port}"))
}

#[derive(Clone)]
struct Gate {
    number: usize,
    silent_below: Arc<AtomicUsize>,
    silent_text: Arc<Mutex<Option<&'static str>>>,
    /// The bytes from the client.
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Gate {
    fn is_silent(&self) -> bool {
        self.number < self.silent_below.load(Ordering::SeqCst)
            || self.silent_text.lock().unwrap().is_some_and(|text| self.has_sent(text))
    }

    fn has_sent(&self, text: &str) -> bool {
        self.sent.lock().unwrap().windows(text.len()).any(|part| part == text.as_bytes())
    }
}

enum Kept {
    #[expect(dead_code, reason = "kept open")]
    Client(TcpStream),
    #[expect(dead_code, reason = "kept open")]
    Server(UnixStream),
}

fn connect(client: TcpStream, socket: &PathBuf, gate: Gate, open: &Arc<AtomicUsize>, kept: &Arc<Mutex<Vec<Kept>>>) {
    let Ok(server) = UnixStream::connect(socket) else { return };
    let sockets = [Kept::Client(client.try_clone().unwrap()), Kept::Server(server.try_clone().unwrap())];
    let (from_client, to_client) = (client.try_clone().unwrap(), client);
    let (from_server, to_server) = (server.try_clone().unwrap(), server);
    let (there, open) = (gate.clone(), Arc::clone(open));
    open.fetch_add(1, Ordering::SeqCst);
    thread::spawn(move || {
        forward(from_client, &to_server, &there, |bytes| there.sent.lock().unwrap().extend(bytes));
        open.fetch_sub(1, Ordering::SeqCst);
        if !there.is_silent() {
            to_server.shutdown(std::net::Shutdown::Both).ok();
        }
    });
    let kept = Arc::clone(kept);
    thread::spawn(move || {
        forward(from_server, &to_client, &gate, |_| {});
        if gate.is_silent() {
            kept.lock().unwrap().extend(sockets);
        } else {
            to_client.shutdown(std::net::Shutdown::Both).ok();
        }
    });
}

/// Forwards until one side closes. Bytes that arrive while the connection is silent are lost.
fn forward(mut from: impl Read, mut to: impl Write, gate: &Gate, note: impl Fn(&[u8])) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => count,
        };
        note(&buffer[..count]);
        if !gate.is_silent() && to.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}
