//! Finds modules of a crate that depend on each other, by reading `use` lines and paths without
//! compiling.
//!
//! A module depends on another one if its text names it by `crate::` or `super::`. Parents and
//! children may depend on each other; the dependencies of all other modules must point one way.
//! Test code does not count.

use anyhow::{Context as _, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The path of a module in its crate, by names; empty for the root.
type Module = Vec<String>;

/// Groups of modules that depend on each other, in the crate with this `src` folder.
fn circles(src: &Path) -> Result<Vec<Vec<String>>> {
    let mut texts = BTreeMap::new();
    read(src, &[], &mut texts)?;
    let arrows: BTreeMap<&Module, BTreeSet<&Module>> = texts
        .iter()
        .map(|(module, text)| (module, needed(module, text, &texts)))
        .collect();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = arrows
        .keys()
        .map(|&module| (module, reachable(module, &arrows)))
        .collect();
    let mut circles: Vec<Vec<String>> = Vec::new();
    let mut seen: BTreeSet<&Module> = BTreeSet::new();
    for (&module, reach) in &reached {
        if !reach.contains(module) || seen.contains(module) {
            continue;
        }
        let circle: Vec<&Module> = reach
            .iter()
            .filter(|other| reached[**other].contains(module))
            .copied()
            .collect();
        seen.extend(&circle);
        circles.push(circle.into_iter().map(|module| module.join("::")).collect());
    }
    Ok(circles)
}

/// The texts of a folder's modules, without their tests.
fn read(folder: &Path, place: &[String], texts: &mut BTreeMap<Module, String>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if name == "tests" || name == "main" && folder.join("lib.rs").exists() {
            continue;
        }
        let mut module = place.to_vec();
        if !["lib", "main", "mod"].contains(&&*name) {
            module.push(name.into_owned());
        }
        if path.is_dir() {
            read(&path, &module, texts)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)?;
            let shipped = text.split("#[cfg(test)]\nmod tests {").next();
            texts.insert(module, shipped.unwrap_or_default().to_owned());
        }
    }
    Ok(())
}

/// The modules that a module's text names, except itself, its parents and its children.
fn needed<'a>(
    module: &Module,
    text: &str,
    known: &'a BTreeMap<Module, String>,
) -> BTreeSet<&'a Module> {
    let mut found = BTreeSet::new();
    let lines = text.lines();
    let code: Vec<&str> = lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = code.join("\n");
    for (root, base) in [("crate::", &[][..]), ("super::", parent(module))] {
        for (start, _) in code.match_indices(root) {
            let before = code[..start].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            for path in paths(&code[start + root.len()..]) {
                let full: Module = base.iter().cloned().chain(path).collect();
                let deepest = (1..=full.len())
                    .rev()
                    .find_map(|length| known.get_key_value(&full[..length]));
                found.extend(deepest.map(|(module, _)| module));
            }
        }
    }
    found.retain(|other| !module.starts_with(other) && !other.starts_with(module));
    found
}

fn parent(module: &Module) -> &[String] {
    module.split_last().map_or(&[], |(_, parent)| parent)
}

/// The paths at the beginning of a text: one, or several in braces.
fn paths(text: &str) -> Vec<Module> {
    let words = |text: &str| -> Module {
        let path: String = text
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':')
            .collect();
        path.split("::")
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let Some(inside) = text.strip_prefix('{') else {
        return vec![words(text)];
    };
    let inside = inside.split('}').next().unwrap_or_default();
    inside.split(',').map(|one| words(one.trim())).collect()
}

fn reachable<'a>(
    from: &'a Module,
    arrows: &BTreeMap<&'a Module, BTreeSet<&'a Module>>,
) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&Module> = arrows[from].iter().copied().collect();
    while let Some(module) = waiting.pop() {
        if reached.insert(module) {
            waiting.extend(&arrows[module]);
        }
    }
    reached
}

fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("the workspace")
}

fn crates() -> Vec<String> {
    let text = fs::read_to_string(workspace().join("Cargo.toml")).expect("the workspace");
    let manifest: toml::Table = toml::from_str(&text).expect("TOML");
    let members = manifest["workspace"]["members"].as_array().expect("a list");
    let below = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(workspace().join(folder)).expect("a folder");
        entries
            .map(|entry| entry.expect("an entry").file_name())
            .map(|name| format!("{folder}/{}", name.to_string_lossy()))
            .collect()
    };
    members
        .iter()
        .map(|member| member.as_str().expect("a path"))
        .flat_map(|member| match member.strip_suffix("/*") {
            None => vec![member.to_owned()],
            Some(folder) => below(folder),
        })
        .collect()
}

#[test]
fn no_two_modules_of_a_crate_need_each_other() {
    let mut found = Vec::new();
    let mut looked_at = 0;
    for member in crates() {
        let src = workspace().join(&member).join("src");
        if !src.is_dir() {
            continue;
        }
        looked_at += 1;
        for circle in circles(&src).expect("the crate is read") {
            found.push(format!("{member}: {}", circle.join(", ")));
        }
    }
    assert!(looked_at > 15, "{looked_at} crates");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn circles_are_found_and_parents_may_need_their_children() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, text).expect("written");
    };
    write("lib.rs", "mod a;\nmod b;\nmod c;\nmod d;\n");
    write("a.rs", "use crate::{b, d::Thing};\n");
    write("b.rs", "fn f() { crate::c::child::g(); }\n");
    write("c/mod.rs", "mod child;\npub use child::g;\n");
    write("c/child.rs", "use super::X;\nuse crate::a::Y;\n");
    write(
        "d.rs",
        "// use crate::a;\n#[cfg(test)]\nmod tests {\n    use crate::a;\n}\n",
    );
    let found = circles(folder.path()).expect("it is read");
    assert_eq!(found, [["a", "b", "c::child"]]);
    write("b.rs", "fn f() { crate::d::h(); }\n");
    assert!(circles(folder.path()).expect("it is read").is_empty());
}
