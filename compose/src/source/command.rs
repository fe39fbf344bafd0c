//! Build commands of the user.

use super::files;
use crate::cache::{self, Cache};
use crate::manifest::{Manifest, Origin};
use crate::problem::{Code, Problem, Subject};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs the command that makes a component. It does not run if the manifest names its inputs, and
/// the existing component was made of the same inputs.
///
/// # Errors
///
/// A problem with a remedy. The command's output is on stderr.
pub fn run(
    manifest: &Manifest,
    owner: &Subject,
    origin: &Origin,
    cache: &Cache,
) -> Result<(), Problem> {
    let (Some(command), Some(component)) = (&origin.build, &origin.component) else {
        return Ok(());
    };
    let component = manifest.folder().join(component);
    let made = || {
        fs::read(&component)
            .ok()
            .map(|bytes| cache::hash(&[&bytes]))
    };
    let inputs = match &origin.inputs {
        Some(inputs) => Some(inputs_of(manifest, owner, command, inputs, &component)?),
        None => None,
    };
    if let Some(inputs) = &inputs {
        let known: Option<String> = cache.get("build", inputs);
        if known.is_some() && known == made() {
            tracing::info!(
                "{} is what `{command}` makes of its inputs",
                component.display()
            );
            return Ok(());
        }
    }
    start(manifest, owner, command)?;
    if let (Some(inputs), Some(made)) = (&inputs, made()) {
        cache.put("build", inputs, &made);
    }
    Ok(())
}

/// Hashes the command, and the names and contents of all its inputs.
fn inputs_of(
    manifest: &Manifest,
    owner: &Subject,
    command: &str,
    inputs: &[std::path::PathBuf],
    component: &Path,
) -> Result<Vec<u8>, Problem> {
    let mut hashes = cache::hash(&[command.as_bytes()]);
    for input in inputs {
        let place = manifest.folder().join(input);
        let unreadable = |error: std::io::Error| {
            manifest.problem(
                Code::MissingFile,
                owner,
                format!("the input {} cannot be read: {error}", place.display()),
                "name files and folders that are there in `inputs`, from the manifest's folder",
            )
        };
        let is_folder = fs::metadata(&place).map_err(unreadable)?.is_dir();
        let found = if is_folder {
            files::written(&place, &|path| path == component)
        } else {
            vec![place.clone()]
        };
        for file in found {
            let name = file.strip_prefix(manifest.folder()).unwrap_or(&file);
            let bytes = fs::read(&file).map_err(unreadable)?;
            hashes.push_str(&cache::hash(&[name.to_string_lossy().as_bytes(), &bytes]));
        }
    }
    Ok(hashes.into_bytes())
}

fn start(manifest: &Manifest, owner: &Subject, command: &str) -> Result<(), Problem> {
    eprintln!("building {}: {command}", owner.name());
    let status = Command::new("sh")
        .args(["-c", command])
        .current_dir(manifest.folder())
        // The command cannot prompt, because the terminal's input is for `annals run`.
        .stdin(Stdio::null())
        // The command's output is for people, and the composer's own stdout may be for programs.
        .stdout(std::io::stderr())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(manifest
            .problem(
                Code::BuildFailed,
                owner,
                format!("`{command}` failed ({status})"),
                "see its output above",
            )
            .at(manifest.value_of(owner, &["build"]))),
        Err(error) => Err(manifest
            .problem(
                Code::BuildFailed,
                owner,
                format!("`{command}` could not be started: {error}"),
                "correct `build` in the manifest",
            )
            .at(manifest.value_of(owner, &["build"]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a component after each change. Returns the number of runs of the build command so
    /// far, for each.
    fn builds(inputs: &str, cache: bool, changes: &[&dyn Fn(&Path)]) -> Vec<usize> {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(home.path().join("src/node_modules")).expect("a folder");
        fs::write(home.path().join("src/a.js"), "1").expect("written");
        let text = format!(
            "[app]\nname = \"x\"\n[handlers.a]\ncomponent = \"src/a.wasm\"\nbuild = \"echo >> log; cp src/a.js src/a.wasm\"\n{inputs}"
        );
        let manifest = Manifest::parse(&home.path().join("annals.toml"), text).expect("legal");
        let memory = tempfile::tempdir().expect("a folder");
        let cache = if cache {
            Cache::at(memory.path())
        } else {
            Cache::none()
        };
        let nothing: &dyn Fn(&Path) = &|_| ();
        let count = |change: &&dyn Fn(&Path)| {
            change(home.path());
            let owner = Subject::from("a");
            run(&manifest, &owner, &manifest.handlers["a"].origin, &cache).expect("built");
            fs::read_to_string(home.path().join("log"))
                .expect("a log")
                .lines()
                .count()
        };
        std::iter::once(&nothing)
            .chain(changes)
            .map(count)
            .collect()
    }

    const INPUTS: &str = "inputs = [\"src\"]\n";

    #[test]
    fn without_inputs_it_runs_every_time() {
        assert_eq!(builds("", true, &[&|_| ()]), [1, 2]);
    }

    #[test]
    fn without_a_cache_it_runs_every_time() {
        assert_eq!(builds(INPUTS, false, &[&|_| ()]), [1, 2]);
    }

    #[test]
    fn with_inputs_it_runs_when_they_or_its_component_changed() {
        let write = |path: &'static str, text: &'static str| {
            move |home: &Path| fs::write(home.join(path), text).expect("written")
        };
        let counts = builds(
            INPUTS,
            true,
            &[
                &|_| (),
                &write("src/a.js", "2"),
                &write("src/b.js", "new"),
                &write("src/node_modules/c.js", "made"),
                &write("src/a.wasm", "somebody else's"),
                &|home| fs::remove_file(home.join("src/a.wasm")).expect("removed"),
                &|home| fs::rename(home.join("src/b.js"), home.join("src/d.js")).expect("renamed"),
            ],
        );
        assert_eq!(counts, [1, 1, 2, 3, 3, 4, 5, 6]);
    }

    #[test]
    fn an_input_that_is_not_there_is_told() {
        let text = "[app]\nname = \"x\"\n[handlers.a]\ncomponent = \"a.wasm\"\nbuild = \"true\"\ninputs = [\"gone\"]\n";
        let manifest = Manifest::parse(Path::new("annals.toml"), text.into()).expect("legal");
        let owner = Subject::from("a");
        let problem = run(
            &manifest,
            &owner,
            &manifest.handlers["a"].origin,
            &Cache::none(),
        );
        let problem = problem.expect_err("no such input");
        assert!(
            problem.what.contains("the input ./gone cannot be read"),
            "{problem}"
        );
    }
}
