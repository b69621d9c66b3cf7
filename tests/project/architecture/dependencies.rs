//! The dependencies of `Cargo.toml`: each is named by code that may use it.

use std::fs;
use std::path::Path;

use super::{assert_none, sources_below};

#[test]
fn every_dependency_is_used() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let library = text_below(&["src"]);
    let tests = text_below(&["src", "tests", "benches"]);
    let build = fs::read_to_string(root.join("build.rs")).unwrap();
    let (mut unused, mut found) = (Vec::new(), 0);
    for (section, dependency) in dependencies(&manifest) {
        let code = match section {
            "dev-dependencies" => &tests,
            "build-dependencies" => &build,
            _ => &library,
        };
        found += 1;
        if !names(code, &dependency.replace('-', "_")) {
            unused.push(format!("{dependency} of [{section}]"));
        }
    }
    assert!(found > 50, "only {found} dependencies were found");
    assert_none("nothing uses these dependencies", &unused);
}

/// The dependencies, each with its kind. A section of one platform counts as the kind that it ends with.
fn dependencies(manifest: &str) -> Vec<(&str, &str)> {
    let (mut section, mut found) = ("", Vec::new());
    for line in manifest.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').rsplit('.').next().unwrap();
        } else if let ("dependencies" | "dev-dependencies" | "build-dependencies", Some((name, _))) =
            (section, line.split_once(" = "))
        {
            found.push((section, name));
        }
    }
    found
}

fn text_below(folders: &[&str]) -> String {
    folders.iter().flat_map(|folder| sources_below(folder)).map(|source| source.text).collect()
}

/// Whether a path of the code begins with the crate.
fn names(code: &str, crate_name: &str) -> bool {
    let is_part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let path = format!("{crate_name}::");
    code.match_indices(&path).any(|(start, _)| !code.get(..start).unwrap().ends_with(is_part_of_name))
}

#[test]
fn an_unused_dependency_is_found() {
    let manifest = "[package]\nname = \"shop\"\n\n[dependencies]\nserde = \"1\"\n\n[target.'cfg(unix)'.dependencies]\nnix = \"1\"\n";
    assert_eq!(dependencies(manifest), [("dependencies", "serde"), ("dependencies", "nix")]);
    assert!(names("use serde::Serialize;", "serde"));
    assert!(!names("use my_serde::Serialize; // serde", "serde"));
}
