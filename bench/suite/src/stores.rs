//! The initial stores of measurements: written once for each kind of peer, copied for each run.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;

use annals_event_log::{
    AppendRequest, EventLog, Metadata, NewEvent, Precondition, Settings, Slots,
};
use annals_host::store::Embedded;
use annals_host::tools::buckets::BucketSlots;
use annals_host::tools::files::FileSlots;
use anyhow::{Result, ensure};

use crate::peers::{self, Store};

/// An account and its number of events.
pub type Stream = (String, u64);

/// The stores written so far.
pub struct Stores {
    folder: PathBuf,
    written: RefCell<Vec<(Store, Vec<Stream>, PathBuf)>>,
}

impl Stores {
    /// Stores in a folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            written: RefCell::default(),
        }
    }

    /// Makes `to` a store with these streams: a copy of a prepared store.
    ///
    /// # Errors
    ///
    /// If the store cannot be written.
    pub fn copy(&self, store: Store, streams: &[Stream], to: &Path) -> Result<()> {
        std::fs::create_dir_all(to)?;
        if streams.is_empty() {
            return Ok(());
        }
        let known = self.written.borrow().iter().find_map(|(s, w, folder)| {
            (*s == store && w.as_slice() == streams).then(|| folder.clone())
        });
        let from = match known {
            Some(folder) => folder,
            None => {
                let number = self.written.borrow().len();
                let folder = self.folder.join(format!("store-{number}"));
                std::fs::create_dir_all(&folder)?;
                write(store, streams, &folder)?;
                let entry = (store, streams.to_vec(), folder.clone());
                self.written.borrow_mut().push(entry);
                folder
            }
        };
        copy(&from, to)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => {
                std::fs::copy(entry.path(), target)?;
            }
        }
    }
    Ok(())
}

fn write(store: Store, streams: &[Stream], folder: &Path) -> Result<()> {
    match store {
        Store::Embedded => {
            let slots = BucketSlots::new(Embedded::open(folder)?, "default");
            append(&slots, streams)?;
            Ok(slots.flush()?)
        }
        Store::Files => append(&FileSlots::new(folder), streams),
        Store::Native => fill(Command::new(peers::native()?), streams, folder),
        Store::Sqlite => fill(Command::new(peers::cqrs()?), streams, folder),
    }
}

fn fill(mut command: Command, streams: &[Stream], folder: &Path) -> Result<()> {
    command.arg("--store").arg(folder).arg("fill");
    command.args(
        streams
            .iter()
            .map(|(name, length)| format!("{name}={length}")),
    );
    let out = command.output()?;
    ensure!(
        out.status.success(),
        "{}: {}",
        command.get_program().display(),
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(())
}

/// Appends the streams by the library, as the sourcer would: one event in each commit.
///
/// # Errors
///
/// If the store cannot be written.
pub fn append(slots: &impl Slots, streams: &[Stream]) -> Result<()> {
    let mut log = EventLog::open(slots, &Settings::default())?;
    let mut seed = 0;
    for (account, length) in streams {
        for version in 0..*length {
            seed += 1;
            let (event_type, payload) = match version {
                0 => (
                    "AccountOpened",
                    format!("{{\"account\":\"{account}\",\"owner\":\"Ada\",\"deposit\":100}}"),
                ),
                _ => (
                    "Deposited",
                    format!("{{\"account\":\"{account}\",\"amount\":1}}"),
                ),
            };
            log.append(AppendRequest {
                stream: format!("account-{account}"),
                expected: Precondition::At(version),
                cursor: Some(version),
                events: vec![NewEvent {
                    event_type: event_type.into(),
                    schema_version: 1,
                    content_type: "application/json".into(),
                    payload: payload.into_bytes(),
                    tags: Vec::new(),
                }],
                close: false,
                metadata: Metadata::default(),
                recorded_at: 1_700_000_000_000 + version,
                seed,
                claim: None,
            })?;
        }
    }
    Ok(())
}
