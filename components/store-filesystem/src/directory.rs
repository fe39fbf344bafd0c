//! The data directory: found among the preopened ones, divided into 256 shards.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use annals_store_adapter::file_name::DURABLE;
use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

/// The data directory.
pub struct Directory {
    root: Descriptor,
    /// As the settings have it, for messages.
    path: String,
    /// Shards that are known to be durable, open once they were synced.
    shards: RefCell<BTreeMap<String, Option<Rc<Descriptor>>>>,
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

    /// Where all paths begin.
    pub fn root(&self) -> &Descriptor {
        &self.root
    }

    /// Makes a shard if it is absent, and sure that it survives a power cut: before anything is
    /// written into it.
    pub fn make_shard(&self, shard: &str) -> Result<(), String> {
        if self.shards.borrow().contains_key(shard) {
            return Ok(());
        }
        let mark = format!("{shard}/{DURABLE}");
        let made = match self.root.stat_at(PathFlags::empty(), &mark) {
            Ok(_) => None,
            Err(_) => {
                let made = make(&self.root, shard).map_err(|error| denied(&self.path, error))?;
                Some(Rc::new(made))
            }
        };
        self.shards.borrow_mut().insert(shard.to_owned(), made);
        Ok(())
    }

    /// Makes all names in a shard durable.
    pub fn sync_shard(&self, shard: &str) -> Result<(), ErrorCode> {
        let known = self.shards.borrow().get(shard).cloned();
        if let Some(Some(open)) = known {
            return open.sync();
        }
        let opened = Rc::new(open(&self.root, shard)?.ok_or(ErrorCode::NoEntry)?);
        opened.sync()?;
        // Of one that nothing was written into it is not known whether it is durable.
        if known.is_some() {
            self.shards
                .borrow_mut()
                .insert(shard.to_owned(), Some(opened));
        }
        Ok(())
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
