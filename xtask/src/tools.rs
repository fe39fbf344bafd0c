//! The tools that are built from the package registries, each version into a folder of its own,
//! outside of any checkout.

use anyhow::{Context as _, Result};
use std::env;
use std::path::PathBuf;

/// A binary that is built once.
pub struct Tool {
    /// Name in the registry.
    pub package: &'static str,
    /// The one version that fits.
    pub version: &'static str,
    /// Name of its binary.
    pub binary: &'static str,
    /// Leaves out what Annals does not use and what takes long to build.
    pub features: Option<&'static str>,
    /// Less optimisation for what runs for moments only: it builds faster.
    pub opt_level: &'static str,
}

/// The real `wasmtime serve`.
pub const WASMTIME: Tool = Tool {
    package: "wasmtime-cli",
    version: "48.0.8",
    binary: "wasmtime",
    features: Some(
        "run,compile,serve,component-model,component-model-async,cranelift,wasi-http,wasi-keyvalue,\
         wasi-config,pooling-allocator,parallel-compilation,cache,config,backtrace,logging,demangle,\
         addr2line,threads,clap/default",
    ),
    opt_level: "3",
};

/// Builds the bank's handlers.
pub const CARGO_COMPONENT: Tool = Tool {
    package: "cargo-component",
    version: "0.21.1",
    binary: "cargo-component",
    features: None,
    opt_level: "1",
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

    /// The binary itself, whether it is there or not.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn file(&self) -> Result<PathBuf> {
        Ok(self.folder()?.join(self.binary))
    }
}

/// Programs of the npm registry that run in Node.js: `package.json` names their versions, and
/// `package-lock.json` those of everything that they need.
pub struct Node {
    manifest: &'static str,
    lock: &'static str,
}

/// jco runs components in Node.js, componentize-js makes components of JavaScript.
pub const NODE: Node = Node {
    manifest: include_str!("../npm/package.json"),
    lock: include_str!("../npm/package-lock.json"),
};

/// componentize-js, with the last shim that it works with: it cannot read files by that of [`NODE`]'s jco.
pub const COMPONENTIZE_JS: Node = Node {
    manifest: include_str!("../componentize-js/package.json"),
    lock: include_str!("../componentize-js/package-lock.json"),
};

/// A program of the Python package index, in a virtual environment of its own.
pub struct Python {
    /// Name in the index, and of the program.
    pub package: &'static str,
    /// The one version that fits.
    pub version: &'static str,
}

/// Makes components of Python; templates of `annals new` ask for the same version.
pub const COMPONENTIZE_PY: Python = Python {
    package: "componentize-py",
    version: "0.25.1",
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
        // Beside it, the environment has a `python3` of its own, which nobody should find.
        Ok(self.root()?.join("path"))
    }

    /// The program, whether it is there or not.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn file(&self) -> Result<PathBuf> {
        Ok(self.folder()?.join(self.package))
    }
}

impl Node {
    /// The folder of these versions: another lock file has another folder.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn root(&self) -> Result<PathBuf> {
        Ok(cache()?.join(format!("node-{:016x}", fnv(&[self.manifest, self.lock]))))
    }

    /// The packages, whether they are there or not.
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

    /// The program `jco`, whether it is there or not.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn jco(&self) -> Result<PathBuf> {
        Ok(self.folder()?.join("jco"))
    }

    /// The program `componentize-js`, whether it is there or not.
    ///
    /// # Errors
    ///
    /// If there is no cache folder.
    pub fn componentize_js(&self) -> Result<PathBuf> {
        Ok(self.folder()?.join("componentize-js"))
    }

    /// The files that npm installs by: names and contents.
    #[must_use]
    pub fn files(&self) -> [(&'static str, &'static str); 2] {
        [
            ("package.json", self.manifest),
            ("package-lock.json", self.lock),
        ]
    }
}

/// FNV-1a, 64 bits: tells versions of short texts apart.
fn fnv(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// Where tools are kept: `ANNALS_TOOLS`, or a folder in the user's cache.
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
    use super::{NODE, fnv};

    #[test]
    fn the_lock_names_no_place_to_load_from() {
        for (name, text) in NODE.files() {
            assert!(
                !text.contains("resolved") && !text.contains("://"),
                "{name}"
            );
        }
    }

    #[test]
    fn another_lock_is_another_folder() {
        assert_ne!(fnv(&["a", "b"]), fnv(&["a", "c"]));
    }
}
