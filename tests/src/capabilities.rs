//! The table of capabilities says what is so: every row once, and every test that it names exists.

use std::collections::BTreeSet;
use std::path::Path;

/// How many rows each part of the table has.
const ROWS: [usize; 5] = [28, 28, 14, 11, 19];
const STATES: [&str; 4] = ["done", "part", "open", "outside"];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The names of all functions in a folder of sources.
fn functions_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            functions_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn every_capability_has_its_row_and_every_test_that_it_names_exists() {
    let text = std::fs::read_to_string(root().join("docs/capabilities.md")).expect("the table");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("| ") && line.as_bytes().get(2).is_some_and(u8::is_ascii_digit))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let expected: Vec<String> = ROWS
        .iter()
        .enumerate()
        .flat_map(|(part, count)| (1..=*count).map(move |row| format!("{part}-{row}")))
        .collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), expected);
    let mut known = BTreeSet::new();
    for crate_name in ["server", "sync-core", "field-cli", "tests"] {
        functions_in(&root().join(crate_name).join("src"), &mut known);
    }
    for row in rows {
        let [id, _tier, state, _by, tests] = row[..] else { panic!("a row has five cells: {row:?}") };
        assert!(STATES.contains(&state), "{id}: {state}");
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert_eq!(matches!(state, "done" | "part"), !named.is_empty(), "{id}: {state} and {tests}");
        for test in named {
            assert!(known.contains(test), "{id}: there is no test {test}");
        }
    }
}
