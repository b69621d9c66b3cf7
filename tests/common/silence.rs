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
    pub port: u16,
    /// Connections with a number below this are silent.
    silent_below: Arc<AtomicUsize>,
    count: Arc<AtomicUsize>,
}

impl Network {
    pub fn to(socket: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let network = Self { port, silent_below: Arc::default(), count: Arc::default() };
        let (silent_below, count, socket) =
            (Arc::clone(&network.silent_below), Arc::clone(&network.count), socket.to_path_buf());
        thread::spawn(move || {
            // Sockets of silent connections stay open for as long as the test runs.
            let open = Arc::new(Mutex::new(Vec::new()));
            for client in listener.incoming().map_while(Result::ok) {
                let number = count.fetch_add(1, Ordering::SeqCst);
                connect(client, &socket, Gate { number, silent_below: Arc::clone(&silent_below) }, &open);
            }
        });
        network
    }

    /// All open connections fall silent permanently. New ones work.
    pub fn lose_connections(&self) {
        self.silent_below.store(self.count.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// All connections are silent, new ones too.
    pub fn fail(&self) {
        self.silent_below.store(usize::MAX, Ordering::SeqCst);
    }
}

#[derive(Clone)]
struct Gate {
    number: usize,
    silent_below: Arc<AtomicUsize>,
}

impl Gate {
    fn is_silent(&self) -> bool {
        self.number < self.silent_below.load(Ordering::SeqCst)
    }
}

enum Kept {
    #[expect(dead_code, reason = "kept open")]
    Client(TcpStream),
    #[expect(dead_code, reason = "kept open")]
    Server(UnixStream),
}

fn connect(client: TcpStream, socket: &PathBuf, gate: Gate, open: &Arc<Mutex<Vec<Kept>>>) {
    let Ok(server) = UnixStream::connect(socket) else { return };
    let kept = [Kept::Client(client.try_clone().unwrap()), Kept::Server(server.try_clone().unwrap())];
    let (from_client, to_client) = (client.try_clone().unwrap(), client);
    let (from_server, to_server) = (server.try_clone().unwrap(), server);
    let there = gate.clone();
    thread::spawn(move || {
        forward(from_client, &to_server, &there);
        if !there.is_silent() {
            to_server.shutdown(std::net::Shutdown::Both).ok();
        }
    });
    let open = Arc::clone(open);
    thread::spawn(move || {
        forward(from_server, &to_client, &gate);
        if gate.is_silent() {
            open.lock().unwrap().extend(kept);
        } else {
            to_client.shutdown(std::net::Shutdown::Both).ok();
        }
    });
}

/// Forwards until one side closes. Bytes that arrive while the connection is silent are lost.
fn forward(mut from: impl Read, mut to: impl Write, gate: &Gate) {
    let mut buffer = [0; 16 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(_) if gate.is_silent() => {}
            Ok(count) if to.write_all(&buffer[..count]).is_err() => return,
            Ok(_) => {}
        }
    }
}
