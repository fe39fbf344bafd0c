//! Locates a store and opens it.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use annals_event_log::{Creation, SlotError, Slots};
use annals_event_log_tools::{Listed, Listing};
use clap::Args;

use super::ToolError;
use super::buckets::BucketSlots;
use super::files::{self, FileSlots};
use crate::error::HostError;
use crate::store::remote::{Opening, Secrets};
use crate::store::{Blocking, Embedded, Nats, Postgres};

/// Files that the embedded store always has in its directory. One of them is enough, because a
/// process may have been killed while it created them.
const EMBEDDED: [&str; 3] = ["lock", "version", "keyspaces"];

/// Where a store is.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The store's directory: that of `annals-host serve --store`, or the one that another host
    /// shares with the component. The tool recognizes the kind of store by the directory's content.
    /// With `files:DIR` the store is, or will be, one of files. If DIR contains stores of both
    /// kinds, DIR without the prefix means the store of annals-host. `postgres://USER@HOST/DATABASE`
    /// is a store on PostgreSQL, `nats://HOST/STREAM` one on NATS.
    #[arg(
        long,
        value_name = "DIR|files:DIR|postgres://…|nats://…",
        default_value = "./data"
    )]
    pub store: Location,

    /// Options of a store on a server.
    #[command(flatten)]
    pub remote: Remote,

    /// `[store] bucket` of the manifest.
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub bucket: String,
}

/// Options of a store on a server.
#[derive(Debug, Clone, Default, Args)]
pub struct Remote {
    /// File with the password of the store's server, or with the token for `nats://…` without a
    /// user [default: the environment variable ANNALS_STORE_PASSWORD, for PostgreSQL also
    /// PGPASSWORD].
    #[arg(long, value_name = "FILE")]
    pub store_password_file: Option<PathBuf>,

    /// File with the credentials of a user of NATS, as `nsc` writes it.
    #[arg(long, value_name = "FILE", conflicts_with = "store_password_file")]
    pub store_creds_file: Option<PathBuf>,

    /// Accept a server whose settings may lose acknowledged writes. For tests.
    #[arg(long)]
    pub allow_unsafe_store: bool,
}

impl Remote {
    /// How the store is opened with these options.
    #[must_use]
    pub fn opening(&self) -> Opening {
        Opening {
            secrets: Secrets {
                password_file: self.store_password_file.clone(),
                credentials_file: self.store_creds_file.clone(),
            },
            allow_unsafe: self.allow_unsafe_store,
            ..Opening::default()
        }
    }
}

/// True if the text is the URL of a store on PostgreSQL.
#[must_use]
pub fn is_postgres(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// True if the text is the URL of a store on NATS.
#[must_use]
pub fn is_nats(text: &str) -> bool {
    text.starts_with("nats://")
}

/// A directory and the kind of its store if the option says so, or the URL of a store on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    path: PathBuf,
    files: bool,
    /// May be wrong: an error of the parser would print it.
    url: Option<String>,
}

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if is_postgres(text) || is_nats(text) {
            return Ok(Self {
                path: PathBuf::new(),
                files: false,
                url: Some(text.to_owned()),
            });
        }
        let (path, files) = match text.strip_prefix("files:") {
            Some(path) => (path, true),
            None => (text, false),
        };
        if path.is_empty() || path == "memory:" || path.contains("://") {
            return Err("give the directory of a store, postgres://… or nats://…".into());
        }
        Ok(Self {
            path: path.into(),
            files,
            url: None,
        })
    }
}

/// An open store.
pub enum Store {
    /// In the format of `annals-host`.
    Bucket(BucketSlots),
    /// Slots as files.
    Files(FileSlots),
}

/// The content of a directory.
#[derive(Debug, Default, PartialEq, Eq)]
struct Content {
    embedded: bool,
    files: bool,
    others: bool,
}

