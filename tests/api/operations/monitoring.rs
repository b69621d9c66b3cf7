//! The documents for monitoring name the metrics that a server really has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use crate::common::{TestApp, Value};

fn operations(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations").join(name)).unwrap()
}

/// The metrics page of a server with every metric. A metric with labels appears after its first event.
fn metrics() -> String {
    let app = TestApp::with(|settings| settings.server.head_timeout_ms = 100);
    let rice = app.product("rice", 10.0, 7);
    app.customer("mara").buy(&rice, 1);
    let mut slow = TcpStream::connect(app.address.strip_prefix("http://").unwrap()).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let mut refusal = Vec::new();
    slow.read_to_end(&mut refusal).unwrap();
    app.root().get("/metrics").expect(200).text()
}

/// The kind of each metric, by its name.
fn kinds(page: &str) -> BTreeMap<String, String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    lines.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// The names of metrics in a text, those of a histogram's series included.
fn names(text: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !is_word(c));
    words.filter(|word| word.starts_with("stockroom_")).map(str::to_owned).collect()
}

/// The metric that a series belongs to.
fn metric_of(series: &str, kinds: &BTreeMap<String, String>) -> Option<String> {
    if kinds.contains_key(series) {
        return Some(series.to_owned());
    }
    let name = ["_bucket", "_count", "_sum"].iter().find_map(|suffix| series.strip_suffix(suffix))?;
    (kinds.get(name)? == "histogram").then(|| name.to_owned())
}

/// The expressions of a dashboard's panels and of its variables.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "expr" || name == "query" => found.push(text.clone()),
                    other => expressions(other, found),
                }
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| expressions(entry, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_and_the_alerts_use_metrics_that_exist_and_every_metric_is_described() {
    let kinds = kinds(&metrics());
    let dashboard: Value = serde_json::from_str(&operations("grafana.json")).unwrap();
    let mut used = Vec::new();
    expressions(&dashboard, &mut used);
    assert!(used.len() > 20, "{used:?}");
    let guide = operations("monitoring.md");
    for text in used.iter().map(String::as_str).chain([guide.as_str()]) {
        for name in names(text) {
            assert!(metric_of(&name, &kinds).is_some(), "no metric is named {name}: {text}");
        }
    }
    let described = names(&guide);
    let missing: Vec<&String> = kinds.keys().filter(|name| !described.contains(*name)).collect();
    assert!(missing.is_empty(), "monitoring.md does not describe {missing:?}");
}

#[test]
fn the_messages_of_the_guide_are_those_of_the_program() {
    let guide = operations("monitoring.md");
    let table = guide.split("| message |").nth(1).unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let messages: Vec<String> = rows.flat_map(|cell| cell.split('`').step_by(2).map(str::to_owned)).collect();
    assert!(messages.len() > 10, "{messages:?}");
    let source = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for message in messages.iter().map(|message| message.trim_end_matches('…').trim()).filter(|one| !one.is_empty()) {
        assert!(source.contains(&format!("\"{message}")), "the program never logs {message:?}");
    }
}

fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { sources(&path) } else { fs::read_to_string(path).unwrap_or_default() })
        .collect()
}
