//! Makes a crate a member of a cargo workspace, and keeps the rest as the user wrote it.

use annals_compose::problem::{Code, Problem};
use std::path::{Path, PathBuf};
use toml_edit::{Array, DocumentMut, Item, Value};

/// The workspace that cargo finds for a crate below `folder`: the nearest `Cargo.toml` with
/// `[workspace]`, here or above.
#[must_use]
pub fn root_above(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let mut files = folder.ancestors().map(|folder| folder.join("Cargo.toml"));
    files.find(|file| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.parse::<toml::Table>()
            .is_ok_and(|table| table.contains_key("workspace"))
    })
}

/// The name of a folder in the workspace's list of members.
#[must_use]
pub fn member(cargo_toml: &Path, folder: &Path) -> String {
    let root = cargo_toml.parent().unwrap_or(Path::new(""));
    let parent = folder.parent().filter(|parent| *parent != Path::new(""));
    let parent = parent.unwrap_or(Path::new(".")).canonicalize();
    let name = folder.file_name().unwrap_or_default();
    let below = parent
        .ok()
        .and_then(|parent| Some(parent.strip_prefix(root).ok()?.join(name)));
    below.unwrap_or_else(|| name.into()).display().to_string()
}

/// Adds members to the workspace, unless a pattern covers them.
///
/// # Errors
///
/// If the text is not TOML of a workspace.
pub fn add_members<'a>(
    file: &Path,
    text: &str,
    members: impl IntoIterator<Item = &'a str>,
) -> Result<String, Problem> {
    let wrong = |what: &str| {
        Problem::new(
            Code::Syntax,
            file.display().to_string(),
            what,
            "correct it first; `members` of its [workspace] lists the handlers' folders",
        )
    };
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| wrong(error.message()))?;
    let workspace = document["workspace"]
        .as_table_like_mut()
        .ok_or_else(|| wrong("has no table [workspace]"))?;
    let list = workspace
        .entry("members")
        .or_insert(Item::Value(Value::Array(Array::new())))
        .as_array_mut()
        .ok_or_else(|| wrong("`workspace.members` is not a list"))?;
    for member in members {
        if !list.iter().any(|pattern| {
            pattern
                .as_str()
                .is_some_and(|pattern| covers(pattern, member))
        }) {
            push(list, member);
        }
    }
    Ok(document.to_string())
}

/// Adds to a list in the list's own layout.
fn push(list: &mut Array, member: &str) {
    let one_a_line = list
        .iter()
        .last()
        .and_then(|last| last.decor().prefix()?.as_str());
    let prefix = one_a_line
        .filter(|prefix| prefix.contains('\n'))
        .map(ToOwned::to_owned);
    match prefix {
        Some(prefix) => {
            // A comment above the last member belongs to that member only.
            let indent = prefix.rsplit('\n').next().unwrap_or_default();
            let value = Value::from(member).decorated(format!("\n{indent}"), "");
            list.push_formatted(value);
        }
        None => list.push(member),
    }
}

/// True if a pattern of cargo's `members` covers a folder. `*` matches any text in one segment.
fn covers(pattern: &str, member: &str) -> bool {
    let segments = |path: &str| -> Vec<String> {
        let segments = path
            .split('/')
            .filter(|segment| !matches!(*segment, "" | "."));
        segments.map(ToOwned::to_owned).collect()
    };
    let (pattern, member) = (segments(pattern), segments(member));
    pattern.len() == member.len() && pattern.iter().zip(&member).all(|(p, m)| segment(p, m))
}

fn segment(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len())
                .filter(|at| rest.is_char_boundary(*at))
                .any(|at| segment(after, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> String {
        add_members(Path::new("Cargo.toml"), text, ["new"]).expect("a workspace")
    }

    #[test]
    fn a_member_is_added_in_the_way_of_the_list() {
        assert_eq!(
            added("[workspace]\nmembers = []\n"),
            "[workspace]\nmembers = [\"new\"]\n"
        );
        assert_eq!(
            added("[workspace] # mine\nmembers = [\"a\", \"b\"] # all\n"),
            "[workspace] # mine\nmembers = [\"a\", \"b\", \"new\"] # all\n"
        );
        assert_eq!(
            added("[workspace]\nmembers = [\n    \"a\",\n    # Odd.\n    \"b\",\n]\n"),
            "[workspace]\nmembers = [\n    \"a\",\n    # Odd.\n    \"b\",\n    \"new\",\n]\n"
        );
        let bare = added("[workspace]\nresolver = \"3\"\n");
        assert!(bare.contains("members = [\"new\"]"), "{bare}");
    }

    #[test]
    fn what_a_pattern_covers_is_not_added() {
        for covering in ["*", "new", "./new", "n*", "*w"] {
            let text = format!("[workspace]\nmembers = [\"{covering}\"]\n");
            assert_eq!(added(&text), text);
        }
        for other in ["new/*", "handlers/*", "ne", "*x"] {
            let text = format!("[workspace]\nmembers = [\"{other}\"]\n");
            assert!(added(&text).contains("\"new\""), "{other}");
        }
    }

    #[test]
    fn what_is_no_workspace_is_told() {
        for text in [
            "[package]\nname = \"x\"\n",
            "[workspace\n",
            "[workspace]\nmembers = 3\n",
        ] {
            assert!(
                add_members(Path::new("Cargo.toml"), text, ["new"]).is_err(),
                "{text}"
            );
        }
    }
}
