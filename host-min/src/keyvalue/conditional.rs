//! `annals:keyvalue/conditional`: steps on several keys of a `wasi:keyvalue@0.2.0-draft2` bucket.

mod generated {
    wasmtime::component::bindgen!({
        path: "wit/conditional",
        world: "annals:keyvalue/imports",
        imports: { default: async | trappable },
        with: {
            "wasi:keyvalue/store": crate::keyvalue::draft2::store,
        },
    });
}

use generated::annals::keyvalue::conditional;
use wasmtime::component::{Linker, Resource};

use super::draft2::store;
use super::{Bucket, Error, HasKeyvalue, KeyvalueView, Pair};
use crate::store::{Created, KvError};

/// A result as the guest sees it, inside of the result that traps.
type Answer<T> = wasmtime::Result<Result<T, store::Error>>;

impl conditional::Host for KeyvalueView<'_> {
    async fn create_all(
        &mut self,
        bucket: Resource<Bucket>,
        entries: Vec<Pair>,
    ) -> Answer<conditional::Created> {
        let reply = self.store.create_all(self.name(&bucket)?, entries);
        answer(reply.wait().await.map(|created| match created {
            Created::All => conditional::Created::All,
            Created::Exists(at) => {
                conditional::Created::Exists(u32::try_from(at).unwrap_or(u32::MAX))
            }
        }))
    }

    async fn draw(&mut self, bucket: Resource<Bucket>, counter: String, above: u64) -> Answer<u64> {
        let reply = self.store.draw(self.name(&bucket)?, &counter, above);
        answer(reply.wait().await)
    }

    async fn get_many(
        &mut self,
        bucket: Resource<Bucket>,
        keys: Vec<String>,
    ) -> Answer<Vec<Option<Vec<u8>>>> {
        let reply = self.store.get_many(self.name(&bucket)?, &keys);
        answer(reply.wait().await)
    }
}

fn answer<T>(result: Result<T, KvError>) -> Answer<T> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => {
            let words = Error::Store(error).into_words()?;
            Ok(Err(store::Error::Other(words)))
        }
    }
}

pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> KeyvalueView<'_>,
) -> wasmtime::Result<()> {
    conditional::add_to_linker::<_, HasKeyvalue>(linker, view)
}
