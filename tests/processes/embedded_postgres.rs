//! The embedded PostgreSQL: it is complete, private, shared by processes, and never runs as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::process::{self, Place, Process, signal};
use crate::common::race;
use diesel::prelude::*;
use stockroom::embedded_postgres::{DATABASE, Embedded, EmbeddedError, Options};

const TIMEOUT: Duration = Duration::from_secs(30);

fn options(data_dir: PathBuf) -> Options {
    Options { data_dir, ..Options::default() }
}

fn start(data_dir: &Path) -> Embedded {
    Embedded::start(&options(data_dir.to_path_buf())).unwrap()
}

/// The sentence by which a start is refused.
fn refusal(options: &Options) -> String {
    Embedded::start(options).map(Embedded::stop).unwrap_err().to_string()
}

#[derive(QueryableByName)]
struct Shown {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

/// The value of an SQL expression in the database of the program.
fn ask(postgres: &Embedded, expression: &str) -> String {
    let mut conn = PgConnection::establish(&postgres.url(DATABASE)).unwrap();
    let query = diesel::sql_query(format!("SELECT ({expression})::text AS value"));
    query.get_result::<Shown>(&mut conn).unwrap().value
}

fn setting(postgres: &Embedded, name: &str) -> String {
    ask(postgres, &format!("current_setting('{name}')"))
}

fn is_gone(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('Z'))
}

/// Kills the server and waits until its end is complete.
fn kill(postgres: &Embedded) -> u32 {
    let pid = postgres.postmaster_pid().unwrap();
    signal("KILL", pid);
    wait_until(|| is_gone(pid));
    pid
}

#[track_caller]
fn wait_until(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !is_so() {
        assert!(Instant::now() < deadline, "the expected state was not reached");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The names in the place's folder, without the lock files.
fn contents(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".lock") && !name.ends_with(".users")).collect()
}

fn am_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A process of the account that owns a folder.
fn process_of_owner(folder: &Path, program: &str, arguments: &[&str]) -> Child {
    let owner = fs::metadata(folder).unwrap();
    let mut command = Command::new(program);
    if am_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command.args(arguments).spawn().unwrap()
}

#[test]
fn only_a_private_socket_leads_to_the_server() {
    let place = Place::new();
    let postgres = Embedded::start(&Options {
        settings: [("jit", "on"), ("listen_addresses", "*")].map(|(name, value)| (name.into(), value.into())).to_vec(),
        ..options(place.data_dir())
    })
    .unwrap();
    assert_eq!(setting(&postgres, "jit"), "on");
    assert_eq!(setting(&postgres, "listen_addresses"), "");
    assert_eq!(setting(&postgres, "unix_socket_permissions"), "0700");
    assert_eq!(setting(&postgres, "unix_socket_directories"), format!("\"{}\"", place.data_dir().display()));
    let encoding = "SELECT pg_encoding_to_char(encoding) || datcollate FROM pg_database WHERE datname = 'stockroom'";
    assert_eq!(ask(&postgres, encoding), "UTF8C");
    assert_eq!(mode(&place.data_dir()), 0o700);
    assert_eq!(mode(&place.data_dir().join("server.log")), 0o600);
    postgres.stop().unwrap();
}

#[test]
fn the_server_never_runs_as_root_also_in_a_folder_that_only_root_may_enter() {
    let place = Place::new();
    fs::set_permissions(&place.folder, fs::Permissions::from_mode(0o700)).unwrap();
    let postgres = start(&place.data_dir());
    let pid = postgres.postmaster_pid().unwrap();
    let account = fs::metadata(format!("/proc/{pid}")).unwrap().uid();
    assert_ne!(account, 0);
    assert_eq!(account, fs::metadata(place.data_dir()).unwrap().uid());
    assert_eq!(mode(&place.folder), 0o700, "the folder was opened for others");
    kill(&postgres);
    assert!(postgres.ensure_running().unwrap());
    postgres.stop().unwrap();
}

#[test]
fn the_first_process_starts_the_server_and_the_last_one_stops_it() {
    let place = Place::new();
    for _time in 0..3 {
        let users = race(4, |_| start(&place.data_dir()));
        let servers: Vec<u32> = users.iter().map(|user| user.postmaster_pid().unwrap()).collect();
        assert!(servers.iter().all(|server| *server == servers[0]), "{servers:?}");
        let mut users = users.into_iter();
        let last = users.next().unwrap();
        users.for_each(|user| user.stop().unwrap());
        assert_eq!(last.postmaster_pid(), Some(servers[0]));
        assert!(!last.ensure_running().unwrap());
        last.stop().unwrap();
        wait_until(|| is_gone(servers[0]));
        assert!(!place.data_dir().join("postmaster.pid").exists());
    }
}

#[test]
fn a_start_waits_for_another_one_that_has_the_lock() {
    let place = Place::new();
    let lock = fs::File::create(place.folder.join("postgres.lock")).unwrap();
    lock.lock().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| start(&place.data_dir()));
        thread::sleep(Duration::from_millis(500));
        assert_eq!(contents(&place.folder), [""; 0], "a cluster was made without the lock");
        lock.unlock().unwrap();
        waiting.join().unwrap().stop().unwrap();
    });
}

