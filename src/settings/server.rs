//! Settings of the server's addresses, and of the proxies and origins that it trusts.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::{Secret, SettingsError, check_rules};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub host: String,
    pub port: u16,
    /// The public address of this server. If empty, its listening address is used.
    pub public_url: String,
    pub workers: usize,
    pub shutdown_seconds: u64,
    /// Reverse proxies that may report the address of their client.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// The host names that requests may use for this server. Empty: see the defaults file.
    #[serde(deserialize_with = "entries")]
    pub allowed_hosts: Vec<String>,
    /// Origins of pages that may call this server from a browser.
    #[serde(deserialize_with = "entries")]
    pub cors_origins: Vec<String>,
    /// If 0, the limit is derived from the limit of open files. A larger number is reduced to that limit.
    pub max_connections: usize,
    pub head_timeout_ms: u64,
    pub body_timeout_ms: u64,
    pub write_timeout_ms: u64,
    pub min_bytes_per_second: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSettings {
    /// The token that is required to read /metrics, unless it is empty.
    pub token: Secret,
}

impl Server {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let rules = [
            (self.head_timeout_ms >= 1, "server.head_timeout_ms must be at least 1"),
            (self.body_timeout_ms >= 1, "server.body_timeout_ms must be at least 1"),
            (self.write_timeout_ms >= 1, "server.write_timeout_ms must be at least 1"),
            (
                self.cors_origins.iter().all(|origin| is_origin(origin)),
                "server.cors_origins must be origins such as https://shop.example.com, or *",
            ),
        ];
        check_rules(&rules)
    }
}

/// Reads networks in CIDR notation, or single addresses.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let entries = entries(deserializer)?;
    let parse = |entry: &String| entry.parse().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from));
    entries
        .iter()
        .map(|entry| parse(entry).map_err(|_not_one| D::Error::custom(format!("{entry} is no network"))))
        .collect()
}

/// A list in a file, or a text in the environment whose entries are separated by commas.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a list, or text with commas between the entries, is needed")]
enum List {
    Entries(Vec<String>),
    Text(String),
}

/// Reads the entries of a list. An empty environment variable is an empty list.
fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let entries = match List::deserialize(deserializer)? {
        List::Entries(entries) => entries,
        List::Text(text) => text.split(',').map(str::to_owned).collect(),
    };
    Ok(entries.iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect())
}

/// True for scheme, host and port as a browser sends them, without a path. `*` allows any origin.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    text == "*" || host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', '@', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_the_environment_are_separated_by_commas() {
        let read = |text: &str| {
            let found = networks(serde_json::Value::from(text));
            found.map(|networks| networks.iter().map(ToString::to_string).collect::<Vec<_>>()).ok()
        };
        assert_eq!(read("10.0.0.0/8, ::1").unwrap(), ["10.0.0.0/8", "::1/128"]);
        assert_eq!(read("").unwrap(), Vec::<String>::new());
        assert_eq!(read("10.0.0.0/8,proxy.example"), None);
    }
}
