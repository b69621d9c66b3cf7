//! The socket of a database connection, which another thread can shut down.
//!
//! A thread that waits in libpq wakes up with an error when its socket is shut down. Diesel does not hand out the
//! socket, so it is found among the open files of the process (on Linux), as soon as the connection exists.

use std::collections::HashMap;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, Once, PoisonError};

use filedescriptor::FileDescriptor;
use rustix::net::{Shutdown, SocketAddrUnix, getpeername, sockopt};

/// The list of open files. Other systems have none, and then no socket is found.
const OPEN_FILES: &str = "/proc/self/fd";

/// The socket of a connection. It has a file descriptor of its own, so it never refers to another socket: libpq may
/// have closed its descriptor, and its number may be in use again.
#[derive(Clone)]
pub(super) struct Socket(Arc<OwnedFd>);

impl Socket {
    /// Ends the connection. A thread that waits for it wakes up.
    pub(super) fn shut_down(&self) {
        if let Err(error) = rustix::net::shutdown(&*self.0, Shutdown::Both) {
            log::debug!(error:% = error; "the connection had ended before");
        }
    }

    /// The socket with this number, if its inode is still this one.
    fn duplicate(number: RawFd, inode: u64) -> Option<Self> {
        let file = FileDescriptor::dup(&number).ok()?.as_file().ok()?;
        let is_same = file.metadata().is_ok_and(|metadata| metadata.ino() == inode);
        is_same.then(|| Self(Arc::new(OwnedFd::from(file))))
    }

    /// True for a connection of libpq: to a Unix socket with a name of PostgreSQL, or by TCP with keepalives. Sockets
    /// of clients and mail servers have none.
    fn is_of_libpq(&self) -> bool {
        let Ok(Some(peer)) = getpeername(&*self.0) else { return false };
        match SocketAddrUnix::try_from(peer) {
            Ok(peer) => peer.path_bytes().is_some_and(|path| String::from_utf8_lossy(path).contains(".s.PGSQL.")),
            Err(_not_unix) => sockopt::socket_keepalive(&*self.0).unwrap_or(false),
        }
    }
}

/// Makes a connection, and finds its socket: the new one of libpq. Connections are made one after the other, so that
/// there is only one. If there are several nevertheless, it is unknown which one it is.
pub(super) fn connect<T, E>(connect: impl FnOnce() -> Result<T, E>) -> Result<(T, Option<Socket>), E> {
    static CONNECTING: Mutex<()> = Mutex::new(());
    let _alone = CONNECTING.lock().unwrap_or_else(PoisonError::into_inner);
    let before = open_sockets();
    let connection = connect()?;
    let mut new = open_sockets()
        .into_iter()
        .filter(|(inode, _)| !before.contains_key(inode))
        .filter_map(|(inode, number)| Socket::duplicate(number, inode))
        .filter(Socket::is_of_libpq);
    let socket = new.next().filter(|_| new.next().is_none());
    if socket.is_none() {
        static WARNED: Once = Once::new();
        WARNED.call_once(|| log::warn!("a database connection that does not answer cannot be closed"));
    }
    Ok((connection, socket))
}

/// The open sockets of this process: inodes, each with the number of a file descriptor.
fn open_sockets() -> HashMap<u64, RawFd> {
    let files = std::fs::read_dir(OPEN_FILES).into_iter().flatten();
    files.filter_map(|file| socket_at(&file.ok()?.path())).collect()
}

/// `/proc/self/fd/7`, if it is a link to `socket:[4711]`.
fn socket_at(path: &Path) -> Option<(u64, RawFd)> {
    let target = std::fs::read_link(path).ok()?;
    let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
    Some((inode.parse().ok()?, path.file_name()?.to_str()?.parse().ok()?))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::{self, ErrorKind, Read};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    /// Connects as libpq does.
    fn with_keepalives(listener: &TcpListener) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(listener.local_addr()?)?;
        sockopt::set_socket_keepalive(&stream, true)?;
        Ok(stream)
    }

    /// All connections of these tests are made in this way, because the tests run at the same time.
    fn connect_to(listener: &TcpListener) -> (TcpStream, Option<Socket>) {
        connect(|| with_keepalives(listener)).unwrap()
    }

    /// The socket belongs to this stream: a thread that reads from it wakes up.
    fn assert_wakes(mut stream: impl Read + Send + 'static, socket: &Socket) {
        let waiting = std::thread::spawn(move || stream.read(&mut [0]));
        socket.shut_down();
        assert_eq!(waiting.join().unwrap().unwrap(), 0);
    }

    #[test]
    fn the_socket_is_found_among_others() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _before = connect_to(&listener);
        let (_meanwhile, (stream, socket)) = {
            let mut meanwhile = Vec::new();
            let connected = connect(|| {
                meanwhile.push(TcpStream::connect(listener.local_addr()?)?);
                let stream = with_keepalives(&listener)?;
                meanwhile.push(TcpStream::connect(listener.local_addr()?)?);
                Ok::<_, io::Error>(stream)
            });
            (meanwhile, connected.unwrap())
        };
        assert_wakes(stream, &socket.unwrap());
    }

    #[test]
    fn a_unix_socket_is_found_by_its_name() {
        let folder = std::env::temp_dir().join(format!("stockroom-socket-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let [postgres, other] = [".s.PGSQL.5432", "other"].map(|name| folder.join(name));
        let _listeners = [UnixListener::bind(&postgres).unwrap(), UnixListener::bind(&other).unwrap()];
        let connected = connect(|| Ok::<_, io::Error>((UnixStream::connect(&other)?, UnixStream::connect(&postgres)?)));
        std::fs::remove_dir_all(&folder).unwrap();
        let ((_other, stream), socket) = connected.unwrap();
        assert_wakes(stream, &socket.unwrap());
    }

    #[test]
    fn of_two_sockets_none_is_chosen() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connected = connect(|| Ok::<_, io::Error>((with_keepalives(&listener)?, with_keepalives(&listener)?)));
        assert!(connected.unwrap().1.is_none());
    }

    #[test]
    fn a_socket_stays_the_same_when_its_number_is_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (stream, socket) = connect_to(&listener);
        drop(stream);
        let (mut other, _) = connect_to(&listener);
        socket.unwrap().shut_down();
        other.set_nonblocking(true).unwrap();
        assert_eq!(other.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "it is still open");
    }
}
