//! `wasi:keyvalue@0.2.0-draft`: no compare-and-swap; `increment` takes a u64; a cursor is a number.

mod generated {
    wasmtime::component::bindgen!({
        path: "wit/draft",
        world: "wasi:keyvalue/imports",
        // The functions that use no store need no future.
        imports: {
            "wasi:keyvalue/store.open": trappable,
            "wasi:keyvalue/store.[drop]bucket": trappable,
            default: async | trappable,
        },
        with: {
            "wasi:keyvalue/store.bucket": crate::keyvalue::Bucket,
        },
        trappable_error_type: {
            "wasi:keyvalue/store.error" => crate::keyvalue::Error,
        },
    });
}

use generated::wasi::keyvalue::{atomics, batch, store};
use wasmtime::component::{Linker, Resource};

use super::{Bucket, Error, HasKeyvalue, KeyvalueView, PAGE, Pair};

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
        cursor: Option<u64>,
    ) -> Result<store::KeyResponse, Error> {
        // The cursor is the number of keys already returned.
        let given = usize::try_from(cursor.unwrap_or(0)).unwrap_or(usize::MAX);
        let limit = given.saturating_add(PAGE);
        let reply = self.store.list_keys(self.name(&bucket)?, None, limit);
        let mut keys = reply.wait().await?;
        let full = keys.len() == limit;
        keys.drain(..given.min(keys.len()));
        let cursor = if full {
            u64::try_from(limit).ok()
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
        delta: u64,
    ) -> Result<u64, Error> {
        let range = 0..=i128::from(u64::MAX);
        let reply = self
            .store
            .increment(self.name(&bucket)?, &key, delta.into(), range);
        let sum = reply.wait().await?;
        u64::try_from(sum).map_err(|_| crate::store::KvError::Overflow.into())
    }
}
