//! The tools that are built from the package registry, each version into a folder of its own,
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
