//! `wasi:keyvalue@0.2.0-draft` over a [`Double`]. `batch` is missing; `list-keys` traps.

mod generated {
    #![allow(missing_docs)]
    wasmtime::component::bindgen!({
        path: "../../components/store-keyvalue-increment/wit",
        world: "host",
        imports: { default: trappable },
        with: { "wasi:keyvalue/store.bucket": crate::host::Bucket },
    });
}

use generated::wasi::keyvalue::{atomics, store};
use wasmtime::component::{HasSelf, Linker, Resource};
use wasmtime::{Result, bail};

use crate::bucket::{Closed, Failure};
use crate::host::{Bucket, Client};

type Answer<T> = Result<Result<T, store::Error>>;

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

    fn list_keys(&mut self, _: Resource<Bucket>, _: Option<u64>) -> Answer<store::KeyResponse> {
        bail!("list-keys is not to be relied on")
    }

    fn drop(&mut self, bucket: Resource<Bucket>) -> Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for Client {
    fn increment(&mut self, bucket: Resource<Bucket>, key: String, delta: u64) -> Answer<u64> {
        let (who, key) = self.at(&bucket, &key)?;
        Ok(self
            .call(|double| double.increment(who, &key, delta))?
            .map_err(told))
    }
}
