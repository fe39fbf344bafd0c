//! The versions of the crates that write the embedded store's files.
//!
//! fjall does not promise the format of the files that `store/journal.rs`, `store/flush_counter.rs`
//! and `store/tables.rs` read: the journal's batches, which part of a torn journal is dropped, the
//! order of sequence numbers, the tables' metadata. A new version may change any of that silently.
//! A change of version is therefore a decision. Before you change [`VERSIONS`]:
//!
//! 1. Read the difference of the crate's `journal` and `file` modules (fjall), `table` and `version` modules (lsm-tree), `writer` and
//!    `reader` modules (sfa), between the two versions.
//! 2. Compare the format in the head of `store/journal.rs` with what the new version writes.
//! 3. Run `cargo test --workspace --test power_loss --test power --test killed --test durability`, which cut and damage journals, and
//!    `cargo test --workspace --test system -- golden_store`, which serves a store of an older version.
//! 4. Change the workspace's `Cargo.toml`, the versions here, and ADR 0089.

use std::collections::BTreeMap;
use std::path::Path;

/// The versions whose format `store/` reads.
const VERSIONS: [(&str, &str); 3] = [
    ("fjall", "3.1.13"),
    ("lsm-tree", "3.1.10"),
    ("sfa", "1.0.0"),
];

/// Every package of a lock file, with its versions.
fn packages(lock: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut packages: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let mut lines = package.lines();
            lines.find_map(|line| {
                line.strip_prefix(name)?
                    .strip_prefix(" = \"")?
                    .strip_suffix('"')
            })
        };
        if let (Some(name), Some(version)) = (field("name"), field("version")) {
            packages.entry(name).or_default().push(version);
        }
    }
    packages
}

#[test]
fn the_crates_that_write_the_stores_files_have_the_versions_whose_format_is_known() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let lock = std::fs::read_to_string(lock).expect("the workspace's lock file");
    let packages = packages(&lock);
    for (name, version) in VERSIONS {
        assert_eq!(
            packages.get(name).map(Vec::as_slice),
            Some(&[version][..]),
            "{name}: the head of this file says what to check before another version is used"
        );
    }
}
