//! A model of a disk's contents after a power loss, as strict as POSIX allows.
//!
//! A file keeps the content that was written before its last sync began. Of later writes, any subset of blocks may be
//! there. The same holds for a directory's names: each name, even that of a synced file, is certain to be there only
//! if its directory was synced.

use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};

use crate::trace::{Call, Event, Moment};

const BLOCK: usize = 4096;
const ROOT: usize = 0;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Content {
    /// The content without the trailing zeros up to the length.
    bytes: Vec<u8>,
    length: usize,
}

type Names = BTreeMap<String, usize>;

#[derive(Debug)]
enum Node {
    File {
        now: Content,
        durable: Content,
        /// Number of syncs that began, and the one whose content is durable.
        begun: usize,
        ended: usize,
    },
    Directory {
        now: Names,
        durable: Names,
        /// Changes since then: the name, and the node that it refers to.
        pending: Vec<(String, Option<usize>)>,
        /// Number of earlier changes.
        settled: usize,
    },
}

/// The data that is durable when a sync ends. Syncs overlap: a sync that began earlier may end later.
enum Covered {
    Content(Content, usize),
    Changes(usize),
}

struct Open {
    node: usize,
    offset: usize,
    appends: bool,
}

/// The fate of data without a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Lost,
    Kept,
    /// Each name and each block is kept or lost at random.
    Mixed,
}

pub struct Disk {
    root: PathBuf,
    nodes: Vec<Node>,
    open: HashMap<i64, usize>,
    opened: Vec<Open>,
    syncing: HashMap<usize, (usize, Covered)>,
    /// Calls in progress that make names.
    under_way: HashMap<usize, Call>,
    /// True for a disk that ignores syncs.
    ignores_syncs: bool,
}

impl Disk {
    /// An empty directory that is itself durable.
    pub fn new(root: &Path, ignores_syncs: bool) -> Self {
        Self {
            root: root.to_owned(),
            nodes: vec![directory()],
            open: HashMap::new(),
            opened: Vec::new(),
            syncing: HashMap::new(),
            under_way: HashMap::new(),
            ignores_syncs,
        }
    }

    pub fn apply(&mut self, event: &Event) {
        let call = &event.call;
        match (call.name.as_str(), event.moment) {
            ("fsync" | "fdatasync", Moment::Begin) => self.begin_sync(call),
            // Another thread may get the descriptor's number before this call returns.
            ("close", Moment::Begin) => {
                self.open.remove(&call.number(0));
            }
            (_, Moment::Begin) => {
                if call.result >= 0 && is_making(call) {
                    self.under_way.insert(call.number, call.clone());
                }
            }
            (_, Moment::End) if call.result < 0 => {
                self.syncing.remove(&call.number);
                if is_making(call) {
                    self.observed(call);
                }
            }
            (name, Moment::End) => {
                let is_new = !is_making(call) || self.under_way.remove(&call.number).is_some();
                if is_new {
                    self.happened(name, call);
                }
            }
        }
    }

    /// A call found a name that another call is about to make. So the other call has taken effect, although its end
    /// is recorded later.
    fn observed(&mut self, call: &Call) {
        let Some(place) = self.made(call) else {
            return;
        };
        if self.names(place.0).contains_key(&place.1) {
            return;
        }
        let maker = self
            .under_way
            .values()
            .find(|other| self.made(other).as_ref() == Some(&place));
        if let Some(maker) = maker.cloned() {
            self.under_way.remove(&maker.number);
            self.happened(&maker.name, &maker);
        }
    }

    /// The name that a call makes or finds.
    fn made(&self, call: &Call) -> Option<(usize, String)> {
        let fd = call.number(0);
        match call.name.as_str() {
            "mkdir" | "open" => self.resolve(AT_CWD, &call.text(0)),
            "mkdirat" | "openat" | "openat2" | "statx" | "newfstatat" => {
                self.resolve(fd, &call.text(1))
            }
            "link" => self.resolve(AT_CWD, &call.text(1)),
            "linkat" => self.resolve(call.number(2), &call.text(3)),
            _ => None,
        }
    }

