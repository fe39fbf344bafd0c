//! The components that are served: composed once, by the real `annals`.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use annals_tests::server::Kind;
use annals_tests::{app, tools};
use anyhow::{Context as _, Result};

/// What a component does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// Answers 200 and two words.
    Hello,
    /// The deciders of accounts.
    Deciders {
        /// A snapshot every so many events; 0: none.
        snapshots: u32,
    },
    /// The whole bank, with its reactions.
    Bank,
    /// So many handlers that were made without a compiler.
    Toys(usize),
}

impl App {
    /// Behind the host's name.
    #[must_use]
    pub fn suffix(self) -> String {
        match self {
            Self::Hello => ", hello".into(),
            Self::Deciders { snapshots: 0 } => ", no snapshots".into(),
            Self::Deciders { .. } => String::new(),
            Self::Bank => ", whole bank".into(),
            Self::Toys(count) => format!(", {count} handlers"),
        }
    }
}

/// Components that were composed.
pub struct Apps {
    folder: PathBuf,
    made: RefCell<Vec<((App, Kind), PathBuf)>>,
}

impl Apps {
    /// In a folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            made: RefCell::default(),
        }
    }

    /// The component for a host.
    ///
    /// # Errors
    ///
    /// If it does not compose.
    pub fn get(&self, app: App, host: Kind) -> Result<PathBuf> {
        let known = |made: &Vec<((App, Kind), PathBuf)>| {
            let found = made.iter().find(|(key, _)| *key == (app, host));
            found.map(|(_, file)| file.clone())
        };
        if let Some(file) = known(&self.made.borrow()) {
            return Ok(file);
        }
        let number = self.made.borrow().len();
        let folder = self.folder.join(format!("app-{number}"));
        std::fs::create_dir_all(&folder)?;
        let file = match app {
            App::Hello => hello(&folder)?,
            App::Bank => app::compose(&app::bank(), host, &folder)?,
            App::Deciders { snapshots } => {
                std::fs::write(folder.join("annals.toml"), deciders(snapshots))?;
                app::compose(&folder, host, &folder)?
            }
            App::Toys(count) => {
                annals_fixtures::application(&folder, count)?;
                app::compose(&folder, host, &folder)?
            }
        };
        self.made.borrow_mut().push(((app, host), file.clone()));
        Ok(file)
    }
}

/// The manifest of the deciders alone.
fn deciders(snapshots: u32) -> String {
    let bank = app::bank();
    let mut manifest = String::from("[app]\nname = \"bank\"\n");
    for handler in ["open-account", "transact"] {
        let path = bank.join(handler);
        let _ = write!(manifest, "[handlers.{handler}]\npath = {path:?}\n");
    }
    // The last one is `transact`.
    let _ = writeln!(manifest, "snapshot-every = {snapshots}");
    manifest
}

/// `cargo xtask bench` built its core module.
fn hello(folder: &Path) -> Result<PathBuf> {
    let module = tools::target_folder()?.join("wasm32-unknown-unknown/wasm/hello_component.wasm");
    let module = std::fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
    let file = folder.join("hello.wasm");
    std::fs::write(&file, annals_compose::handler::read("hello", module)?.bytes)?;
    Ok(file)
}
