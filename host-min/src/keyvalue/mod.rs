//! `wasi:keyvalue` over the store, in the two drafts that are in use. The linker does not match one
//! pre-release with another, so each draft has bindings of its own. The code that both drafts share
//! is here. [`conditional`] extends the second draft.

mod conditional;
mod draft;
mod draft2;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable, ResourceTableError};

use crate::seldom::Seldom;
use crate::store::{Buckets, KvError, MAX_GET_KEYS};

/// Maximum number of keys in one page of `list-keys`.
const PAGE: usize = 1_000;

static UNAVAILABLE: Seldom = Seldom::new();

/// A key and its value.
type Pair = crate::store::Entry;

/// A handle of a bucket.
pub struct Bucket {
    name: String,
}

/// A handle of a compare-and-swap, with the value that the key had when the handle was made.
pub struct Cas {
    bucket: String,
    key: String,
    seen: Option<Vec<u8>>,
}

/// The state that the interfaces' functions use.
pub struct KeyvalueView<'a> {
    /// The buckets.
    pub store: &'a dyn Buckets,
    /// The guest's handles.
    pub table: &'a mut ResourceTable,
}

/// Selects [`KeyvalueView`] in the linker.
struct HasKeyvalue;

impl HasData for HasKeyvalue {
    type Data<'a> = KeyvalueView<'a>;
}

/// An error of a `wasi:keyvalue` function.
#[derive(Debug)]
pub enum Error {
    /// Returned to the guest as a value.
    Store(KvError),
    /// The handle does not exist: the guest is at fault and traps.
    Handle(ResourceTableError),
}

impl From<KvError> for Error {
    fn from(error: KvError) -> Self {
        Self::Store(error)
    }
}

impl From<ResourceTableError> for Error {
    fn from(error: ResourceTableError) -> Self {
        Self::Handle(error)
    }
}

impl Error {
    /// The message for the guest. Details of a store failure go to the log only.
    fn into_words(self) -> wasmtime::Result<String> {
        match self {
            Self::Store(KvError::Unavailable(reason)) => {
                if let Some(unsaid) = UNAVAILABLE.news() {
                    tracing::error!(reason, unsaid, "the store is unavailable");
                }
                Ok("the store is unavailable".into())
            }
            Self::Store(error) => Ok(error.to_string()),
            Self::Handle(error) => Err(error.into()),
        }
    }
}

/// Adds both drafts of `wasi:keyvalue` and `annals:keyvalue/conditional` to the linker.
///
/// # Errors
/// If the linker already has one of the interfaces.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> KeyvalueView<'_>,
) -> wasmtime::Result<()> {
    draft::add_to_linker(linker, view)?;
    draft2::add_to_linker(linker, view)?;
    conditional::add_to_linker(linker, view)
}

impl KeyvalueView<'_> {
    /// Treats `""` and `default` as one bucket, because hosts disagree on the name of their only
    /// bucket.
    fn open(&mut self, name: String) -> Result<Resource<Bucket>, Error> {
        let name = if name.is_empty() {
            "default".to_owned()
        } else {
            name
        };
        if name.len() > crate::store::MAX_BUCKET {
            return Err(KvError::NameTooLong.into());
        }
        Ok(self.table.push(Bucket { name })?)
    }

    fn name(&self, bucket: &Resource<Bucket>) -> Result<&str, ResourceTableError> {
        Ok(&self.table.get(bucket)?.name)
    }

    async fn get(
        &mut self,
        bucket: &Resource<Bucket>,
        key: &str,
    ) -> Result<Option<Vec<u8>>, Error> {
        let reply = self.store.get(self.name(bucket)?, key);
        Ok(reply.wait().await?)
    }

    async fn set(
        &mut self,
        bucket: &Resource<Bucket>,
        key: &str,
        value: &[u8],
    ) -> Result<(), Error> {
        let reply = self.store.set(self.name(bucket)?, key, value);
        Ok(reply.wait().await?)
    }

    async fn delete(&mut self, bucket: &Resource<Bucket>, key: &str) -> Result<(), Error> {
        let reply = self.store.delete(self.name(bucket)?, key);
        Ok(reply.wait().await?)
    }

    async fn get_many(
        &mut self,
        bucket: &Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<Pair>>, Error> {
        let mut values = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MAX_GET_KEYS) {
            let reply = self.store.get_many(self.name(bucket)?, keys);
            values.extend(reply.wait().await?);
        }
        let pairs = keys.into_iter().zip(values);
        Ok(pairs.map(|(key, value)| Some((key, value?))).collect())
    }

    async fn set_many(&mut self, bucket: &Resource<Bucket>, pairs: Vec<Pair>) -> Result<(), Error> {
        for (key, value) in &pairs {
            self.set(bucket, key, value).await?;
        }
        Ok(())
    }

    async fn delete_many(
        &mut self,
        bucket: &Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<(), Error> {
        for key in &keys {
            self.delete(bucket, key).await?;
        }
        Ok(())
    }
}