    fn happened(&mut self, name: &str, call: &Call) {
        let fd = call.number(0);
        match name {
            "fsync" | "fdatasync" => self.end_sync(call),
            "statx" | "newfstatat" => self.observed(call),
            "open" | "creat" => self.open_file(call, &call.text(0), AT_CWD, &call.arguments[1]),
            "openat" | "openat2" => {
                self.open_file(call, &call.text(1), fd, &call.arguments[2]);
            }
            "dup" | "dup2" | "dup3" => self.duplicate(fd, call.result),
            "fcntl" if call.arguments[1].starts_with("F_DUPFD") => self.duplicate(fd, call.result),
            "lseek" => {
                if let Some(open) = self.open.get(&fd) {
                    self.opened[*open].offset = size(call.result);
                }
            }
            "write" | "writev" => self.write(fd, &call.bytes(1), None),
            "pwrite64" => self.write(fd, &call.bytes(1), Some(size(call.number(3)))),
            "pwritev" | "pwritev2" => self.write(fd, &call.bytes(1), Some(size(call.number(3)))),
            "ftruncate" => self.set_length(fd, size(call.number(1))),
            "link" => self.link(AT_CWD, &call.text(0), AT_CWD, &call.text(1), false),
            "linkat" => self.link(fd, &call.text(1), call.number(2), &call.text(3), false),
            "rename" => self.link(AT_CWD, &call.text(0), AT_CWD, &call.text(1), true),
            "renameat" | "renameat2" => {
                self.link(fd, &call.text(1), call.number(2), &call.text(3), true);
            }
            "unlink" | "rmdir" => self.remove(AT_CWD, &call.text(0)),
            "unlinkat" => self.remove(fd, &call.text(1)),
            "mkdir" => self.make_directory(AT_CWD, &call.text(0)),
            "mkdirat" => self.make_directory(fd, &call.text(1)),
            "fallocate" | "copy_file_range" | "sendfile" | "splice" => {
                let touched = (0..3).any(|at| self.open.contains_key(&call.number(at)));
                assert!(!touched, "{name} is not in the model");
            }
            "truncate" => assert!(
                self.resolve(AT_CWD, &call.text(0)).is_none(),
                "not in the model"
            ),
            "mmap" => {
                let is_written = call.arguments[2].contains("PROT_WRITE")
                    && call.arguments[3].contains("MAP_SHARED");
                let touched = self.open.contains_key(&call.number(4));
                assert!(!(is_written && touched), "not in the model");
            }
            _ => {}
        }
    }

    fn begin_sync(&mut self, call: &Call) {
        let Some(open) = self.open.get(&call.number(0)) else {
            return;
        };
        let node = self.opened[*open].node;
        let covered = match &mut self.nodes[node] {
            Node::File { now, begun, .. } => {
                *begun += 1;
                Covered::Content(now.clone(), *begun)
            }
            Node::Directory {
                pending, settled, ..
            } => Covered::Changes(*settled + pending.len()),
        };
        self.syncing.insert(call.number, (node, covered));
    }

    fn end_sync(&mut self, call: &Call) {
        let Some((at, covered)) = self.syncing.remove(&call.number) else {
            return;
        };
        if self.ignores_syncs {
            return;
        }
        match (&mut self.nodes[at], covered) {
            (Node::File { durable, ended, .. }, Covered::Content(content, number)) => {
                if number > *ended {
                    *durable = content;
                    *ended = number;
                }
            }
            (
                Node::Directory {
                    durable,
                    pending,
                    settled,
                    ..
                },
                Covered::Changes(count),
            ) => {
                let count = count.saturating_sub(*settled);
                *settled += count;
                for (name, node) in pending.drain(..count) {
                    set(durable, name, node);
                }
            }
            _ => unreachable!("a node keeps its kind"),
        }
    }

    fn open_file(&mut self, call: &Call, path: &str, at: i64, flags: &str) {
        self.open.remove(&call.result);
        if !flags.contains("O_CREAT") {
            self.observed(call);
        }
        let Some((parent, name)) = self.resolve(at, path) else {
            return;
        };
        let found = match name.as_str() {
            "" => Some(parent),
            name => self.names(parent).get(name).copied(),
        };
        let node = match found {
            Some(node) => node,
            None if flags.contains("O_CREAT") || call.name == "creat" => {
                let node = self.add(Node::File {
                    now: Content::default(),
                    durable: Content::default(),
                    begun: 0,
                    ended: 0,
                });
                self.change(parent, name, Some(node));
                node
            }
            None => return,
        };
        if flags.contains("O_TRUNC")
            && let Node::File { now, .. } = &mut self.nodes[node]
        {
            *now = Content::default();
        }
        self.opened.push(Open {
            node,
            offset: 0,
            appends: flags.contains("O_APPEND"),
        });
        self.open.insert(call.result, self.opened.len() - 1);
    }

    fn duplicate(&mut self, from: i64, to: i64) {
        match self.open.get(&from).copied() {
            Some(open) => self.open.insert(to, open),
            None => self.open.remove(&to),
        };
    }

    fn write(&mut self, fd: i64, bytes: &[u8], offset: Option<usize>) {
        let Some(open) = self.open.get(&fd) else {
            return;
        };
        let open = &mut self.opened[*open];
        let Node::File { now, .. } = &mut self.nodes[open.node] else {
            return;
        };
        let start = match offset {
            Some(offset) => offset,
            None if open.appends => now.length,
            None => open.offset,
        };
        let end = start + bytes.len();
        if now.bytes.len() < end {
            now.bytes.resize(end, 0);
        }
        now.bytes[start..end].copy_from_slice(bytes);
        now.length = now.length.max(end);
        if offset.is_none() {
            open.offset = end;
        }
    }

    fn set_length(&mut self, fd: i64, length: usize) {
        if let Some(open) = self.open.get(&fd)
            && let Node::File { now, .. } = &mut self.nodes[self.opened[*open].node]
        {
            now.bytes.truncate(length);
            now.length = length;
        }
    }

