//! The rules of the project that no compiler checks: the direction of imports, the files that may use the web
//! framework and SQL, and the length of a file.

mod dependencies;
mod lengths;
mod writers;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use writers::WRITERS;

/// The modules in reading order, as in `lib.rs`. A module imports from those before it, and from itself.
const READING_ORDER: [&str; 34] = [
    "kernel",
    "db",
    "embedded_postgres",
    "error",
    "settings",
    "http",
    "auth",
    "idempotency",
    "events",
    "audit",
    "mail",
    "stores",
    "accounts",
    "customers",
    "catalogue",
    "inventory",
    "forecasting",
    "purchasing",
    "cart",
    "orders",
    "payments",
    "batching",
    "checkout",
    "fulfilment",
    "imports",
    "reports",
    "scan",
    "feed",
    "webhooks",
    "alerts",
    "demo",
    "jobs",
    "desk",
    "health",
];

/// The modules that compose the application. They may import all modules before them, and only they import each other.
const TOP: [&str; 4] = ["openapi", "routes", "app", "cli"];

/// Modules that may import less than their position in the order allows.
const NARROW: [(&str, &[&str]); 7] = [
    ("kernel", &[]),
    ("error", &["db", "kernel"]),
    ("embedded_postgres", &[]),
    ("settings", &["db", "kernel"]),
    ("http", &["kernel", "db", "error", "settings"]),
    ("mail", &["kernel", "db", "settings"]),
    ("desk", &["error", "http"]),
];

/// The files and folders in which actix-web may appear besides `api.rs` and `api/`.
const ACTIX: [&str; 16] = [
    "http/",
    "routes.rs",
    "app.rs",
    "error.rs",
    "error/code.rs",
    "desk/",
    "health/",
    "openapi/",
    "cli/",
    // Extractors.
    "auth/authorize.rs",
    "auth/context.rs",
    "auth/cookie.rs",
    "auth/cookie_sessions.rs",
    "idempotency/answer.rs",
    "idempotency/command.rs",
    // Threads that may block.
    "auth/password.rs",
];

/// The files and folders in which diesel's query language and SQL may appear besides `queries.rs`, folders of that
/// name, and `db/`.
const SQL: [&str; 7] = [
    // Types with their own codec for the database.
    "kernel/",
    "catalogue/product.rs",
    "inventory/product_with_stock.rs",
    "inventory/reservation.rs",
    "orders/order.rs",
    // The rules of the ledger check are queries.
    "reports/rules.rs",
    "reports/verify.rs",
];

/// The files whose responses are serialized on the thread of an event loop, because they are small.
const SMALL_RESPONSES: [&str; 5] = [
    "accounts/api/browser_sessions.rs",
    "accounts/api/accounts.rs",
    "accounts/api/sessions.rs",
    "fulfilment/api/callback.rs",
    "health/mod.rs",
];

/// The signs of SQL in a line. `PgConnection` and diesel's errors may be passed through anywhere.
const SIGNS_OF_SQL: [&str; 8] = [
    "diesel::prelude",
    "diesel::sql_types",
    "diesel::sql_query",
    "diesel::insert_into",
    "diesel::update",
    "diesel::delete",
    "db::schema",
    "db::sql",
];

const MAX_LINES: usize = 300;
const MAX_LINES_OF_TESTS: usize = 400;

/// Generated.
const ANY_LENGTH: [&str; 1] = ["db/schema.rs"];

struct Source {
    /// Below `src/`.
    path: String,
    text: String,
}

impl Source {
    /// The first folder below `src/`, or the name of a file that stands there.
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| if place.ends_with('/') { self.path.starts_with(place) } else { self.path == *place })
    }

    /// Whether the file has that name, or a folder above it has.
    fn is_part_of(&self, name: &str) -> bool {
        self.path.split('/').any(|part| part == name || part.strip_suffix(".rs") == Some(name))
    }

    /// Lines of code with their numbers, without comments and without the unit tests at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| *line != "#[cfg(test)]");
        let numbered = lines.enumerate().map(|(index, line)| (index + 1, line.split("//").next().unwrap()));
        numbered.filter(|(_, line)| !line.trim().is_empty())
    }

    /// The modules that a line names by a path from the root of the crate. A path in quotes is text.
    fn modules_of(line: &str) -> Vec<&str> {
        let unquoted = line.split('"').step_by(2);
        let paths = unquoted.flat_map(|part| part.split("crate::").skip(1).chain(part.split("stockroom::").skip(1)));
        paths
            .flat_map(|rest| match rest.strip_prefix('{') {
                // `use crate::{db, web}`
                Some(group) => group.split([',', '}']).map(str::trim).collect(),
                None => vec![rest],
            })
            .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
            .filter(|module| !module.is_empty())
            .collect()
    }
}