#[test]
fn a_killed_program_leaves_its_server_to_the_next_one() {
    let place = Place::new();
    let first = Process::serve(&place);
    let postgres = start(&place.data_dir());
    let server = postgres.postmaster_pid().unwrap();
    first.kill();
    drop(postgres);
    let next = start(&place.data_dir());
    assert_eq!(next.postmaster_pid(), Some(server));
    next.stop().unwrap();
    wait_until(|| is_gone(server));
}

#[test]
fn a_killed_server_is_started_again_at_the_same_address() {
    let place = Place::new();
    let postgres = start(&place.data_dir());
    assert!(!postgres.ensure_running().unwrap());
    let killed = kill(&postgres);
    assert_eq!(postgres.postmaster_pid(), None);
    assert!(postgres.ensure_running().unwrap());
    assert_ne!(postgres.postmaster_pid(), Some(killed));
    assert_eq!(ask(&postgres, "1 + 1"), "2");
    kill(&postgres);
    drop(postgres);
    start(&place.data_dir()).stop().unwrap();
}

#[test]
fn the_guard_of_the_program_starts_a_killed_server_again() {
    let place = Place::new();
    let program = Process::serve(&place);
    let postgres = start(&place.data_dir());
    let killed = kill(&postgres);
    wait_until(|| postgres.postmaster_pid().is_some_and(|pid| pid != killed));
    wait_until(|| program.log().contains("was restarted"));
    program.client().under("").get("/health/ready").expect(200);
    postgres.stop().unwrap();
    assert_eq!(program.terminate().code(), Some(0));
    assert!(!place.data_dir().join("postmaster.pid").exists());
}

#[test]
fn the_guard_logs_once_that_a_server_does_not_start_and_once_that_it_runs_again() {
    let place = Place::new();
    let program = Process::serve(&place);
    let postgres = start(&place.data_dir());
    let (file, hidden) = (place.data_dir().join("postgresql.conf"), place.data_dir().join("hidden.conf"));
    fs::rename(&file, &hidden).unwrap();
    kill(&postgres);
    let attempts =
        || fs::read_to_string(place.data_dir().join("server.log")).unwrap().matches("postgresql.conf").count();
    wait_until(|| attempts() >= 2);
    fs::rename(&hidden, &file).unwrap();
    // Another process restarts it, unless the guard does so before.
    postgres.ensure_running().unwrap();
    wait_until(|| program.log().contains("was restarted"));
    let log = program.log();
    assert_eq!(log.matches("can't be restarted").count(), 1, "{log}");
    assert_eq!(log.matches("was restarted").count(), 1, "{log}");
    assert!(log.contains("failed_attempts=") && !log.contains("failed_attempts=0"), "{log}");
    postgres.stop().unwrap();
    assert_eq!(program.terminate().code(), Some(0));
}

#[test]
fn a_half_made_cluster_is_removed_and_never_used() {
    let place = Place::new();
    let half_made = place.folder.join("postgres.unfinished-0123456789abcdef");
    fs::create_dir(&half_made).unwrap();
    fs::write(half_made.join("PG_VERSION"), "15\n").unwrap();
    let postgres = start(&place.data_dir());
    assert_eq!(contents(&place.folder), ["postgres"]);
    assert_eq!(ask(&postgres, "1 + 1"), "2");
    postgres.stop().unwrap();
}

#[test]
fn a_start_that_is_killed_at_any_moment_leaves_a_folder_that_the_next_one_uses() {
    let place = Place::new();
    for milliseconds in [50, 300, 600, 900, 1500] {
        let mut serve = process::stockroom(&["serve"]);
        serve.env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir());
        let mut program = serve.spawn().unwrap();
        thread::sleep(Duration::from_millis(milliseconds));
        program.kill().unwrap();
        program.wait().unwrap();
    }
    let postgres = start(&place.data_dir());
    assert_eq!(ask(&postgres, "1 + 1"), "2");
    postgres.stop().unwrap();
}

