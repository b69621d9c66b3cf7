//! More connections than the program may have open files.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::net;

use crate::common::app::JWT_SECRET;
use crate::common::database::TestDatabase;
use crate::common::process::{self, Place, Process};
use crate::common::{TestApp, json};

const FILES: usize = 256;
const FLOOD: usize = 600;

/// The program with a limit of open files.
fn serve_with_files(files: usize, place: &Place, database_url: &str) -> Process {
    Process::start(with_files(files, database_url), &place.folder)
}

fn with_files(files: usize, database_url: &str) -> Command {
    let program = process::stockroom(&["serve"]);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {files} && exec \"$0\" serve")]).arg(program.get_program());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .env("DATABASE_URL", database_url)
        .env("JWT_SECRET", JWT_SECRET)
        .env("STOCKROOM__SERVER__WORKERS", "2")
        .env("STOCKROOM__SERVER__HEAD_TIMEOUT_MS", "60000");
    command
}

/// Sends requests on new connections until there is an answer, and returns the time for it. In a flood the server may
/// close a connection that has sent nothing yet, so that a slow client has to connect again.
fn ask(address: &str) -> Duration {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        match try_to_ask(address) {
            Ok(answer) if !answer.is_empty() => {
                assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
                break;
            }
            _closed => {}
        }
    }
    started.elapsed()
}

/// The processor time of the program, in hundredths of a second.
fn ticks(server: &Process) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    // Those of the program and of the system.
    fields[11..=12].iter().map(|field| field.parse::<u64>().unwrap()).sum()
}

/// Routing compares a path with many patterns, so a name of 15 KB in it must not cost more than one that may exist.
#[test]
fn a_long_path_costs_little() {
    let (place, database) = (Place::new(), TestDatabase::migrated());
    let server = serve_with_files(FILES, &place, &database.url);
    let client = server.client();
    let cost = |name: String| {
        let before = ticks(&server);
        for _ in 0..50 {
            client.get(&format!("/orders/{name}/nothing")).refused(404, "NOT_FOUND");
        }
        ticks(&server) - before
    };
    let (short, long) = (cost("a".repeat(700)), cost("a".repeat(15_000)));
    println!("50 requests took {short} and {long} hundredths of a second");
    assert!(long <= 3 * short + 50, "{long} hundredths of a second, and {short} for short paths");
}

fn try_to_ask(address: &str) -> io::Result<String> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    socket.write_all(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_flood_of_connections_leaves_files_for_the_database_and_for_honest_clients() {
    let (place, database) = (Place::new(), TestDatabase::migrated());
    let server = serve_with_files(FILES, &place, &database.url);
    let address = server.address.strip_prefix("http://").unwrap();
    let pipelined = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(16);
    // Silent connections, those that never read, and those that are refused and then stay.
    let kinds: [&[u8]; 3] = [b"", &pipelined, b"nonsense\r\n\r\n"];
    for (number, bytes) in kinds.into_iter().enumerate() {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let honest = scope.spawn(|| {
                let mut longest = ask(address);
                while !is_over.load(Ordering::Relaxed) {
                    longest = longest.max(ask(address));
                }
                longest.max(ask(address))
            });
            let flood: Vec<TcpStream> = (0..FLOOD).map(|_| connect(address, bytes)).collect();
            is_over.store(true, Ordering::Relaxed);
            let longest = honest.join().unwrap();
            println!("kind {number}: an honest client waited {longest:?} at most");
            assert!(longest < Duration::from_secs(15), "kind {number}: an honest client waited {longest:?}");
            drop(flood);
        });
        let files = fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count();
        assert!(files < FILES - 64, "{files} files are open");
    }
    let log = server.log();
    assert!(!log.contains("os error 24"), "{log}");
}

fn connect(address: &str, bytes: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    // The server may close it at any time.
    let _closed = socket.write_all(bytes);
    socket
}