fn sources() -> Vec<Source> {
    let sources = sources_below("src");
    assert!(sources.len() > 50, "only {} sources were found", sources.len());
    sources
}

fn sources_below(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                sources.push(Source { path: name, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn index(module: &str) -> Option<usize> {
    READING_ORDER.iter().chain(&TOP).position(|known| *known == module)
}

fn may_import(module: &str, other: &str) -> bool {
    if module == other || module == "main" {
        return true;
    }
    if let Some((_, known)) = NARROW.iter().find(|(narrow, _)| *narrow == module) {
        return known.contains(&other);
    }
    match (index(module), index(other)) {
        (Some(module), Some(other)) => other < module,
        _ => false,
    }
}

#[track_caller]
fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn the_reading_order_is_that_of_the_library() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let modules: Vec<&str> = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let order: Vec<&str> = READING_ORDER.iter().chain(&TOP).copied().filter(|module| *module != "cli").collect();
    assert_eq!(modules, order);
}

#[test]
fn imports_run_one_way() {
    let sources = sources();
    let back: Vec<String> = sources
        .iter()
        .flat_map(|source| {
            source.code().flat_map(move |(number, line)| {
                let against = Source::modules_of(line).into_iter().filter(|other| !may_import(source.module(), other));
                against.map(move |other| format!("src/{}:{number}: {} imports {other}", source.path, source.module()))
            })
        })
        .collect();
    assert_none("these imports run back up the reading order", &back);
}

/// A path that climbs two levels leaves its folder without being seen by the test above.
#[test]
fn no_path_leaves_its_module() {
    let sources = sources();
    let climbing: Vec<String> = sources
        .iter()
        .flat_map(|source| {
            let depth = source.path.split('/').count();
            let is_root_of_folder = source.path.ends_with("/mod.rs");
            source
                .code()
                .filter(move |(_, line)| {
                    let climbs = longest_climb(line);
                    // `src/a/b.rs` is two levels below the root, and so is left by two steps.
                    let below = if is_root_of_folder { depth - 1 } else { depth };
                    climbs >= below && climbs > 0
                })
                .map(|(number, line)| format!("src/{}:{number}: {}", source.path, line.trim()))
        })
        .collect();
    assert_none("these paths leave their module; use crate:: instead", &climbing);
}

fn longest_climb(line: &str) -> usize {
    let mut longest = 0;
    let mut rest = line;
    while let Some(start) = rest.find("super::") {
        rest = &rest[start..];
        let mut steps = 0;
        while let Some(after) = rest.strip_prefix("super::") {
            steps += 1;
            rest = after;
        }
        longest = longest.max(steps);
    }
    longest
}

#[test]
fn the_web_framework_stays_at_the_edge() {
    let sources = sources();
    let found: Vec<String> = sources
        .iter()
        .filter(|source| !source.is_part_of("api") && !source.is_in(&ACTIX))
        .flat_map(|source| lines_with(source, &["actix"]))
        .collect();
    assert_none("actix appears inside", &found);
}

/// Requests and jobs use the clock of the database as it is.
#[test]
fn only_the_demo_store_moves_the_clock() {
    let sources = sources();
    let found: Vec<String> = sources
        .iter()
        .filter(|source| !["demo", "db"].contains(&source.module()))
        .flat_map(|source| lines_with(source, &["clock::earlier", "insert_moment", "set_offset"]))
        .collect();
    assert_none("the clock is moved", &found);
}

#[test]
fn sql_stays_in_the_queries() {
    let sources = sources();
    let found: Vec<String> = sources
        .iter()
        .filter(|source| !source.is_part_of("queries"))
        .filter(|source| source.module() != "db" && !source.is_in(&SQL))
        .flat_map(|source| lines_with(source, &SIGNS_OF_SQL))
        .collect();
    assert_none("SQL appears outside of the queries", &found);
}

#[test]
fn each_table_is_written_by_one_file() {
    let sources = sources();
    let written: BTreeSet<(String, &str)> = sources
        .iter()
        .flat_map(|source| tables_written(source).into_iter().map(move |table| (table, source.path.as_str())))
        .collect();
    assert_eq!(written, WRITERS.iter().map(|(table, path)| ((*table).to_owned(), *path)).collect());
    let schema = &sources.iter().find(|source| source.path == "db/schema.rs").unwrap().text;
    let heads = schema.lines().map(str::trim).filter(|line| line.ends_with(") {"));
    let tables: BTreeSet<&str> = heads.map(first_name).collect();
    assert_eq!(tables, WRITERS.iter().map(|(table, _)| *table).collect());
}

/// The tables that a file writes, in SQL or in diesel's query language.
fn tables_written(source: &Source) -> BTreeSet<String> {
    let code = source.code().map(|(_, line)| line.trim().trim_end_matches('\\')).collect::<Vec<_>>().join(" ");
    let by_sql = ["INSERT INTO ", "DELETE FROM ", "UPDATE "].into_iter().flat_map(|verb| code.split(verb).skip(1));
    let by_sql = by_sql.map(first_name).filter(|name| !["", "SET"].contains(name));
    let by_diesel = ["diesel::insert_into(", ".insert_into(", "diesel::update(", "diesel::delete("];
    let by_diesel = by_diesel.into_iter().flat_map(|verb| code.match_indices(verb).map(|(at, verb)| at + verb.len()));
    let by_diesel = by_diesel.map(|at| {
        let name = first_name(&code[at..]);
        // A variable names rows that were selected before.
        let chosen = code[..at].rsplit_once(&format!("let {name} = ")).map_or(name, |(_, rows)| first_name(rows));
        if code[at..].starts_with(&format!("{name}::table")) { name } else { chosen }
    });
    by_sql.chain(by_diesel).map(ToOwned::to_owned).collect()
}

fn first_name(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap()
}

/// `db::sql` is found, `db::sql_anything` is another name.
fn lines_with(source: &Source, signs: &[&str]) -> Vec<String> {
    let is_sign = |line: &str, sign: &str| {
        line.match_indices(sign).any(|(at, _)| {
            let next = line[at + sign.len()..].chars().next();
            sign == "actix" || !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
    };
    source
        .code()
        .filter(|(_, line)| signs.iter().any(|sign| is_sign(line, sign)))
        .map(|(number, line)| format!("src/{}:{number}: {}", source.path, line.trim()))
        .collect()
}

#[test]
fn the_rules_themselves_find_what_they_look_for() {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    assert!(!may_import("cart", "orders") && may_import("orders", "cart") && may_import("orders", "orders"));
    assert!(!may_import("db", "error") && !may_import("http", "auth") && may_import("routes", "checkout"));
    assert_eq!(Source::modules_of("use crate::{db, web::Query};"), ["db", "web"]);
    assert!(Source::modules_of("target: \"stockroom::auth\",").is_empty());
    assert_eq!(Source::modules_of("fn f(x: crate::db::Failure) -> Vec<crate::error::ApiError>"), ["db", "error"]);
    let stray = source("cart/pricing.rs", "use diesel::prelude::*;\n// db::sql\nlet x = db::sql_of();\ndb::sql(\"\")");
    assert_eq!(lines_with(&stray, &SIGNS_OF_SQL).len(), 2);
    assert!(source("cart/api/add.rs", "").is_part_of("api") && !source("cart/apis.rs", "").is_part_of("api"));
    let writing = source(
        "a.rs",
        "\"UPDATE carts SET x\"\n\"FOR UPDATE\"\nlet old = users::table.filter(x);\ndiesel::delete(old)\n\
         orders::table.insert_into(stores::table)",
    );
    assert_eq!(tables_written(&writing), ["carts", "stores", "users"].map(str::to_owned).into());
    assert_eq!(longest_climb("use super::super::queries::{self}; use super::x;"), 2);
}

/// A large response would delay all connections of the event loop.
#[test]
fn responses_are_serialized_on_the_thread_that_reads_them() {
    let sources = sources();
    let others = sources.iter().filter(|source| !source.is_in(&SMALL_RESPONSES));
    let found = others.flat_map(|source| {
        let lines = source.code().filter(|(_, line)| line.contains(".json("));
        lines.map(|(number, _)| format!("src/{}:{number}", source.path))
    });
    assert_none("use Ctx::answer for the response", &found.collect::<Vec<_>>());
}