impl Content {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Checks that a directory contains no store of another kind, before this host uses it for its own.
///
/// # Errors
/// [`HostError::StoreOfFiles`], [`HostError::StoreOpen`].
pub fn refuse_others(path: &Path) -> Result<(), HostError> {
    let content = look(path).map_err(|error| HostError::StoreOpen {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    match content.files {
        true => Err(HostError::StoreOfFiles {
            path: path.to_owned(),
            beside: content.embedded,
        }),
        false => Ok(()),
    }
}

impl Place {
    /// Opens an existing store for reading: nothing is written into its directory.
    ///
    /// # Errors
    /// [`ToolError::NoStore`], and the store's own errors: another process may have it open.
    pub fn open(&self) -> Result<Store, ToolError> {
        if let Some(url) = &self.store.url {
            return self.remote_store(url, false);
        }
        let content = self.content()?;
        self.print_both(&content);
        if content.embedded && !self.store.files {
            let store = Embedded::open_to_read(&self.store.path)?;
            Ok(Store::Bucket(BucketSlots::new(store, &self.bucket)))
        } else if content.files {
            Ok(Store::Files(FileSlots::new(&self.store.path)))
        } else {
            Err(ToolError::NoStore(self.store.path.clone()))
        }
    }

    /// Opens a store, and creates it if the directory is empty or absent.
    ///
    /// # Errors
    /// [`ToolError::NotAStore`], and the store's own errors.
    pub fn open_or_make(&self) -> Result<Store, ToolError> {
        if let Some(url) = &self.store.url {
            return self.remote_store(url, true);
        }
        let content = self.content()?;
        let path = &self.store.path;
        self.print_both(&content);
        match self.store.files {
            false if content.embedded || content.is_nothing() => self.bucket(),
            // Do not create a store beside one of another kind.
            _ if content.files || self.store.files && content.is_nothing() => {
                std::fs::create_dir_all(path).map_err(ToolError::file(path))?;
                Ok(Store::Files(FileSlots::new(path)))
            }
            _ => Err(ToolError::NotAStore(path.clone())),
        }
    }

    fn print_both(&self, content: &Content) {
        if !(content.embedded && content.files) {
            return;
        }
        let path = self.store.path.display();
        let (this, other) = match self.store.files {
            true => ("files", format!("--store {path} is annals-host's own")),
            false => (
                "annals-host's own",
                format!("--store files:{path} is the other"),
            ),
        };
        eprintln!("annals-host: {path} holds two stores; this is the one of {this}, {other}");
    }

    fn bucket(&self) -> Result<Store, ToolError> {
        let store = Embedded::open(&self.store.path)?;
        Ok(Store::Bucket(BucketSlots::new(store, &self.bucket)))
    }

    /// Opens a store on a server. Other processes may use it meanwhile.
    fn remote_store(&self, url: &str, make: bool) -> Result<Store, ToolError> {
        let opening = Opening {
            make,
            durable_at_barrier: make,
            ..self.remote.opening()
        };
        let bucket = &self.bucket;
        Ok(Store::Bucket(match is_nats(url) {
            true => BucketSlots::new(Blocking(Nats::open_alone(url, &opening)?), bucket),
            false => BucketSlots::new(Blocking(Postgres::open_alone(url, &opening)?), bucket),
        }))
    }

    fn content(&self) -> Result<Content, ToolError> {
        let path = &self.store.path;
        look(path).map_err(|error| {
            ToolError::Open(HostError::StoreOpen {
                path: path.clone(),
                reason: error.to_string(),
            })
        })
    }
}

fn look(path: &Path) -> io::Result<Content> {
    let mut content = Content::default();
    let entries = match std::fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(content),
        entries => entries?,
    };
    content.embedded = EMBEDDED.iter().any(|name| path.join(name).exists());
    for entry in entries {
        let name = entry?.file_name();
        if files::is_shard(&name.to_string_lossy()) {
            content.files = true;
        } else {
            content.others |= !content.embedded;
        }
    }
    Ok(content)
}

impl Store {
    /// Makes all writes durable.
    ///
    /// # Errors
    /// The store's own errors.
    pub fn flush(&self) -> Result<(), SlotError> {
        match self {
            Self::Bucket(slots) => slots.flush(),
            // Each slot is durable when its creation returns.
            Self::Files(_) => Ok(()),
        }
    }
}

impl Slots for Store {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        match self {
            Self::Bucket(slots) => slots.get(key),
            Self::Files(slots) => slots.get(key),
        }
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        match self {
            Self::Bucket(slots) => slots.create(key, value),
            Self::Files(slots) => slots.create(key, value),
        }
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        match self {
            Self::Bucket(slots) => slots.put(key, value),
            Self::Files(slots) => slots.put(key, value),
        }
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        match self {
            Self::Bucket(slots) => slots.delete(key),
            Self::Files(slots) => slots.delete(key),
        }
    }
}

impl Listing for Store {
    fn visit(
        &self,
        each: &mut dyn FnMut(Listed<'_>) -> Result<(), SlotError>,
    ) -> Result<(), SlotError> {
        match self {
            Self::Bucket(slots) => slots.visit(each),
            Self::Files(slots) => slots.visit(each),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_told_by_what_is_in_its_directory() {
        let dir = tempfile::tempdir().expect("a directory");
        let looks = |name: &str| {
            let content = look(&dir.path().join(name)).expect("readable");
            (content.embedded, content.files, content.others)
        };
        let nothing = (false, false, false);
        let embedded = (true, false, false);
        assert_eq!(looks("absent"), nothing);
        std::fs::create_dir(dir.path().join("empty")).expect("made");
        assert_eq!(looks("empty"), nothing);
        drop(Embedded::open(&dir.path().join("embedded")).expect("opens"));
        assert_eq!(looks("embedded"), embedded);
        std::fs::create_dir(dir.path().join("begun")).expect("made");
        std::fs::write(dir.path().join("begun/lock"), "").expect("made");
        assert_eq!(looks("begun"), embedded);
        std::fs::create_dir_all(dir.path().join("files/0f")).expect("made");
        assert_eq!(looks("files"), (false, true, false));
        assert_eq!(looks("."), (false, false, true));
        std::fs::create_dir_all(dir.path().join("embedded/0f")).expect("made");
        assert_eq!(looks("embedded"), (true, true, false));
    }

    #[test]
    fn this_host_keeps_no_store_where_another_kind_of_one_is() {
        let dir = tempfile::tempdir().expect("a directory");
        let refused = |name: &str| refuse_others(&dir.path().join(name)).err();
        drop(Embedded::open(&dir.path().join("embedded")).expect("opens"));
        assert!(refused("absent").is_none() && refused("embedded").is_none());
        std::fs::create_dir_all(dir.path().join("files/0f")).expect("made");
        let said = refused("files").expect("refused").to_string();
        assert!(
            said.contains("export --store files:") && !said.contains("beside"),
            "{said}"
        );
        std::fs::create_dir_all(dir.path().join("embedded/0f")).expect("made");
        let said = refused("embedded").expect("refused").to_string();
        assert!(said.contains("beside a store of this host"), "{said}");
    }

    #[test]
    fn of_two_stores_in_one_directory_the_tools_read_either() {
        let dir = tempfile::tempdir().expect("a directory");
        drop(Embedded::open(dir.path()).expect("opens"));
        std::fs::create_dir_all(dir.path().join("0f")).expect("made");
        let place = |prefix: &str| Place {
            store: format!("{prefix}{}", dir.path().display())
                .parse()
                .expect("a place"),
            remote: Remote::default(),
            bucket: "default".into(),
        };
        assert!(matches!(place("").open(), Ok(Store::Bucket(_))));
        assert!(matches!(place("files:").open(), Ok(Store::Files(_))));
    }
}