    fn link(&mut self, from: i64, old: &str, to: i64, new: &str, is_move: bool) {
        let (Some((from, old)), Some((to, new))) = (self.resolve(from, old), self.resolve(to, new))
        else {
            return;
        };
        let Some(node) = self.names(from).get(&old).copied() else {
            return;
        };
        self.change(to, new, Some(node));
        if is_move {
            self.change(from, old, None);
        }
    }

    fn remove(&mut self, at: i64, path: &str) {
        if let Some((parent, name)) = self.resolve(at, path) {
            self.change(parent, name, None);
        }
    }

    fn make_directory(&mut self, at: i64, path: &str) {
        if let Some((parent, name)) = self.resolve(at, path)
            && !name.is_empty()
        {
            let node = self.add(directory());
            self.change(parent, name, Some(node));
        }
    }

    /// The directory with the last name of a path, and that name. An empty name means the directory itself.
    fn resolve(&self, at: i64, path: &str) -> Option<(usize, String)> {
        let path = Path::new(path);
        let (mut node, rest) = if path.is_absolute() {
            (ROOT, path.strip_prefix(&self.root).ok()?)
        } else {
            (self.opened[*self.open.get(&at)?].node, path)
        };
        let mut names: Vec<&str> = rest
            .components()
            .filter(|part| *part != Component::CurDir)
            .map(|part| part.as_os_str().to_str().expect("UTF-8"))
            .collect();
        let last = names.pop().unwrap_or_default().to_owned();
        for name in names {
            node = *self.names(node).get(name)?;
        }
        Some((node, last))
    }

    fn names(&self, node: usize) -> &Names {
        static NONE: Names = Names::new();
        match &self.nodes[node] {
            Node::Directory { now, .. } => now,
            Node::File { .. } => &NONE,
        }
    }

    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn change(&mut self, directory: usize, name: String, node: Option<usize>) {
        if let Node::Directory { now, pending, .. } = &mut self.nodes[directory] {
            set(now, name.clone(), node);
            pending.push((name, node));
        }
    }

    /// Writes the contents of the disk after a power loss at this moment.
    pub fn cut(&self, to: &Path, fate: Fate, random: &mut fastrand::Rng) -> std::io::Result<()> {
        self.put(ROOT, to, fate, random, &mut HashMap::new())
    }

    fn put(
        &self,
        node: usize,
        to: &Path,
        fate: Fate,
        random: &mut fastrand::Rng,
        written: &mut HashMap<usize, PathBuf>,
    ) -> std::io::Result<()> {
        match &self.nodes[node] {
            Node::Directory {
                durable, pending, ..
            } => {
                std::fs::create_dir_all(to)?;
                for (name, node) in survivors(durable, pending, fate, random) {
                    self.put(node, &to.join(name), fate, random, written)?;
                }
            }
            Node::File { now, durable, .. } => {
                if let Some(other) = written.get(&node) {
                    return std::fs::hard_link(other, to);
                }
                let content = remains(now, durable, fate, random);
                std::fs::write(to, &content.bytes)?;
                let file = std::fs::OpenOptions::new().write(true).open(to)?;
                file.set_len(content.length as u64)?;
                written.insert(node, to.to_owned());
            }
        }
        Ok(())
    }
}

const AT_CWD: i64 = -1;

fn is_making(call: &Call) -> bool {
    matches!(call.name.as_str(), "mkdir" | "mkdirat" | "link" | "linkat")
}

fn directory() -> Node {
    Node::Directory {
        now: Names::new(),
        durable: Names::new(),
        pending: Vec::new(),
        settled: 0,
    }
}

fn set(names: &mut Names, name: String, node: Option<usize>) {
    match node {
        Some(node) => names.insert(name, node),
        None => names.remove(&name),
    };
}

fn survivors(
    durable: &Names,
    pending: &[(String, Option<usize>)],
    fate: Fate,
    random: &mut fastrand::Rng,
) -> Names {
    let mut names = durable.clone();
    // For each name, the changes up to a random one are kept.
    let mut stuck = std::collections::BTreeSet::new();
    for (name, node) in pending {
        let is_lost = match fate {
            Fate::Lost => true,
            Fate::Kept => false,
            Fate::Mixed => stuck.contains(name) || random.bool(),
        };
        if is_lost {
            stuck.insert(name);
        } else {
            set(&mut names, name.clone(), *node);
        }
    }
    names
}

fn remains(now: &Content, durable: &Content, fate: Fate, random: &mut fastrand::Rng) -> Content {
    match fate {
        Fate::Lost => durable.clone(),
        Fate::Kept => now.clone(),
        Fate::Mixed if now == durable => now.clone(),
        Fate::Mixed => {
            let mut content = now.clone();
            for (at, block) in content.bytes.chunks_mut(BLOCK).enumerate() {
                if random.bool() {
                    let old = durable.bytes.get(at * BLOCK..).unwrap_or_default();
                    let old = &old[..old.len().min(block.len())];
                    block[..old.len()].copy_from_slice(old);
                    block[old.len()..].fill(0);
                }
            }
            if random.bool() && durable.length < now.length {
                content.length = random.usize(durable.length..=now.length);
                content.bytes.truncate(content.length);
            }
            content
        }
    }
}

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
