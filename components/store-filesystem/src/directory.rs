//! The data directory, found among the preopened ones and divided into 256 shards.

use std::cell::RefCell;
use std::collections::BTreeSet;

use annals_store_adapter::file_name::DURABLE;
use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

/// The data directory.
pub struct Directory {
    root: Descriptor,
    /// Path in the settings, for messages.
    path: String,
    /// Shards that are known to be durable.
    durable: RefCell<BTreeSet<String>>,
}

impl Directory {
    /// Opens the directory that the settings name. Creates it and its missing parents below a preopened
    /// directory.
    pub fn open(path: &str) -> Result<Self, String> {
        let (mut root, rest) = find(path)?;
        for name in &rest {
            let made = match is_made(&root, name) {
                true => Ok(()),
                false => make(&root, name),
            };
            root = made
                .and_then(|()| open(&root, name))
                .map_err(|error| denied(path, error))?;
        }
        let directory = Self {
            root,
            path: path.to_owned(),
            durable: RefCell::default(),
        };
        directory.refuse_others()?;
        Ok(directory)
    }

    /// The directory that all paths are relative to.
    pub fn root(&self) -> &Descriptor {
        &self.root
    }

    /// Creates a shard if it is absent, and makes it durable before anything is written into it.
    pub fn make_shard(&self, shard: &str) -> Result<(), String> {
        if !self.durable.borrow().contains(shard) {
            if !is_made(&self.root, shard) {
                make(&self.root, shard).map_err(|error| denied(&self.path, error))?;
            }
            self.durable.borrow_mut().insert(shard.to_owned());
        }
        Ok(())
    }

    /// Refuses a directory that holds a store of annals-host's own format. A second store beside it would be
    /// invisible to annals-host, and this adapter would see an empty store. The check costs one lookup if the
    /// directory has no such store, and two otherwise.
    fn refuse_others(&self) -> Result<(), String> {
        let there = |name: &str| self.root.stat_at(PathFlags::empty(), name).is_ok();
        match there("keyspaces") && there("version") {
            true => Err(format!(
                "the directory {} holds a store of annals-host's own, which this host cannot use: share another directory, and take the \
                 events over with `annals-host export` and `annals-host import --store files:DIR`",
                self.path
            )),
            false => Ok(()),
        }
    }

    /// Makes all names in a shard durable.
    pub fn sync_shard(&self, shard: &str) -> Result<(), ErrorCode> {
        open(&self.root, shard)?.sync()
    }
}

/// Opens a directory in a directory.
fn open(parent: &Descriptor, name: &str) -> Result<Descriptor, ErrorCode> {
    let flags = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
    parent.open_at(PathFlags::SYMLINK_FOLLOW, name, OpenFlags::DIRECTORY, flags)
}

fn mark(name: &str) -> String {
    format!("{name}/{DURABLE}")
}

/// Whether a subdirectory exists and is known to survive a power cut.
fn is_made(parent: &Descriptor, name: &str) -> bool {
    parent.stat_at(PathFlags::empty(), &mark(name)).is_ok()
}

/// Creates a subdirectory and makes it durable: a file that is written into it must not be lost with it.
fn make(parent: &Descriptor, name: &str) -> Result<(), ErrorCode> {
    match parent.create_directory_at(name) {
        Ok(()) | Err(ErrorCode::Exist) => {}
        Err(error) => return Err(error),
    }
    parent.sync()?;
    let flags = OpenFlags::CREATE;
    parent.open_at(
        PathFlags::empty(),
        &mark(name),
        flags,
        DescriptorFlags::WRITE,
    )?;
    Ok(())
}

/// The preopened directory that is the longest prefix of a path, and the remaining segments of the path.
fn find(path: &str) -> Result<(Descriptor, Vec<String>), String> {
    let wanted = segments(path)?;
    let mut names = Vec::new();
    let mut best: Option<(Descriptor, usize)> = None;
    for (directory, name) in get_directories() {
        let at = segments(&name)?;
        if wanted.starts_with(&at) && best.as_ref().is_none_or(|(_, length)| *length <= at.len()) {
            best = Some((directory, at.len()));
        }
        names.push(name);
    }
    let Some((directory, covered)) = best else {
        let others = match names.is_empty() {
            true => String::new(),
            false => format!(" (preopened: {})", names.join(", ")),
        };
        return Err(format!(
            "no directory is preopened at {path}{others}: start with --dir ./data::{path}"
        ));
    };
    Ok((directory, wanted.into_iter().skip(covered).collect()))
}

/// `/data/x`, `data/x` and `./data//x` are the same: guests have no current directory.
fn segments(path: &str) -> Result<Vec<String>, String> {
    let parts = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    parts
        .map(|part| match part {
            ".." => Err(format!("the path {path} must not contain `..`")),
            part => Ok(part.to_owned()),
        })
        .collect()
}

fn denied(path: &str, error: ErrorCode) -> String {
    format!(
        "the directory {path} cannot be used ({}): it must be writable, start with --dir ./data::{path}",
        error.name()
    )
}
