//! Runs scripts in JavaScript and Python with the helpers of the templates.
#![allow(dead_code, reason = "each test uses its part")]

use std::path::{Path, PathBuf};
use std::process::Command;

pub fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")
}

/// What a script prints, without spaces.
pub fn printed(command: &mut Command) -> String {
    let out = command.output().expect("it is installed");
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{errors}");
    let text = String::from_utf8(out.stdout).expect("text");
    text.split_whitespace().collect()
}

/// In place of what componentize-py makes: any record is its class's name and its fields.
pub fn python_world(home: &Path) {
    let bindings = r#"
class _Record:
    def __init__(self, *given, **named):
        self.given, self.named = given, named
def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (_Record,), {})
"#;
    let wit = home.join("wit_world/imports");
    std::fs::create_dir_all(&wit).expect("a folder");
    for file in ["wit_world/__init__.py", "wit_world/imports/__init__.py"] {
        std::fs::write(home.join(file), "").expect("written");
    }
    std::fs::write(wit.join("types.py"), bindings).expect("written");
    let error = "class Err(Exception):\n    pass\n";
    std::fs::write(home.join("componentize_py_types.py"), error).expect("written");
}

/// What a script prints that finds the helper for Python.
pub fn python(home: &Path, script: &str) -> String {
    python_world(home);
    std::fs::write(home.join("script.py"), script).expect("written");
    let mut python = Command::new("python3");
    python.arg("script.py").current_dir(home);
    python.env("PYTHONPATH", templates().join("python/app/annals-py"));
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    printed(&mut python)
}

/// What a script prints, with the helper for JavaScript beside it.
pub fn javascript(home: &Path, script: &str) -> String {
    let helper = templates().join("js/app/annals-js/annals.js");
    std::fs::copy(helper, home.join("annals.mjs")).expect("copied");
    std::fs::write(home.join("script.mjs"), script).expect("written");
    let mut node = Command::new("node");
    printed(node.arg("script.mjs").current_dir(home))
}
