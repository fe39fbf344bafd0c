//! jco 1.35: runs components as JavaScript in Node.js. Events are stored in files.
//!
//! `jco serve` does not suffice. It lets the component see the whole disk and environment, has one
//! instance for all requests, and ends with the first trap (jco 1.35, `src/cmd/run.js`, and
//! preview2-shim 0.26, `nodejs/filesystem.js`). For the shim's filesystem see
//! `host-node/files.mjs`. The composer therefore writes a launcher beside the application: the
//! modules of the package `host-node`, which are the same for every application, and `app.json`.

use super::files::{File, Marked};
use super::{Adapter, Description, Served, word};
use serde_json::json;
use std::path::{Path, PathBuf};

pub(super) static DESCRIPTION: Description = Description {
    name: "jco",
    adapter: Adapter::Filesystem,
    offers: &[
        super::WASI[0],
        super::WASI[1],
        super::WASI[2],
        super::WASI[3],
        super::WASI[4],
        super::WASI[5],
        // One shared folder.
        "wasi:filesystem/",
    ],
    // The launcher drives deliveries.
    delivery_budget: 0,
    // jco has no command that calls `wasi:cli/run`.
    runs_commands: false,
    serve: |served| {
        let folder = folder(served.component);
        format!(
            "npm install --prefix {} && node {} --listen 127.0.0.1:8080 --data ./data",
            word(&folder),
            word(&folder.join("serve.mjs"))
        )
    },
    pump: None,
    files,
};

/// A file of the package `host-node`.
macro_rules! package {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../host-node/", $name))
    };
}

macro_rules! launcher {
    ($($name:literal),*) => { [$(($name, package!($name))),*] };
}

const LAUNCHER: [(&str, &str); 8] = launcher![
    "serve.mjs",
    "options.mjs",
    "component.mjs",
    "pool.mjs",
    "instance.mjs",
    "files.mjs",
    "deliveries.mjs",
    "problem.mjs"
];
const PACKAGE: &str = package!("package.json");

/// The launcher's folder: `app.jco` beside `app.wasm`.
pub(super) fn folder(component: &Path) -> PathBuf {
    component.with_extension("jco")
}

fn files(served: &Served<'_>) -> Vec<File> {
    let folder = folder(served.component);
    let file = |name: &str, marked: Marked, text: &str| File {
        path: folder.join(name),
        text: marked.with(text),
        needs: Vec::new(),
    };
    let app = json!({
        "name": served.name,
        "component": format!("../{}", served.file()),
        "path": served.path,
    });
    let mut files = vec![
        file("package.json", Marked::Json, PACKAGE),
        file("app.json", Marked::Json, &format!("{app:#}\n")),
    ];
    files.extend(LAUNCHER.map(|(name, text)| file(name, Marked::Slashes, text)));
    files
}

#[cfg(test)]
mod tests {
    use super::{LAUNCHER, PACKAGE};
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_module_of_the_package_is_written() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host-node");
        let entries = std::fs::read_dir(folder).expect("the package");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let modules: BTreeSet<String> = names
            .map(|name| name.to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".mjs"))
            .collect();
        let written = LAUNCHER.iter().map(|(name, _)| (*name).to_owned());
        assert_eq!(written.collect::<BTreeSet<_>>(), modules);
    }

    #[test]
    fn the_package_has_the_composers_version() {
        let package: serde_json::Value = serde_json::from_str(PACKAGE).expect("JSON");
        assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    }
}
