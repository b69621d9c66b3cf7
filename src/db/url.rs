//! Adds parameters to the URL of the database by which a connection without answers fails.

/// Parameters of libpq with their values, for those that the URL does not set. Those about TCP do nothing for a
/// Unix socket. A connection that loses its peer is noticed within 5 s while it waits for an answer, and within
/// about 11 s while it is idle; a server that accepts and then is silent, after 3 s.
const PARAMETERS: [(&str, &str); 6] = [
    ("connect_timeout", "3"),
    ("keepalives", "1"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
    // In milliseconds.
    ("tcp_user_timeout", "5000"),
];

/// Both forms that libpq takes: a URL, of one host or several, and `host=… dbname=…`.
pub(super) fn with_timeouts(url: &str) -> String {
    let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let mut full = url.to_owned();
    for (name, value) in PARAMETERS.into_iter().filter(|(name, _)| !sets(url, name)) {
        let separator = match (is_url, full.contains('?')) {
            (false, _) => " ",
            (true, false) => "?",
            (true, true) if full.ends_with(['?', '&']) => "",
            (true, true) => "&",
        };
        full.push_str(&format!("{separator}{name}={value}"));
    }
    full
}

/// True if the parameter is there, as a whole word before an equals sign.
fn sets(url: &str, name: &str) -> bool {
    url.match_indices(name).any(|(at, _)| {
        let before = url.get(..at).unwrap_or_default().chars().next_back();
        let after = url.get(at.saturating_add(name.len())..).unwrap_or_default().trim_start();
        before.is_none_or(|c| matches!(c, '?' | '&') || c.is_whitespace()) && after.starts_with('=')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = "connect_timeout=3&keepalives=1&keepalives_idle=5&keepalives_interval=2&keepalives_count=3\
                       &tcp_user_timeout=5000";

    #[test]
    fn every_form_of_url_gets_the_timeouts() {
        assert_eq!(with_timeouts("postgres://h/db"), format!("postgres://h/db?{ALL}"));
        let hosts = "postgresql://u:p@a:5432,b:5433/db?target_session_attrs=read-write";
        assert_eq!(with_timeouts(hosts), format!("{hosts}&{ALL}"));
        assert_eq!(with_timeouts("postgres:///db?host=/run"), format!("postgres:///db?host=/run&{ALL}"));
        assert_eq!(with_timeouts("postgres://h/db?"), format!("postgres://h/db?{ALL}"));
        assert_eq!(with_timeouts("host=h dbname=db"), format!("host=h dbname=db {}", ALL.replace('&', " ")));
    }

    #[test]
    fn parameters_of_the_url_stay() {
        let url = "postgres://h/db?connect_timeout=9&keepalives=0";
        let full = with_timeouts(url);
        assert!(full.starts_with(url) && full.matches("connect_timeout").count() == 1, "{full}");
        assert!(!full.contains("keepalives=1") && full.contains("keepalives_idle=5"), "{full}");
        assert!(!with_timeouts("host=h tcp_user_timeout = 1").contains("tcp_user_timeout=5000"));
    }

    #[test]
    fn names_within_other_words_set_nothing() {
        assert!(with_timeouts("postgres://keepalives:p@h/keepalives").contains("keepalives=1"));
    }
}
