//! The length of files.

use super::{ANY_LENGTH, MAX_LINES, MAX_LINES_OF_TESTS, assert_none, sources, sources_below};

#[test]
fn no_file_is_too_long_to_read() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|source| !source.is_in(&ANY_LENGTH))
        .map(|source| (source.text.lines().count(), &source.path))
        .filter(|(lines, _)| *lines > MAX_LINES)
        .map(|(lines, path)| format!("src/{path}: {lines} lines, at most {MAX_LINES} are allowed"))
        .collect();
    assert_none("these files must be split", &long);
}

#[test]
fn no_file_of_tests_is_too_long_to_read() {
    let mut long = Vec::new();
    for folder in ["tests/api", "tests/common", "tests/processes", "tests/project"] {
        let sources = sources_below(folder);
        assert!(!sources.is_empty(), "{folder} has no tests");
        let counted = sources.iter().map(|source| (source.text.lines().count(), &source.path));
        let too_long = counted.filter(|(lines, _)| *lines > MAX_LINES_OF_TESTS);
        long.extend(too_long.map(|(lines, path)| format!("{folder}/{path}: {lines} lines")));
    }
    assert_none("these files of tests must be split", &long);
}
