//! Adds a handler to a manifest, and keeps the rest as the user wrote it.

use annals_compose::problem::{Code, Problem};
use std::path::Path;
use toml_edit::{DocumentMut, InlineTable, Item, Table};

/// Returns the manifest with one more handler, whose table is `entry` including its comments.
///
/// # Errors
///
/// If the text is not TOML, or the handler already exists.
pub fn add_handler(file: &Path, text: &str, name: &str, entry: &Table) -> Result<String, Problem> {
    let at = file.display().to_string();
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        Problem::new(
            Code::Syntax,
            &at,
            error.message().to_owned(),
            "correct the manifest first",
        )
    })?;
    let end = document.iter().filter_map(|(_, item)| position(item)).max();
    let handlers = document.entry("handlers").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let there = Problem::new(
        Code::AlreadyThere,
        &at,
        format!("already has a handler `{name}`"),
        "choose another name",
    );
    match handlers {
        Item::Table(handlers) => {
            if handlers.contains_key(name) {
                return Err(there);
            }
            let mut entry = entry.clone();
            // Insert after the last handler, and before later tables.
            let behind = handlers.iter().filter_map(|(_, item)| position(item)).max();
            if let Some(place) = behind.or(end) {
                entry.set_position(place);
            }
            handlers.insert(name, Item::Table(entry));
        }
        Item::Value(toml_edit::Value::InlineTable(handlers)) => {
            if handlers.contains_key(name) {
                return Err(there);
            }
            let mut inline = InlineTable::new();
            for (key, item) in entry {
                if let Some(value) = item.as_value() {
                    inline.insert(key, value.clone().decorated(" ", ""));
                }
            }
            inline.fmt();
            handlers.insert(name, toml_edit::Value::InlineTable(inline));
        }
        _ => {
            return Err(Problem::new(
                Code::WrongType,
                &at,
                "`handlers` is not a table",
                "make it one: [handlers.<name>] for each handler",
            ));
        }
    }
    Ok(document.to_string())
}

/// The position of the last header of a table or its subtables among all headers.
fn position(item: &Item) -> Option<usize> {
    let table = item.as_table()?;
    let inner = table.iter().filter_map(|(_, item)| position(item)).max();
    inner.max(table.position())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Table {
        let document: DocumentMut = text.parse().expect("TOML");
        document["handler"].as_table().expect("a table").clone()
    }

    fn added(text: &str) -> Result<String, Problem> {
        let entry = entry("\n# What it is.\n[handler]\npath = \"b\"\nallow = [\"x\"]\n");
        add_handler(Path::new("annals.toml"), text, "b", &entry)
    }

    const NEW: &str = "\n# What it is.\n[handlers.b]\npath = \"b\"\nallow = [\"x\"]\n";

    #[test]
    fn a_handler_comes_behind_the_others_and_nothing_else_changes() {
        let before =
            "# Mine.\n[app]\nname   = 'x' # odd\n\n[handlers.a]\npath=\"a\"\n\n# Told last.\n";
        let after =
            "[delivery] # of mine\nbudget = \"1s\"\n\n[store]\nprefix = \"p\"\n# The end.\n";
        let text = added(&format!("{before}{after}")).expect("it fits");
        let place = text.find("# What it is.").expect("the comment");
        assert!(place < text.find("[delivery]").expect("the rest"), "{text}");
        let without = text.replacen(NEW, "", 1);
        assert_eq!(without, format!("{before}{after}"), "{text}");
    }

    #[test]
    fn the_first_handler_comes_at_the_end() {
        let before = "[app]\nname = \"x\"\n\n[store]\nprefix = \"p\"\n";
        assert_eq!(added(before).expect("it fits"), format!("{before}{NEW}"));
    }

    #[test]
    fn an_inline_table_stays_one() {
        let text = added("handlers = { a = { path = \"a\" } } # all\n[app]\nname = \"x\"\n")
            .expect("it fits");
        let table: toml::Table = text.parse().expect("TOML");
        assert_eq!(table["handlers"]["b"]["path"].as_str(), Some("b"));
        assert!(
            text.starts_with("handlers = { a = { path = \"a\" }"),
            "{text}"
        );
        assert!(text.contains("# all"), "{text}");
    }

    #[test]
    fn what_is_there_or_broken_is_told() {
        let there = added("[handlers.b]\npath = \"b\"\n").expect_err("there");
        assert!(
            there
                .to_string()
                .contains("annals.toml: already has a handler `b`"),
            "{there}"
        );
        let inline = added("handlers = { b = {} }\n").expect_err("there");
        assert_eq!(inline.what, there.what);
        let broken = added("[app\n").expect_err("broken");
        assert!(broken.remedy.contains("correct the manifest"), "{broken}");
        assert!(added("handlers = 3\n").is_err());
    }
}
