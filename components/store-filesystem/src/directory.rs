//! The data directory: found among the preopened ones, divided into 256 shards.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use annals_store_adapter::file_name::{self, DURABLE};
use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

/// The data directory.
pub struct Directory {
    root: Descriptor,
    /// As the settings have it, for messages.
    path: String,
    /// Shards that are open and durable.
    shards: RefCell<BTreeMap<String, Rc<Descriptor>>>,
}

impl Directory {
    /// Opens the directory that the settings name; makes it if only its parents are there.
    pub fn open(path: &str) -> Result<Self, String> {
        let (mut root, rest) = find(path)?;
        for name in &rest {
            root = make(&root, name).map_err(|error| denied(path, error))?;
        }
        Ok(Self {
            root,
            path: path.to_owned(),
            shards: RefCell::default(),
        })
    }

    /// The shard of a file, for writing; makes it if it is absent.
    pub fn make_shard(&self, file: &str) -> Result<Rc<Descriptor>, String> {
        let name = file_name::shard(file);
        if let Some(shard) = self.shards.borrow().get(&name) {
            return Ok(Rc::clone(shard));
        }
        let shard = Rc::new(make(&self.root, &name).map_err(|error| denied(&self.path, error))?);
        self.shards.borrow_mut().insert(name, Rc::clone(&shard));
        Ok(shard)
    }

    /// The shard of a file, for reading, if it is there.
    pub fn shard(&self, file: &str) -> Result<Option<Rc<Descriptor>>, String> {
        let name = file_name::shard(file);
        if let Some(shard) = self.shards.borrow().get(&name) {
            return Ok(Some(Rc::clone(shard)));
        }
        let shard = open(&self.root, &name).map_err(|error| denied(&self.path, error))?;
        // Only kept when it may be written to as well.
        let shard = shard.map(|shard| (is_durable(&shard), Rc::new(shard)));
        if let Some((true, shard)) = &shard {
            self.shards.borrow_mut().insert(name, Rc::clone(shard));
        }
        Ok(shard.map(|(_, shard)| shard))
    }
}

/// Opens a directory in a directory, if it is there.
fn open(parent: &Descriptor, name: &str) -> Result<Option<Descriptor>, ErrorCode> {
    let flags = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
    match parent.open_at(PathFlags::SYMLINK_FOLLOW, name, OpenFlags::DIRECTORY, flags) {
        Ok(directory) => Ok(Some(directory)),
        Err(ErrorCode::NoEntry) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a directory in a directory, and makes sure that it survives a power cut: what is written
/// into it later is only as durable as itself. The mark is made after the parent was synced, so
/// whoever sees it need not sync again; whoever does not may be the successor of somebody who died
/// before syncing.
fn make(parent: &Descriptor, name: &str) -> Result<Descriptor, ErrorCode> {
    if let Some(directory) = open(parent, name)?
        && is_durable(&directory)
    {
        return Ok(directory);
    }
    match parent.create_directory_at(name) {
        Ok(()) | Err(ErrorCode::Exist) => {}
        Err(error) => return Err(error),
    }
    parent.sync()?;
    let directory = open(parent, name)?.ok_or(ErrorCode::NoEntry)?;
    directory.open_at(
        PathFlags::empty(),
        DURABLE,
        OpenFlags::CREATE,
        DescriptorFlags::WRITE,
    )?;
    Ok(directory)
}

fn is_durable(directory: &Descriptor) -> bool {
    directory.stat_at(PathFlags::empty(), DURABLE).is_ok()
}

/// The preopened directory that covers a path most closely, and what remains of the path.
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
            false => format!(" (there are: {})", names.join(", ")),
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
