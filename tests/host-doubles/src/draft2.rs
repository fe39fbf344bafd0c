//! `wasi:keyvalue@0.2.0-draft2` over a [`Double`]. `batch` is missing; `list-keys` traps.

mod generated {
    #![allow(missing_docs)]
    wasmtime::component::bindgen!({
        path: "../../components/store-keyvalue/wit",
        world: "host",
        imports: { default: trappable },
        with: {
            "wasi:keyvalue/store.bucket": crate::host::Bucket,
            "wasi:keyvalue/atomics.cas": crate::draft2::Handle,
        },
    });
}

use generated::wasi::keyvalue::{atomics, store};
use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime::{Result, bail};

use crate::bucket::{Closed, Failure, Swapped};
use crate::host::{Bucket, Client};

type Answer<T> = Result<Result<T, store::Error>>;

/// A compare-and-swap in progress.
#[derive(Debug)]
pub struct Handle {
    key: String,
    /// The time of the write that the handle saw; 0: the key was absent.
    seen: u64,
    value: Option<Vec<u8>>,
}

pub(crate) fn add(linker: &mut Linker<Client>) -> Result<()> {
    store::add_to_linker::<_, HasSelf<Client>>(linker, |client| client)?;
    atomics::add_to_linker::<_, HasSelf<Client>>(linker, |client| client)
}

fn told(failure: Failure) -> store::Error {
    match failure {
        Failure::Closed(Closed::Gone) => store::Error::NoSuchStore,
        Failure::Closed(Closed::Denied) => store::Error::AccessDenied,
        Failure::Other(why) => store::Error::Other(why.into()),
    }
}

impl store::Host for Client {
    fn open(&mut self, _: String) -> Answer<Resource<Bucket>> {
        if let Err(failure) = self.call(|double| double.open())? {
            return Ok(Err(told(failure)));
        }
        let bucket = self.bucket();
        Ok(Ok(self.table.push(bucket)?))
    }
}

impl store::HostBucket for Client {
    fn get(&mut self, bucket: Resource<Bucket>, key: String) -> Answer<Option<Vec<u8>>> {
        let (who, key) = self.at(&bucket, &key)?;
        let answer = self.call(|double| double.get(who, &key))?;
        Ok(answer.map(|(_, value)| value).map_err(told))
    }

    fn set(&mut self, bucket: Resource<Bucket>, key: String, value: Vec<u8>) -> Answer<()> {
        let (who, key) = self.at(&bucket, &key)?;
        Ok(self
            .call(|double| double.set(who, &key, Some(value)))?
            .map_err(told))
    }

    fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Answer<()> {
        let (who, key) = self.at(&bucket, &key)?;
        Ok(self
            .call(|double| double.set(who, &key, None))?
            .map_err(told))
    }

    fn exists(&mut self, bucket: Resource<Bucket>, key: String) -> Answer<bool> {
        Ok(store::HostBucket::get(self, bucket, key)?.map(|value| value.is_some()))
    }

    fn list_keys(&mut self, _: Resource<Bucket>, _: Option<String>) -> Answer<store::KeyResponse> {
        bail!("list-keys is not to be relied on")
    }

    fn drop(&mut self, bucket: Resource<Bucket>) -> Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for Client {
    fn increment(&mut self, bucket: Resource<Bucket>, key: String, delta: i64) -> Answer<i64> {
        let (who, key) = self.at(&bucket, &key)?;
        let Ok(delta) = u64::try_from(delta) else {
            return Ok(Err(store::Error::Other("negative".into())));
        };
        let sum = self.call(|double| double.increment(who, &key, delta))?;
        Ok(sum.map(|sum| sum as i64).map_err(told))
    }

    fn swap(
        &mut self,
        handle: Resource<Handle>,
        value: Vec<u8>,
    ) -> Result<Result<(), atomics::CasError>> {
        let Handle { key, seen, .. } = self.table.delete(handle)?;
        let who = self.who;
        match self.call(|double| double.swap(who, &key, seen, value))? {
            Ok(Swapped::Yes) => Ok(Ok(())),
            Ok(Swapped::No) => {
                let (seen, value) = match self.double.get(who, &key) {
                    Ok(now) => now,
                    Err(failure) => {
                        return Ok(Err(atomics::CasError::StoreError(told(failure))));
                    }
                };
                let handle = self.table.push(Handle { key, seen, value })?;
                Ok(Err(atomics::CasError::CasFailed(handle)))
            }
            Err(failure) => Ok(Err(atomics::CasError::StoreError(told(failure)))),
        }
    }
}

impl atomics::HostCas for Client {
    fn new(&mut self, bucket: Resource<Bucket>, key: String) -> Answer<Resource<Handle>> {
        let (who, key) = self.at(&bucket, &key)?;
        match self.call(|double| double.get(who, &key))? {
            Ok((seen, value)) => Ok(Ok(self.table.push(Handle { key, seen, value })?)),
            Err(failure) => Ok(Err(told(failure))),
        }
    }

    fn current(&mut self, handle: Resource<Handle>) -> Answer<Option<Vec<u8>>> {
        let value = self.table.get(&handle)?.value.clone();
        Ok(Ok(value))
    }

    fn drop(&mut self, handle: Resource<Handle>) -> Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl Client {
    /// The client whose view of the bucket applies, and the key in the bucket.
    pub(crate) fn at(&self, bucket: &Resource<Bucket>, key: &str) -> Result<(usize, String)> {
        let bucket = self.table.get(bucket)?;
        Ok((bucket.world, format!("{}{key}", bucket.prefix)))
    }
}