/// The beginning of a request whose body has this size.
fn head(length: usize) -> String {
    format!(
        "POST /api/v1/inventory/availability HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

/// Sends a small request with a body on an open connection, and returns the time for the answer.
fn ask_with_body(socket: &mut TcpStream) -> Duration {
    let started = Instant::now();
    let body = format!("{{\"items\":[{}]}}", " ".repeat(300));
    socket.write_all(format!("{}{body}", head(body.len())).as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        let mut part = [0; 4096];
        let count = socket.read(&mut part).unwrap();
        assert!(count > 0, "closed after {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..count]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 422 "), "{}", String::from_utf8_lossy(&answer));
    started.elapsed()
}

fn resident_bytes(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// The bodies fill the memory for unfinished bodies twice. The server ends the oldest ones, and serves an honest
/// client.
#[test]
fn bodies_that_are_sent_in_part_take_a_limited_memory() {
    const BODIES: usize = 1_500;
    const MAX_GROWTH: usize = 160 * 1024 * 1024;
    const MAX_REST: usize = 100 * 1024 * 1024;
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit { current: files.maximum, maximum: files.maximum },
    )
    .unwrap();
    let (place, database) = (Place::new(), TestDatabase::migrated());
    let server = serve_with_files(2 * BODIES, &place, &database.url);
    let address = server.address.strip_prefix("http://").unwrap();
    let mut honest = TcpStream::connect(address).unwrap();
    honest.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    ask_with_body(&mut honest);
    let before = resident_bytes(server.pid());
    let (mut most, mut longest) = (before, Duration::ZERO);
    let half = format!("{}{}", head(64 * 1024), " ".repeat(60_000));
    let mut flood = Vec::new();
    for number in 0..BODIES {
        flood.push(connect(address, half.as_bytes()));
        if number % 50 == 0 {
            longest = longest.max(ask_with_body(&mut honest));
            most = most.max(resident_bytes(server.pid()));
        }
    }
    longest = longest.max(ask_with_body(&mut honest));
    let mut refusal = String::new();
    flood[0].set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _reset = flood[0].read_to_string(&mut refusal);
    assert!(refusal.starts_with("HTTP/1.1 408 ") && refusal.contains("\"REQUEST_TIMEOUT\""), "{refusal}");
    most = most.max(resident_bytes(server.pid()));
    flood.clear();
    let started = Instant::now();
    while resident_bytes(server.pid()) > before + MAX_REST && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    longest = longest.max(ask_with_body(&mut honest));
    let (growth, rest) = (most - before, resident_bytes(server.pid()).saturating_sub(before));
    println!("{growth} bytes more at most, {rest} bytes at the end; an honest client waited {longest:?}");
    assert!(growth < MAX_GROWTH, "{growth} bytes more memory");
    assert!(rest < MAX_REST, "{rest} bytes are kept");
    assert!(longest < Duration::from_secs(5), "an honest client waited {longest:?}");
}

/// A connection that is used again and again stays open, although others hold unfinished requests.
#[test]
fn requests_that_are_sent_in_part_do_not_close_a_connection_in_use() {
    let (place, database) = (Place::new(), TestDatabase::migrated());
    let server = serve_with_files(FILES, &place, &database.url);
    let address = server.address.strip_prefix("http://").unwrap();
    let mut honest = TcpStream::connect(address).unwrap();
    honest.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let half = format!("{}{{", head(1_000));
    let mut flood = Vec::new();
    for number in 0..FLOOD {
        flood.push(connect(address, half.as_bytes()));
        if number % 10 == 0 {
            ask_with_body(&mut honest);
        }
    }
    ask_with_body(&mut honest);
}

const LIST: &str = "GET /api/v1/inventory/products?limit=100 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Asks for more lists than the buffers of the system can take, and reads none.
fn ask_without_reading(address: &str) -> TcpStream {
    let address: SocketAddr = address.parse().unwrap();
    let socket = net::socket(net::AddressFamily::INET, net::SocketType::STREAM, None).unwrap();
    net::sockopt::set_socket_recv_buffer_size(&socket, 4_096).unwrap();
    net::connect(&socket, &address).unwrap();
    let mut socket = TcpStream::from(socket);
    socket.write_all(LIST.replace("Connection: close\r\n", "").repeat(4).as_bytes()).unwrap();
    socket
}

/// Reads a list in parts, with a pause after each, and checks that it is complete.
fn read_list(address: &str, pause: Duration) -> usize {
    let mut socket = connect(address, LIST.as_bytes());
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut answer, mut part) = (Vec::new(), vec![0; 32 * 1024]);
    loop {
        match socket.read(&mut part).unwrap() {
            0 => break,
            count => answer.extend_from_slice(&part[..count]),
        }
        std::thread::sleep(pause);
    }
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{} bytes of: {head}", body.len());
    body.len()
}

/// The answers would fill the memory for unread answers three times. The server closes those that nobody reads, and
/// clients that read slowly get theirs.
#[test]
fn answers_that_nobody_reads_take_a_limited_memory() {
    const UNREAD: usize = 90;
    const MAX_GROWTH: usize = 150 * 1024 * 1024;
    let app = TestApp::start();
    for number in 0..100 {
        let sku = format!("big-{number}");
        let description = "\u{1f4a7}".repeat(5_000);
        app.create_product(&json!({"sku": sku, "name": sku, "price": 1.0, "description": description}));
    }
    let place = Place::new();
    let mut program = with_files(1_024, app.settings.database.url.reveal());
    program.env("STOCKROOM__SERVER__WRITE_TIMEOUT_MS", "60000");
    let server = Process::start(program, &place.folder);
    let address = server.address.strip_prefix("http://").unwrap();
    let size = read_list(address, Duration::ZERO);
    let before = resident_bytes(server.pid());
    let is_over = AtomicBool::new(false);
    let most = std::thread::scope(|scope| {
        let slow = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                read_list(address, Duration::from_millis(20));
            }
        });
        let mut most = before;
        let mut flood = Vec::new();
        for _ in 0..UNREAD {
            flood.push(ask_without_reading(address));
            // Each answer begins before the next request, so that the server works on few of them at the same time.
            flood.last().unwrap().peek(&mut [0]).unwrap();
            most = most.max(resident_bytes(server.pid()));
        }
        for _ in 0..30 {
            std::thread::sleep(Duration::from_millis(100));
            most = most.max(resident_bytes(server.pid()));
        }
        is_over.store(true, Ordering::Relaxed);
        slow.join().unwrap();
        most
    });
    let growth = most.saturating_sub(before);
    println!("unread answers of {size} bytes on {UNREAD} connections took {growth} bytes more memory");
    assert!(growth < MAX_GROWTH, "{growth} bytes more memory");
    let metrics = server.client().under("").get("/metrics").text();
    assert!(metrics.contains("reason=\"too_many_answers\""), "{metrics}");
}
