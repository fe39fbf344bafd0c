//! `wasi:keyvalue@0.2.0-draft2`: with compare-and-swap; `increment` takes an s64; a cursor is a
//! string.

mod generated {
    wasmtime::component::bindgen!({
        path: "wit/draft2",
        world: "wasi:keyvalue/imports",
        // The functions that use no store need no future.
        imports: {
            "wasi:keyvalue/store.open": trappable,
            "wasi:keyvalue/store.[drop]bucket": trappable,
            "wasi:keyvalue/atomics.[drop]cas": trappable,
            "wasi:keyvalue/atomics.[method]cas.current": trappable,
            default: async | trappable,
        },
        with: {
            "wasi:keyvalue/store.bucket": crate::keyvalue::Bucket,
            "wasi:keyvalue/atomics.cas": crate::keyvalue::Cas,
        },
        trappable_error_type: {
            "wasi:keyvalue/store.error" => crate::keyvalue::Error,
        },
    });
}

pub use generated::wasi::keyvalue::store;
use generated::wasi::keyvalue::{atomics, batch};
use wasmtime::component::{Linker, Resource};

use super::{Bucket, Cas, Error, HasKeyvalue, KeyvalueView, PAGE, Pair};
use crate::store::Swap;

impl store::Host for KeyvalueView<'_> {
    fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, Error> {
        KeyvalueView::open(self, identifier)
    }

    fn convert_error(&mut self, error: Error) -> wasmtime::Result<store::Error> {
        Ok(store::Error::Other(error.into_words()?))
    }
}

impl store::HostBucket for KeyvalueView<'_> {
    async fn get(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Error> {
        KeyvalueView::get(self, &bucket, &key).await
    }

    async fn set(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Error> {
        KeyvalueView::set(self, &bucket, &key, &value).await
    }

    async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), Error> {
        KeyvalueView::delete(self, &bucket, &key).await
    }

    async fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Result<bool, Error> {
        Ok(KeyvalueView::get(self, &bucket, &key).await?.is_some())
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Bucket>,
        cursor: Option<String>,
    ) -> Result<store::KeyResponse, Error> {
        // The cursor is the last key returned.
        let reply = self
            .store
            .list_keys(self.name(&bucket)?, cursor.as_deref(), PAGE);
        let keys = reply.wait().await?;
        let cursor = if keys.len() == PAGE {
            keys.last().cloned()
        } else {
            None
        };
        Ok(store::KeyResponse { keys, cursor })
    }

    fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl batch::Host for KeyvalueView<'_> {
    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<Vec<Option<Pair>>, Error> {
        KeyvalueView::get_many(self, &bucket, keys).await
    }

    async fn set_many(&mut self, bucket: Resource<Bucket>, pairs: Vec<Pair>) -> Result<(), Error> {
        KeyvalueView::set_many(self, &bucket, pairs).await
    }

    async fn delete_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Result<(), Error> {
        KeyvalueView::delete_many(self, &bucket, keys).await
    }
}

pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> KeyvalueView<'_>,
) -> wasmtime::Result<()> {
    store::add_to_linker::<_, HasKeyvalue>(linker, view)?;
    atomics::add_to_linker::<_, HasKeyvalue>(linker, view)?;
    batch::add_to_linker::<_, HasKeyvalue>(linker, view)
}

impl atomics::Host for KeyvalueView<'_> {
    async fn increment(
        &mut self,
        bucket: Resource<Bucket>,
        key: String,
        delta: i64,
    ) -> Result<i64, Error> {
        let range = i128::from(i64::MIN)..=i128::from(i64::MAX);
        let reply = self
            .store
            .increment(self.name(&bucket)?, &key, delta.into(), range);
        let sum = reply.wait().await?;
        i64::try_from(sum).map_err(|_| crate::store::KvError::Overflow.into())
    }

    /// Swaps only if the key still holds the value that the handle saw. If the handle saw no value,
    /// the swap is an insertion and fails if the key exists now. On failure it returns a new
    /// handle, which holds the current value.
    async fn swap(
        &mut self,
        cas: Resource<Cas>,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), atomics::CasError>> {
        let Cas { bucket, key, seen } = self.table.delete(cas)?;
        let reply = self
            .store
            .compare_and_set(&bucket, &key, seen.as_deref(), &value);
        match reply.wait().await {
            Ok(Swap::Done) => Ok(Ok(())),
            Ok(Swap::Lost(seen)) => {
                let fresh = self.table.push(Cas { bucket, key, seen })?;
                Ok(Err(atomics::CasError::CasFailed(fresh)))
            }
            Err(error) => {
                let words = Error::Store(error).into_words()?;
                Ok(Err(atomics::CasError::StoreError(store::Error::Other(
                    words,
                ))))
            }
        }
    }
}

impl atomics::HostCas for KeyvalueView<'_> {
    async fn new(&mut self, bucket: Resource<Bucket>, key: String) -> Result<Resource<Cas>, Error> {
        let bucket = self.name(&bucket)?.to_owned();
        let seen = self.store.get(&bucket, &key).wait().await?;
        Ok(self.table.push(Cas { bucket, key, seen })?)
    }

    fn current(&mut self, cas: Resource<Cas>) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.table.get(&cas)?.seen.clone())
    }

    fn drop(&mut self, cas: Resource<Cas>) -> wasmtime::Result<()> {
        self.table.delete(cas)?;
        Ok(())
    }
}
