//! Hides requests to upgrade from the framework.
//!
//! This server never upgrades a connection, so it must ignore such a request (RFC 9110, section 7.8). The framework
//! would read everything after a handshake of websocket as a body without end. It would also end the connection after
//! the response to a request with `Connection: upgrade`. So the wrapper changes one letter of these words in each head.

const UPGRADE: &[u8] = b"upgrade";
const CONNECTION: &[u8] = b"connection:";

/// Replaces the last letter of a word. Names of headers and options of `Connection` may contain it.
const REPLACEMENT: u8 = b'_';

/// Reads one header line. The bytes may arrive one by one, so no byte is changed after its turn.
#[derive(Debug, Default)]
pub struct UpgradeMask {
    column: usize,
    /// The number of bytes of `connection:` at the start of the line.
    connection: usize,
    /// The number of bytes of `upgrade` before the current byte.
    upgrade: usize,
}

impl UpgradeMask {
    /// Changes a name that starts with `upgrade`, and each option of `Connection` that contains `upgrade`. No other
    /// header with such a name has a meaning for this server.
    pub fn mask(&mut self, byte: &mut u8) {
        let lower = byte.to_ascii_lowercase();
        let is_option = self.connection == CONNECTION.len();
        if is_option || self.upgrade == self.column {
            self.upgrade = match UPGRADE.get(self.upgrade) {
                Some(expected) if *expected == lower => self.upgrade.saturating_add(1),
                _ => usize::from(is_option && UPGRADE.first() == Some(&lower)),
            };
        }
        if self.upgrade == UPGRADE.len() {
            *byte = REPLACEMENT;
            self.upgrade = 0;
        }
        if self.connection == self.column && CONNECTION.get(self.column) == Some(&lower) {
            self.connection = self.connection.saturating_add(1);
        }
        self.column = self.column.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str) -> String {
        let mut mask = UpgradeMask::default();
        let mut bytes = line.as_bytes().to_vec();
        bytes.iter_mut().for_each(|byte| mask.mask(byte));
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_header_and_the_option_of_connection_are_changed() {
        for (line, expected) in [
            ("Upgrade: websocket", "Upgrad_: websocket"),
            ("uPGRADE:upgrade", "uPGRAD_:upgrade"),
            ("Connection: Upgrade", "Connection: Upgrad_"),
            ("connection:upgrade,keep-alive,UPGRADE", "connection:upgrad_,keep-alive,UPGRAD_"),
            ("Connection: HTTP2-Settings, upupgrade ,close", "Connection: HTTP2-Settings, upupgrad_ ,close"),
        ] {
            assert_eq!(masked(line), expected);
        }
    }

    #[test]
    fn no_other_header_is_changed() {
        for line in
            ["X-Upgrade: upgrade", "Upgrad: e", "Connections: upgrade", "X: connection: upgrade", "up-upgrade: 1"]
        {
            assert_eq!(masked(line), line);
        }
    }
}
