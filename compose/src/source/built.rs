//! Locates components from earlier builds, without building.

use super::{crates, files};
use crate::manifest::{Manifest, Origin};
use crate::{limits, read};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Returns a handler's component if it is built and none of its known sources has changed since.
#[must_use]
pub fn find(manifest: &Manifest, origin: &Origin) -> Option<Vec<u8>> {
    let folder = manifest.folder();
    let file = match (&origin.path, &origin.component) {
        (Some(path), _) => {
            let file = crates::last_built(&folder.join(path))?;
            let sources = sources(&fs::read_to_string(file.with_extension("d")).ok()?)?;
            newer_than(&file, &sources).then_some(file)?
        }
        (None, Some(component)) => {
            let file = folder.join(component);
            if origin.build.is_some() {
                // Without `inputs` the sources of the component are unknown.
                let inputs = origin.inputs.as_ref()?;
                let below = |input: &PathBuf| {
                    let place = folder.join(input);
                    match place.is_dir() {
                        true => files::written(&place, &|path| path == file),
                        false => vec![place],
                    }
                };
                let sources: Vec<PathBuf> = inputs.iter().flat_map(below).collect();
                newer_than(&file, &sources).then_some(())?;
            }
            file
        }
        (None, None) => return None,
    };
    read::file(&file, limits::FILE_BYTES).ok()
}

/// True if every source exists and is older than the component.
fn newer_than(file: &Path, sources: &[PathBuf]) -> bool {
    let written = |path: &Path| -> Option<SystemTime> { fs::metadata(path).ok()?.modified().ok() };
    let Some(built) = written(file) else {
        return false;
    };
    let is_older = |source: &PathBuf| written(source).is_some_and(|changed| changed <= built);
    sources.iter().all(is_older)
}

/// The sources in cargo's dependency file beside a component: `component: source source`, with `\ `
/// for a space.
fn sources(record: &str) -> Option<Vec<PathBuf>> {
    let (_, sources) = record.lines().next()?.split_once(".wasm:")?;
    let mut found = Vec::new();
    let mut name = String::new();
    let mut chars = sources.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' if chars.peek() == Some(&' ') => name.extend(chars.next()),
            ' ' => {
                if !name.is_empty() {
                    found.push(std::mem::take(&mut name).into());
                }
            }
            other => name.push(other),
        }
    }
    if !name.is_empty() {
        found.push(name.into());
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn cargos_record_names_all_sources() {
        let record = "/a b/x.wasm: /a\\ b/src/lib.rs /a\\ b/src/tests.rs\n\n/c: d\n";
        let expected = ["/a b/src/lib.rs", "/a b/src/tests.rs"].map(PathBuf::from);
        assert_eq!(sources(record), Some(expected.into()));
        assert_eq!(sources("nothing"), None);
    }

    #[test]
    fn a_component_that_is_older_than_its_inputs_is_not_found() {
        let home = tempfile::tempdir().expect("a folder");
        let text = "[app]\nname = \"x\"\n[handlers.a]\ncomponent = \"a.wasm\"\nbuild = \"true\"\ninputs = [\"a.js\"]\n";
        let manifest =
            Manifest::parse(&home.path().join("annals.toml"), text.into()).expect("legal");
        let found = || find(&manifest, &manifest.handlers["a"].origin);
        assert_eq!(found(), None);
        fs::write(home.path().join("a.js"), "1").expect("written");
        fs::write(home.path().join("a.wasm"), "2").expect("written");
        assert_eq!(found(), Some(b"2".to_vec()));
        let source = fs::File::options()
            .write(true)
            .open(home.path().join("a.js"));
        let later = SystemTime::now() + Duration::from_secs(60);
        source.expect("there").set_modified(later).expect("set");
        assert_eq!(found(), None);
    }
}