#[test]
fn a_cluster_that_could_not_be_made_leaves_nothing_and_names_the_reason() {
    let place = Place::new();
    let bin_dir = place.folder.join("bin");
    fs::create_dir(&bin_dir).unwrap();
    let script =
        "#!/bin/sh\n[ \"$1\" = --version ] && echo 'x (PostgreSQL) 15.1' && exit\necho 'it is broken' >&2\nexit 3\n";
    for program in ["postgres", "initdb", "pg_ctl"] {
        fs::write(bin_dir.join(program), script).unwrap();
        fs::set_permissions(bin_dir.join(program), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let message = refusal(&Options { bin_dir: Some(bin_dir), ..options(place.data_dir()) });
    assert!(message.contains("it is broken") && message.contains("exit status: 3"), "{message}");
    assert_eq!(contents(&place.folder), ["bin"]);
}

#[test]
fn a_server_that_does_not_start_shows_the_end_of_its_log() {
    let place = Place::new();
    let settings = vec![("shared_buffers".to_owned(), "no size".to_owned())];
    let message = refusal(&Options { settings, ..options(place.data_dir()) });
    assert!(message.contains("shared_buffers") && message.contains("server.log"), "{message}");
    start(&place.data_dir()).stop().unwrap();
}

#[test]
fn folders_that_can_not_be_used_are_refused_with_the_remedy() {
    let place = Place::new();
    fs::create_dir(place.data_dir()).unwrap();
    let file = place.data_dir().join("PG_VERSION");
    fs::write(place.data_dir().join("letter"), "not a database").unwrap();
    let message = refusal(&options(place.data_dir()));
    assert!(message.ends_with("is neither empty nor a PostgreSQL cluster: choose another one"), "{message}");
    fs::write(&file, "9.6\n").unwrap();
    if am_root() {
        let message = refusal(&options(place.data_dir()));
        assert!(message.contains("belongs to root") && message.contains("chown -R postgres"), "{message}");
        chown(place.data_dir(), Some(65534), Some(65534)).unwrap();
    }
    let message = refusal(&options(place.data_dir()));
    assert!(message.contains("was made by PostgreSQL 9.6, but only ") && message.contains("install"), "{message}");
    let message = refusal(&Options { bin_dir: Some("/no/such/bin".into()), ..options(place.folder.join("other")) });
    assert_eq!(message, "/no/such/bin has no initdb and postgres of version 12 or later");
    let message = EmbeddedError::NotInstalled.to_string();
    assert!(message.contains("install postgresql") && message.contains("DATABASE_URL"), "{message}");
    fs::remove_dir_all(place.data_dir()).unwrap();
}

#[test]
fn a_path_may_have_spaces_quotes_and_signs_of_the_shell() {
    let place = Place::new();
    let data_dir = place.folder.join("it's \"my\" $(data) é 50%");
    let postgres = start(&data_dir);
    assert_eq!(ask(&postgres, "1 + 1"), "2");
    kill(&postgres);
    assert!(postgres.ensure_running().unwrap());
    postgres.stop().unwrap();
}

#[test]
fn a_long_path_has_its_socket_in_a_private_temporary_folder() {
    let place = Place::new();
    let data_dir = place.folder.join("long".repeat(20));
    let socket_dir = |postgres: &Embedded| PathBuf::from(setting(postgres, "unix_socket_directories").replace('"', ""));
    let postgres = start(&data_dir);
    let first = socket_dir(&postgres);
    assert!(!first.starts_with(&data_dir));
    assert_eq!(mode(&first), 0o700);
    kill(&postgres);
    drop(postgres);
    let next = start(&data_dir);
    let second = socket_dir(&next);
    assert!(second == first || !first.exists(), "the socket's folder of a killed server was not removed");
    next.stop().unwrap();
    assert!(!second.exists(), "the socket's folder was not removed");
}

#[test]
fn a_pid_file_of_a_killed_server_that_names_another_process_is_ignored() {
    let place = Place::new();
    start(&place.data_dir()).stop().unwrap();
    let mut other = process_of_owner(&place.data_dir(), "sleep", &["60"]);
    let mut ended = process_of_owner(&place.data_dir(), "true", &[]);
    wait_until(|| is_gone(ended.id()));
    for process in [other.id(), ended.id()] {
        let text = format!("{process}\n{0}\n1700000000\n5432\n{0}\n\n 1 1\nready   \n", place.data_dir().display());
        for name in ["postmaster.pid", ".s.PGSQL.5432.lock"] {
            fs::write(place.data_dir().join(name), &text).unwrap();
        }
        let postgres = start(&place.data_dir());
        assert_ne!(postgres.postmaster_pid(), Some(process));
        postgres.stop().unwrap();
    }
    other.kill().unwrap();
    other.wait().unwrap();
    ended.wait().unwrap();
}

#[test]
fn the_server_inherits_no_secret_and_no_open_file() {
    let place = Place::new();
    let file = place.folder.join("inherited");
    let serve = process::stockroom(&["serve"]);
    let program = serve.get_program().to_owned();
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec 5>\"$1\"; exec \"$0\" serve"]).arg(program).arg(&file);
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
        .env("STOCKROOM__DATABASE__DATA_DIR", place.data_dir())
        .env("JWT_SECRET", "a secret that only this test has, and nobody else")
        .env("PGPORT", "6543");
    let program = Process::start(shell, &place.folder);
    let pid = start(&place.data_dir()).postmaster_pid().unwrap();
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment).into_owned();
    assert!(environment.contains("LC_ALL=C") && !environment.contains("JWT_SECRET"), "{environment}");
    assert!(!environment.contains("PGPORT"), "{environment}");
    let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let files: Vec<PathBuf> = files.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).collect();
    assert!(!files.is_empty() && !files.contains(&file), "{files:?}");
    assert_eq!(program.terminate().code(), Some(0));
}
