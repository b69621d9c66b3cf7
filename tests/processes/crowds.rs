//! Clients that use all connections that the server accepts, and a client who asks for one more.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use rustix::net;

use super::connections::{connect, read_to_end};
use super::outages::wait_until;
use crate::common::TestApp;

const MAX_CONNECTIONS: usize = 64;

/// More than the server accepts, so that some always wait to be accepted.
const CROWD: usize = 200;

const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn small(settings: &mut stockroom::settings::Settings) {
    settings.server.max_connections = MAX_CONNECTIONS;
    settings.server.workers = 2;
}

/// Connects from another address of this machine than the crowd.
fn connect_from_elsewhere(app: &TestApp) -> TcpStream {
    let server: SocketAddr = app.address.strip_prefix("http://").unwrap().parse().unwrap();
    let socket = net::socket(net::AddressFamily::INET, net::SocketType::STREAM, None).unwrap();
    net::bind(&socket, &"127.0.0.9:0".parse::<SocketAddr>().unwrap()).unwrap();
    net::connect(&socket, &server).unwrap();
    let socket = TcpStream::from(socket);
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    socket
}

/// Asks for the health on a new connection, and returns the time until the answer.
fn ask(app: &TestApp) -> Duration {
    let started = Instant::now();
    let mut socket = connect_from_elsewhere(app);
    socket.write_all(LIVE).unwrap();
    let mut answer = [0; 1024];
    let count = socket.read(&mut answer).unwrap();
    assert!(answer[..count].starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&answer[..count]));
    started.elapsed()
}

/// A connection of the crowd. It is opened again when the server has closed it.
struct Member {
    socket: TcpStream,
    sent: usize,
}

impl Member {
    fn new(app: &TestApp) -> Self {
        let socket = connect(app);
        socket.set_nonblocking(true).unwrap();
        Self { socket, sent: 0 }
    }

    /// Sends the next part, and reads what has arrived. False if the server has closed the connection.
    fn step(&mut self, parts: &[&[u8]]) -> bool {
        let part = parts.get(self.sent).or(parts.last()).unwrap();
        self.sent += 1;
        if self.socket.write(part).is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock) {
            return false;
        }
        match self.socket.read(&mut [0; 4096]) {
            Ok(count) => count > 0,
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        }
    }
}

/// The longest time of an honest client while a crowd sends these parts on each of its connections, the last one again
/// and again.
fn longest_wait(parts: &[&[u8]]) -> Duration {
    let app = TestApp::with(small);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let crowd = scope.spawn(|| {
            let mut crowd: Vec<Member> = (0..CROWD).map(|_| Member::new(&app)).collect();
            let started = Instant::now();
            while !is_over.load(Ordering::Relaxed) {
                for member in &mut crowd {
                    if !member.step(parts) {
                        *member = Member::new(&app);
                    }
                }
                // Many requests at first, then as few as keep connections open.
                let is_busy = started.elapsed() < Duration::from_secs(2);
                thread::sleep(Duration::from_millis(if is_busy { 20 } else { 500 }));
            }
        });
        let started = Instant::now();
        let mut longest = Duration::ZERO;
        while started.elapsed() < Duration::from_secs(5) {
            longest = longest.max(ask(&app));
            thread::sleep(Duration::from_millis(20));
        }
        is_over.store(true, Ordering::Relaxed);
        crowd.join().unwrap();
        longest
    })
}

#[test]
fn connections_that_are_used_again_and_again_leave_room_for_others() {
    let longest = longest_wait(&[LIVE]);
    println!("an honest client waited {longest:?} at most");
    assert!(longest < Duration::from_secs(4), "an honest client waited {longest:?}");
}

#[test]
fn bodies_that_arrive_slowly_leave_room_for_others() {
    let head = b"POST /api/v1/inventory/availability HTTP/1.1\r\nHost: localhost\r\n\
                 Content-Type: application/json\r\nContent-Length: 65000\r\n\r\n";
    let start = [&head[..], &[b' '; 1000]].concat();
    let longest = longest_wait(&[&start, &[b' '; 100]]);
    println!("an honest client waited {longest:?} at most");
    assert!(longest < Duration::from_secs(4), "an honest client waited {longest:?}");
}

/// All connections of the crowd have a request in progress, which waits for a lock.
#[test]
fn requests_in_progress_leave_room_for_others_and_are_answered() {
    const WORKING: usize = 6;
    let app = TestApp::with(|settings| {
        settings.server.max_connections = WORKING;
        settings.server.workers = 2;
    });
    let rice = app.product("rice", 12.50, 7).id;
    let request = format!("GET /api/v1/inventory/products/{rice} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut conn = app.connection();
    conn.batch_execute("BEGIN; LOCK TABLE products").unwrap();
    let mut crowd: Vec<TcpStream> = (0..WORKING).map(|_| connect(&app)).collect();
    crowd.iter_mut().for_each(|socket| socket.write_all(request.as_bytes()).unwrap());
    wait_until(|| app.waiting_for_a_lock() > WORKING / 2);
    ask(&app);
    conn.batch_execute("COMMIT").unwrap();
    let answers: Vec<String> = crowd
        .iter_mut()
        .map(|socket| {
            socket.shutdown(Shutdown::Write).unwrap();
            read_to_end(socket)
        })
        .collect();
    // A busy machine may refuse a request that has waited too long.
    let is_answer = |answer: &String| answer.starts_with("HTTP/1.1 200 ") || answer.starts_with("HTTP/1.1 503 ");
    assert!(answers.iter().all(is_answer), "{answers:?}");
    let closed = answers.iter().filter(|answer| answer.contains("\r\nconnection: close\r\n")).count();
    assert_eq!(closed, 1, "{answers:?}");
}
