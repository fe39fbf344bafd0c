//! Checks the decision records in `docs/adr`: each has all sections, the list contains all of them,
//! and every citation refers to an existing record.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The records by their numbers: file names and texts.
fn records() -> BTreeMap<usize, (String, String)> {
    let entries = fs::read_dir(workspace().join("docs/adr")).expect("the records");
    let files = entries.map(|entry| entry.expect("an entry").path());
    let records = files.filter(|path| !path.ends_with("README.md"));
    records
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            let number = name.get(..4).and_then(|number| number.parse().ok());
            let text = fs::read_to_string(&path).expect("text");
            let number = number.unwrap_or_else(|| panic!("{name} has no number"));
            (number, (name.into_owned(), text))
        })
        .collect()
}

#[test]
fn every_record_has_its_parts_and_stands_in_the_list() {
    let records = records();
    let list = fs::read_to_string(workspace().join("docs/adr/README.md")).expect("the list");
    let listed: Vec<&str> = list
        .lines()
        .filter(|line| line.starts_with("- ["))
        .collect();
    assert!(
        records.keys().copied().eq(1..=records.len()),
        "a number is missing or there twice"
    );
    assert_eq!(listed.len(), records.len());
    for ((number, (name, text)), line) in records.iter().zip(listed) {
        let heading = format!("# {number:04}: ");
        let title = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix(&*heading));
        let title = title.unwrap_or_else(|| panic!("{name} does not begin with {heading}"));
        assert_eq!(line, format!("- [{number:04}]({name}) {title}"));
        for part in [
            "\nStatus: ",
            "\n## Context\n",
            "\n## Decision\n",
            "\n## Consequences\n",
        ] {
            assert!(text.contains(part), "{name} has no {part:?}");
        }
    }
}

#[test]
fn every_record_that_is_cited_is_there() {
    let records = records();
    let cited = Command::new("git")
        .args([
            "grep",
            "-hoE",
            "(ADR |docs/adr/|\\(adr/|\\.\\./adr/)[0-9]{4}[-a-z0-9]*",
        ])
        .current_dir(workspace())
        .output()
        .expect("git runs");
    let cited = String::from_utf8(cited.stdout).expect("text");
    let mut count = 0;
    for citation in cited.lines() {
        let start = citation
            .find(|c: char| c.is_ascii_digit())
            .expect("a number");
        let (number, rest) = citation[start..].split_at(4);
        let record = records.get(&number.parse().expect("a number"));
        let (name, _) = record.unwrap_or_else(|| panic!("no record {citation}"));
        assert!(
            rest.is_empty() || format!("{number}{rest}.md") == *name,
            "{citation} is {name}"
        );
        count += 1;
    }
    assert!(count > 0, "nothing cites a record");
}
