//! A pgbouncer in transaction mode before the cluster of the tests, if `STOCKROOM_TEST_POOLER` is set.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::cluster;

/// True if servers under test use their databases through the pooler. Then each test has two servers.
pub fn is_on() -> bool {
    std::env::var_os("STOCKROOM_TEST_POOLER").is_some()
}

/// The URL of a database of the cluster through the pooler.
pub fn url(database: &str) -> String {
    format!("postgresql://stockroom@127.0.0.1:{}/{database}", pooler().port)
}

struct Pooler {
    port: u16,
}

fn pooler() -> &'static Pooler {
    static POOLER: OnceLock<Pooler> = OnceLock::new();
    POOLER.get_or_init(|| {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = write_config(port);
        // The pooler ends with the thread that starts it, so that this thread lives as long as the process.
        std::thread::spawn(move || drop(command(&config).stdin(Stdio::null()).status()));
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "pgbouncer does not listen; is it installed?");
            std::thread::sleep(Duration::from_millis(20));
        }
        Pooler { port }
    })
}

/// It refuses to run as root, and ends with the process of the tests.
fn command(config: &PathBuf) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=KILL");
    if running_as_root() {
        // The account that the cluster runs as may enter the folder of its socket.
        let owner = cluster::owner();
        command.args([&format!("--reuid={owner}"), "--clear-groups"]);
    }
    let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|path| PathBuf::from(path).exists());
    command.arg("--").arg(program.unwrap_or("pgbouncer")).arg("--quiet").arg(config);
    command
}

fn running_as_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn write_config(port: u16) -> PathBuf {
    let path = std::env::temp_dir().join(format!("stockroom-pgbouncer-{}.ini", std::process::id()));
    let direct = cluster::url("postgres");
    let of = |name: &str| {
        let value = direct.split(['?', '&']).find_map(|part| part.strip_prefix(&format!("{name}=")));
        value.map(|value| value.replace("%2F", "/"))
    };
    let (host, server_port) = (of("host").unwrap(), of("port").unwrap_or_else(|| "5432".to_owned()));
    // Fewer connections to the database than the servers have to the pooler.
    let text = format!(
        "[databases]\n* = host={host} port={server_port} user=stockroom\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
         listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 12\n\
         max_client_conn = 2000\nserver_idle_timeout = 2\nignore_startup_parameters = extra_float_digits\n"
    );
    fs::write(&path, text).unwrap();
    path
}
