//! More connections than the program may have open files.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::common::app::JWT_SECRET;
use crate::common::database::TestDatabase;
use crate::common::process::{self, Place, Process};

const FILES: usize = 256;
const FLOOD: usize = 600;

/// The program with at most [`FILES`] open files.
fn serve_with_few_files(place: &Place, database: &TestDatabase) -> Process {
    let program = process::stockroom(&["serve"]);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {FILES} && exec \"$0\" serve")]).arg(program.get_program());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .env("DATABASE_URL", &database.url)
        .env("JWT_SECRET", JWT_SECRET)
        .env("STOCKROOM__SERVER__WORKERS", "2")
        .env("STOCKROOM__SERVER__HEAD_TIMEOUT_MS", "60000");
    Process::start(command, &place.folder)
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
    let server = serve_with_few_files(&place, &database);
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
