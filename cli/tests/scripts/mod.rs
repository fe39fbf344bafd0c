//! Runs scripts in JavaScript and Python beside the files that `annals new` created.

use std::path::Path;
use std::process::Command;

/// The output of a script, without spaces.
fn printed(command: &mut Command) -> String {
    let out = command.output().expect("it is installed");
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{errors}");
    let text = String::from_utf8(out.stdout).expect("text");
    text.split_whitespace().collect()
}

/// The output of a script that runs in an application's folder, with stubs in place of the code
/// that componentize-py generates.
pub fn python(app: &Path, script: &str) -> String {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk-py");
    let paths = [app.join("annals-py"), sdk.join("tests/stubs")];
    std::fs::write(app.join("script.py"), script).expect("written");
    let mut python = Command::new("python3");
    python.arg("script.py").current_dir(app);
    python.env("PYTHONPATH", std::env::join_paths(paths).expect("paths"));
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    printed(&mut python)
}

/// The output of a script that runs in an application's folder.
pub fn javascript(app: &Path, script: &str) -> String {
    std::fs::write(app.join("script.mjs"), script).expect("written");
    let mut node = Command::new("node");
    printed(node.arg("script.mjs").current_dir(app))
}
