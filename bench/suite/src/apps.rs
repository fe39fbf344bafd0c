//! The components that the peers serve. The real `annals` composes each of them once.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use annals_tests::server::Kind;
use annals_tests::{app, tools};
use anyhow::{Context as _, Result};

/// The content of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// Answers 200 and two words.
    Hello,
    /// The deciders of accounts.
    Deciders {
        /// Number of events between two snapshots; 0: no snapshots.
        snapshots: u32,
    },
    /// The whole bank, with its reactions.
    Bank,
    /// This many fixture handlers, which were made without a compiler.
    Toys(usize),
}

impl App {
    /// The suffix of the host's name in tables and plots.
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

/// The composed components.
pub struct Apps {
    folder: PathBuf,
    made: RefCell<Vec<((App, Kind), PathBuf)>>,
}

impl Apps {
    /// Components in a folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            made: RefCell::default(),
        }
    }

    /// Returns the component for a host, and composes it if necessary.
    ///
    /// # Errors
    ///
    /// If the component does not compose.
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
    // The last table of the manifest is `transact`, so the setting belongs to it.
    let _ = writeln!(manifest, "snapshot-every = {snapshots}");
    manifest
}

/// Makes a component from the core module that `cargo xtask bench` has built.
fn hello(folder: &Path) -> Result<PathBuf> {
    let module = tools::target_folder()?.join("wasm32-unknown-unknown/wasm/hello_component.wasm");
    let module = std::fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
    let file = folder.join("hello.wasm");
    std::fs::write(&file, annals_compose::handler::read("hello", module)?.bytes)?;
    Ok(file)
}
